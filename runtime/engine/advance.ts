/**
 * How a run moves: an instance ended, so the counts of the tasks after it change, so some of them may run or never will, which may end
 * others in turn, until nothing more follows. One round of that is an Advance; the same code serves PostgreSQL and `dag test`.
 */
import type { LateKeys } from "../../sdk/routing.ts";
import { allDone, judge, type RuleOutcome, type SetupCounts, type UpstreamCounts } from "../state/trigger_rule.ts";
import { COUNT_OF, NOTHING } from "./counts.ts";
import { DecisionsMade } from "./decisions_made.ts";
import { Deltas } from "./deltas.ts";
import { FailFast } from "./fail_fast.ts";
import { sourcesOf } from "./list_view.ts";
import { refill, takeOwnEnds } from "./own_ends.ts";
import { type PlannedTask, plannedTask } from "./plan.ts";
import { Round } from "./round.ts";
import type { Settled } from "./settled.ts";
import { asksSetups, setupsBefore } from "./setups.ts";
import type { EngineTx, LockedRun, NewInstance, PastQuestion, Progress, Token } from "./store.ts";
import { takeTurn } from "./turn.ts";

/** One round over runs that are locked. Collects decisions; {@link commit} writes them. */
export class Advance {
  readonly #tx: EngineTx;
  readonly #round: Round;
  readonly #decisionsMade: DecisionsMade;
  readonly #failFast = new FailFast();

  constructor(tx: EngineTx, runs: readonly LockedRun[]) {
    this.#tx = tx;
    this.#round = new Round(tx, runs);
    this.#decisionsMade = new DecisionsMade(tx);
  }

  /**
   * Puts a token into the queue when the round is written; that of a task with limits waits for its places first.
   * @param keys what the task said that it runs under
   */
  wake(token: Token, of: { readonly runId: number; readonly taskId: string }, keys?: LateKeys): void {
    this.#round.wake(token, of, keys);
  }

