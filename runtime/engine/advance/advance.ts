/**
 * How a run moves: an instance ended, so the counts of the tasks after it change, so some of them may run or never will, which may end
 * others in turn, until nothing more follows. One round of that is an Advance; the same code serves PostgreSQL and `dag test`.
 */

import type { Json } from "../../../sdk/json.ts";
import type { LateKeys } from "../../../sdk/spec/index.ts";
import { isFinal } from "../../state/task_state.ts";
import {
  allDone,
  judge,
  type RuleOutcome,
  type SetupCounts,
  type UpstreamCounts,
} from "../../state/trigger_rule.ts";
import { COUNT_OF, NOTHING } from "../counts/counts.ts";
import { Deltas, isWhole, scopeOf } from "../counts/deltas.ts";
import { allWithin, isGroup, type PlannedTask } from "../plan/plan.ts";
import type {
  Counted,
  DependsOnPastWait,
  EngineTx,
  LockedRun,
  NewInstance,
  NewProgress,
  Progress,
  Token,
} from "../store.ts";
import { DecisionsMade } from "./branch_cache.ts";
import type { Settled } from "./finished_instance.ts";
import { EndedGroups } from "./groups.ts";
import { takeTurn } from "./instantiate.ts";
import { sourcesOf } from "./list_view.ts";
import { refill, takeOwnEnds } from "./own_ends.ts";
import { type Ending, Round } from "./round.ts";
import { asksSetups, setupsBefore } from "./setups.ts";
import { Stops, scopesWithin, standsAlone } from "./stops.ts";

/** One round over runs that are locked. Collects decisions; {@link commit} writes them. */
export class Advance {
  readonly #tx: EngineTx;
  readonly #round: Round;
  readonly #decisionsMade: DecisionsMade;
  readonly #endedGroups: EndedGroups;
  readonly #stops = new Stops();

  constructor(tx: EngineTx, runs: readonly LockedRun[]) {
    this.#tx = tx;
    this.#round = new Round(tx, runs);
    this.#decisionsMade = new DecisionsMade(tx);
    this.#endedGroups = new EndedGroups(this.#round);
  }

  /**
   * Puts a token into the queue when the round is written; that of a task with limits waits for its places first.
   * @param keys what the task said that it runs under
   */
  wake(
    token: Token,
    of: { readonly runId: number; readonly taskId: string },
    keys?: LateKeys,
  ): void {
    this.#round.wake(token, of, keys);
  }

  /** What a task that decides about others has just returned. */
  heard(of: Counted, output: Json): void {
    this.#decisionsMade.heard(this.#round.run(of.runId), of, output);
  }