  /**
   * Begins runs: every task that waits for nothing, having nothing before it or a rule that does not wait, gets its turn.
   * @param had tasks that had theirs already
   */
  async begin(had: ReadonlySet<string> = new Set()): Promise<void> {
    const settled: Settled[] = [];
    for (const { id: runId, plan } of this.#round.runs) {
      for (const task of plan.tasks.values()) {
        const { taskId, upstream } = task.spec;
        if (had.has(taskId) || this.#round.hasSpoken({ runId, taskId })) continue;
        const outcome = rulingOn(task, { total: upstream.length, ...NOTHING });
        if (outcome === "run") settled.push(...(await takeTurn(this.#round, runId, task)));
      }
    }
    await this.follow(settled);
  }

  /** Takes up runs whose counts were made anew: tasks whose rule has not spoken are asked, items that wait get the places that are free. */
  async resume(rows: readonly (Progress & { readonly waiting: number })[]): Promise<void> {
    const settled: Settled[] = [];
    for (const row of rows) {
      if (row.decided) refill(this.#round, row);
      else settled.push(...(await this.#decide(row)));
    }
    await this.follow(settled);
  }

  /** Looks again at tasks that waited for their past. */
  async askAgain(waiting: readonly PastQuestion[]): Promise<void> {
    const asked = new Deltas();
    for (const { runId, taskId } of waiting) asked.at(runId, taskId);
    const settled: Settled[] = [];
    for (const row of await this.#tx.addProgress(asked.rows)) settled.push(...(await this.#decide(row)));
    this.#round.endPastWaits(waiting);
    await this.follow(settled);
  }

  /** Follows the consequences of instances that ended, wave by wave. */
  async follow(settled: readonly Settled[]): Promise<void> {
    for (let wave = settled; wave.length > 0; ) {
      wave = [...wave, ...(await this.#stopRuns(wave))];
      this.#close(wave);
      const deltas = await this.#count(wave);
      const changed = deltas.length > 0 ? await this.#tx.addProgress(deltas) : [];
      const next: Settled[] = [];
      for (const row of changed) next.push(...(await this.#decide(row, wave)));
      wave = next;
    }
  }

  /** Writes everything that was decided. @returns the runs that this round ended */
  commit(): Promise<readonly number[]> {
    return this.#round.commit();
  }

  /** Fails fast. @returns what ended by it */
  async #stopRuns(wave: readonly Settled[]): Promise<readonly Settled[]> {
    const ends: Settled[] = [];
    for (const end of wave) {
      const run = this.#round.run(end.runId);
      if (!this.#failFast.stops(run, end)) continue;
      ends.push(...(await this.#failFast.cancelActive(this.#tx, run)));
      ends.push(...this.#unmake(end.runId, this.#failFast.unwanted(run, this.#round.made)));
    }
    return ends;
  }

  /** Takes back instances of this round that nobody has seen: their tasks end as skipped, each as a whole. */
  #unmake(runId: number, unmade: readonly NewInstance[]): readonly Settled[] {
    for (const made of unmade) this.#round.unmake(made);
    return [...Map.groupBy(unmade, ({ taskId }) => taskId)].map(([taskId, instances]) => {
      const task = this.#round.task({ runId, taskId });
      this.#round.widen(runId, task, 1 - instances.length);
      return this.#round.end(runId, task, "skipped", this.#failFast.reasonAgainst(runId, task) ?? null);
    });
  }

  /** Tasks that ended as a whole are open no longer. */
  #close(wave: readonly Settled[]): void {
    for (const end of wave)
      if (end.mapIndex < 0) this.#round.close(end.runId, this.#round.task(end), { ...NOTHING, [COUNT_OF[end.state]]: 1 });
  }

  /** What a wave of ends adds to the counts. */
  async #count(wave: readonly Settled[]): Promise<Deltas["rows"]> {
    const deltas = new Deltas();
    for (const end of wave) {
      deltas.count(this.#round.task(end), end);
      // Rows that change by nothing come back too, and so their tasks are asked.
      for (const taskId of await this.#alsoConcernedBy(end)) deltas.at(end.runId, taskId);
    }
    return deltas.rows;
  }

  /** Tasks that an end concerns although it is not directly before them. */
  async #alsoConcernedBy({ runId, taskId, state }: Settled): Promise<Iterable<string>> {
    const run = this.#round.run(runId);
    if (this.#failFast.isStopped(runId))
      return [...run.plan.tasks.values()].filter(({ isCounted }) => isCounted).map(({ spec }) => spec.taskId);
    const isDecision = state === "success" && plannedTask(run.plan, taskId).spec.kind?.type === "short_circuit";
    return isDecision ? this.#decisionsMade.passedOver(run, taskId) : [];
  }

  /** What one counting row, just changed, means for its task. */
  async #decide(row: Progress, wave: readonly Settled[] = []): Promise<readonly Settled[]> {
    const { runId } = row;
    const task = this.#round.task(row);
    if (row.decided || this.#round.hasSpoken(row)) return takeOwnEnds(this.#round, row, task, wave);
    const stopped = this.#failFast.reasonAgainst(runId, task);
    if (stopped !== undefined) return [this.#round.end(runId, task, "skipped", stopped)];
    const passedOverBy = await this.#decisionsMade.passedOverBy(this.#round.run(runId), task);
    if (passedOverBy !== undefined) return [this.#round.end(runId, task, "skipped", `passed over by ${passedOverBy}`)];
    return this.#ask(row, task);
  }

  /** Asks a task's rule: it waits, or has its turn, or ends without one. */
  async #ask({ runId, upstreamTotal, upstream }: Progress, task: PlannedTask): Promise<readonly Settled[]> {
    const counts = { total: upstreamTotal, ...upstream };
    const setups = asksSetups(task, counts) ? await setupsBefore(this.#tx, this.#round.run(runId), task, this.#round.made) : undefined;
    const outcome = rulingOn(task, counts, setups);
    if (outcome === "wait") return [];
    if (outcome === "run") return takeTurn(this.#round, runId, task);
    const state = outcome === "skip" ? "skipped" : "upstream_failed";
    return [this.#round.end(runId, task, state, `trigger rule ${task.spec.triggerRule}`)];
  }
}

/** What a task's rule says now. A task mapped over another's output waits for all before it: its list must be known. */
function rulingOn({ spec: { triggerRule, each } }: PlannedTask, counts: UpstreamCounts, setups?: SetupCounts): RuleOutcome {
  const outcome = judge(triggerRule, counts, setups);
  return outcome === "run" && each !== null && sourcesOf(each).length > 0 && !allDone(counts) ? "wait" : outcome;
}