  /**
   * Begins runs: every task that waits for nothing, having nothing before it or a rule that does not wait, gets its turn.
   * @param had tasks that had theirs already
   */
  async begin(had: ReadonlySet<string> = new Set()): Promise<void> {
    const settled: Settled[] = [];
    for (const { id: runId, plan } of this.#round.runs) {
      for (const task of plan.tasks.values()) {
        const { taskId, upstream, within } = task.spec;
        if (
          within !== undefined ||
          had.has(taskId) ||
          this.#round.hasSpoken({ runId, taskId, mapIndex: -1 })
        )
          continue;
        const outcome = rulingOn(task, { total: upstream.length, ...NOTHING });
        if (outcome === "run") settled.push(...(await takeTurn(this.#round, runId, task, -1)));
      }
    }
    await this.follow(settled);
  }

  /** Takes up runs whose counts were made anew: tasks whose rule has not spoken are asked, items that wait get the places that are free. */
  async resume(rows: readonly (Progress & { readonly waiting: number })[]): Promise<void> {
    const settled: Settled[] = [];
    for (const row of rows) {
      if (row.decided) settled.push(...(await this.#goOn(row)));
      else settled.push(...(await this.#decide(row)));
    }
    await this.follow(settled);
  }

  /** Looks again at tasks that waited for their past. */
  async askAgain(waiting: readonly DependsOnPastWait[]): Promise<void> {
    const asked = new Deltas();
    for (const { runId, taskId } of waiting) asked.at(runId, taskId, -1);
    const settled: Settled[] = [];
    for (const row of await this.#tx.addProgress(asked.rows))
      settled.push(...(await this.#decide(row)));
    this.#round.endDependsOnPastWaits(waiting);
    await this.follow(settled);
  }

  /** Lets all of a group run again: its tasks are as before their turn. */
  async repeatGroups(groups: readonly Counted[]): Promise<void> {
    for (const group of groups) {
      const { runId, taskId, mapIndex } = group;
      const cleared = await this.#tx.clearWithin(
        { runId, taskId, mapIndex },
        allWithin(this.#round.run(runId).plan, taskId),
      );
      this.#round.forgive(
        runId,
        cleared.filter(({ state }) => isFinal(state)),
      );
      this.#round.open({ runId, taskId, mapIndex });
    }
  }

  /** Stops groups: nothing of them begins any more but teardowns. @returns what ended by it, to be followed */
  async stopGroups(
    groups: readonly (Counted & { readonly reason: string })[],
  ): Promise<readonly Settled[]> {
    for (const group of groups) this.#stops.stopGroup(group, group.reason);
    const runs = [...new Set(groups.map(({ runId }) => runId))].map((runId) =>
      this.#round.run(runId),
    );
    const ends: Settled[] = [];
    for (const run of runs) ends.push(...(await this.#stops.cancelActive(this.#tx, run)));
    const concerned = new Deltas();
    for (const group of groups)
      for (const { runId, taskId, mapIndex } of scopesWithin(
        this.#round.run(group.runId).plan,
        group,
      ))
        concerned.at(runId, taskId, mapIndex);
    for (const row of await this.#tx.addProgress(concerned.rows))
      ends.push(...(await this.#decide(row, [])));
    return ends;
  }

  /** Follows the consequences of instances that ended, wave by wave. */
  async follow(settled: readonly Settled[]): Promise<void> {
    for (let wave = settled; wave.length > 0 || this.#round.hasNews || this.#endedGroups.isAny; ) {
      wave = [...wave, ...(await this.#stopRuns(wave))];
      this.#close(wave);
      const deltas = await this.#count(wave);
      const changed = deltas.length > 0 ? await this.#tx.addProgress(deltas) : [];
      const next: Settled[] = [];
      for (const row of changed) next.push(...(await this.#decide(row, wave)));
      for (const row of await this.#openGroups()) next.push(...(await this.#decide(row, [])));
      next.push(...(await this.#endedGroups.settle()));
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
      if (!this.#stops.stopsRun(run, end)) continue;
      ends.push(...(await this.#stops.cancelActive(this.#tx, run)));
      ends.push(...this.#unmake(run, this.#stops.unwanted(run, this.#round.made)));
    }
    return ends;
  }

  /** Takes back instances of this round that nobody has seen: they end as skipped, those of a list as a whole. */
  #unmake(run: LockedRun, unmade: readonly NewInstance[]): readonly Settled[] {
    const runId = run.id;
    return [...Map.groupBy(unmade, ({ taskId }) => taskId)].flatMap(
      ([taskId, instances]): readonly Settled[] => {
        const task = this.#round.task({ runId, taskId });
        const skipped = (mapIndex: number): Ending => ({
          state: "skipped",
          reason: this.#stops.reasonAgainst(run, task, mapIndex) ?? null,
        });
        const [first] = instances;
        if (first && standsAlone(task, first))
          return instances.flatMap(({ mapIndex }) => {
            const { state, reason } = skipped(mapIndex);
            return this.#round.endMade({ runId, taskId, mapIndex }, state, reason)
              ? [{ runId, taskId, mapIndex, state }]
              : [];
          });
        for (const made of instances) this.#round.unmake(made);
        this.#round.widen(runId, task, 1 - instances.length);
        return [this.#round.end(runId, task, -1, skipped(-1))];
      },
    );
  }

  /** Makes the counts of the tasks of groups that began. */
  async #openGroups(): Promise<readonly Progress[]> {
    const { groups, expanded } = this.#round.takeOpened();
    const rows = [...groups.flatMap((group) => this.#rowsWithin(group)), ...expanded];
    return rows.length > 0 ? this.#tx.createProgress(rows) : [];
  }

  /** One for each task of a group, and the group's own, which counts those: they may all have ended already, in a run that goes on. */
  #rowsWithin({ runId, taskId, mapIndex }: Counted): readonly NewProgress[] {
    const { members, spec } = this.#round.task({ runId, taskId });
    const own =
      spec.each === null
        ? { upstreamTotal: spec.upstream.length }
        : { upstreamTotal: 0, instances: members.length };
    const ofMembers = members.map((member) => {
      const task = this.#round.task({ runId, taskId: member });
      return {
        runId,
        taskId: member,
        mapIndex: scopeOf(task, mapIndex),
        upstreamTotal: task.spec.upstream.length,
      };
    });
    return [...ofMembers, { runId, taskId, mapIndex, ...own }];
  }

  /** Tasks that ended as a whole are open no longer. */
  #close(wave: readonly Settled[]): void {
    for (const end of wave) {
      const task = this.#round.task(end);
      if (isWhole(task, end.mapIndex))
        this.#round.close(end.runId, task, end.mapIndex, { ...NOTHING, [COUNT_OF[end.state]]: 1 });
    }
  }

  /** What decisions and a wave of ends add to the counts. */
  async #count(wave: readonly Settled[]): Promise<Deltas["rows"]> {
    const deltas = this.#round.takeNews();
    for (const end of wave) {
      const task = this.#round.task(end);
      deltas.count(task, end);
      // Rows that change by nothing come back too, and so their tasks are asked.
      for (const taskId of await this.#alsoConcernedBy(end, task))
        deltas.at(end.runId, taskId, scopeOf(task, end.mapIndex));
    }
    return deltas.rows;
  }

  /** Tasks that an end concerns although it is not directly before them. */
  async #alsoConcernedBy(end: Settled, { spec }: PlannedTask): Promise<Iterable<string>> {
    const run = this.#round.run(end.runId);
    if (this.#stops.isStopped(end.runId))
      return [...run.plan.tasks.values()]
        .filter(({ isCounted }) => isCounted)
        .map((task) => task.spec.taskId);
    const isDecision = end.state === "success" && spec.kind?.type === "short_circuit";
    return isDecision ? this.#decisionsMade.skippedByBranch(run, end) : [];
  }

  /** What one counting row, just changed, means for its task. */
  async #decide(row: Progress, wave: readonly Settled[] = []): Promise<readonly Settled[]> {
    const { runId, mapIndex } = row;
    const task = this.#round.task(row);
    if (task.mappedIn !== null && mapIndex < 0) return [];
    const run = this.#round.run(runId);
    const stopped = this.#stops.reasonAgainst(run, task, mapIndex);
    if (row.decided || this.#round.hasSpoken(row)) {
      if (!countsMembers(task, mapIndex))
        return takeOwnEnds(this.#round, this.#round.current(row), task, { wave, stopped });
      this.#endedGroups.note(row, task);
      return [];
    }
    if (stopped !== undefined)
      return [this.#round.end(runId, task, mapIndex, { state: "skipped", reason: stopped })];
    const skippedByBranchOf = await this.#decisionsMade.skippedByBranchOf(run, task, mapIndex);
    if (skippedByBranchOf !== undefined)
      return [
        this.#round.end(runId, task, mapIndex, {
          state: "skipped",
          reason: `skipped by branch ${skippedByBranchOf}`,
        }),
      ];
    return this.#ask(row, task);
  }

  /** Asks a task's rule: it waits, or has its turn, or ends without one. */
  async #ask(
    { runId, mapIndex, upstreamTotal, upstream }: Progress,
    task: PlannedTask,
  ): Promise<readonly Settled[]> {
    const counts = { total: upstreamTotal, ...upstream };
    if (task.mappedIn !== null && upstream.removed > 0)
      return [
        this.#round.end(runId, task, mapIndex, {
          state: "removed",
          reason: "its item was left out",
        }),
      ];
    const setups = asksSetups(task, counts)
      ? await setupsBefore(this.#round, runId, task, mapIndex)
      : undefined;
    const outcome = rulingOn(task, counts, setups);
    if (outcome === "wait") return [];
    if (outcome === "run") return takeTurn(this.#round, runId, task, mapIndex);
    const state = outcome === "skip" ? "skipped" : "upstream_failed";
    return [
      this.#round.end(runId, task, mapIndex, {
        state,
        reason: `trigger rule ${task.spec.triggerRule}`,
      }),
    ];
  }

  /** What a task that had its turn, and whose counts were made anew, does next. */
  async #goOn(row: Progress & { readonly waiting: number }): Promise<readonly Settled[]> {
    const task = this.#round.task(row);
    if (countsMembers(task, row.mapIndex)) return this.#decide(row);
    await refill(this.#round, row, task);
    return [];
  }
}

/** Whether the own counts of a place are those of the tasks of a group: of an element of a mapped one, or of one that is not mapped. */
function countsMembers({ spec, mappedIn }: PlannedTask, mapIndex: number): boolean {
  return isGroup(spec) && (spec.each === null || mappedIn !== null || mapIndex >= 0);
}

/** What a task's rule says now. A task mapped over another's output waits for all before it: its list must be known. */
function rulingOn(
  { spec: { triggerRule, each } }: PlannedTask,
  counts: UpstreamCounts,
  setups?: SetupCounts,
): RuleOutcome {
  const outcome = judge(triggerRule, counts, setups);
  return outcome === "run" && each !== null && sourcesOf(each).length > 0 && !allDone(counts)
    ? "wait"
    : outcome;
}
