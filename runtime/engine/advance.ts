/**
 * How a run moves: an instance ended, so the counts of the tasks after it change, so some of them may run or never will, which may end
 * others in turn, until nothing more follows. One round of that is an Advance; the same code serves PostgreSQL and `dag test`.
 */
import type { LateKeys } from "../../sdk/routing.ts";
import { judgeRun, type RunProgress } from "../state/run_state.ts";
import { type FinalState, isFinal, type StoredError } from "../state/task_state.ts";
import { allDone, judge, type RuleOutcome, type SetupCounts, type UpstreamCounts } from "../state/trigger_rule.ts";
import { waitOf } from "../state/wait.ts";
import { DecisionsMade } from "./decisions_made.ts";
import { COUNT_OF, Deltas, NOTHING } from "./deltas.ts";
import { expand, type Sources, sourceState, type Unmapped } from "./expand.ts";
import { FailFast } from "./fail_fast.ts";
import { countsAsFailure } from "./leaves.ts";
import { isLimited, type Route, routeIn, routeWith, UNROUTED } from "./limits.ts";
import { type ListView, sourcesOf } from "./list_view.ts";
import { isIteration, loopState } from "./loop.ts";
import { isLoop, type PlannedTask, plannedTask } from "./plan.ts";
import { setupsBefore } from "./setups.ts";
import type { Counts, Decisions, EngineTx, LockedRun, NewInstance, PastQuestion, Progress, Release, RoutedToken, Token } from "./store.ts";
import { decideLatest, outsideOfDates } from "./turn.ts";

/** An instance that reached a final state. */
export interface Settled {
  readonly runId: number;
  readonly taskId: string;
  /** -1: the task as a whole (not mapped, or ended before its list was known). */
  readonly mapIndex: number;
  readonly state: FinalState;
  /** Of an iteration of a loop: another follows. */
  readonly again?: boolean;
  /** Not an end, but how many instances of a mapped task that has ended do not count. */
  readonly leftOut?: number;
}

/** One round over runs that are locked. Collects decisions; {@link commit} writes them. */
export class Advance {
  readonly #tx: EngineTx;
  readonly #runs = new Map<number, { readonly run: LockedRun; progress: RunProgress }>();
  readonly #instances: NewInstance[] = [];
  readonly #tokens: RoutedToken[] = [];
  readonly #releases: Release[] = [];
  readonly #decided: Decisions["decided"][number][] = [];
  /** Tasks whose rule spoke in this round: a later wave must not ask it again, and its row does not say so before the commit. */
  readonly #spoken = new Set<string>();
  readonly #widened = new Deltas();
  readonly #decisionsMade: DecisionsMade;
  readonly #pastWaits: PastQuestion[] = [];
  readonly #pastEnded: PastQuestion[] = [];
  readonly #failFast = new FailFast();

  constructor(tx: EngineTx, runs: readonly LockedRun[]) {
    this.#tx = tx;
    this.#decisionsMade = new DecisionsMade(tx);
    for (const run of runs) this.#runs.set(run.id, { run, progress: run });
  }

  /**
   * Puts a token into the queue when the round is written; that of a task with limits waits for its places first.
   * @param keys what the task said that it runs under
   */
  wake({ instanceId, tryNumber, inMs }: Token, of: { readonly runId: number; readonly taskId: string }, keys?: LateKeys): void {
    // A run that is not part of this round has ended, and the token will find nothing to do.
    const held = this.#runs.get(of.runId);
    const route = held ? (keys ? routeWith(this.#task(of).route, held.run, keys) : this.#routeOf(of.runId, this.#task(of))) : UNROUTED;
    this.#tokens.push({ instanceId, tryNumber, inMs, route });
  }

  /**
   * Begins runs: every task that waits for nothing, having nothing before it or a rule that does not wait, gets its turn.
   * @param had tasks that had theirs already
   */
  async begin(had: ReadonlySet<string> = new Set()): Promise<void> {
    const settled: Settled[] = [];
    for (const { run } of this.#runs.values()) {
      for (const task of run.plan.tasks.values()) {
        const atFirst = { total: task.spec.upstream.length, ...NOTHING };
        if (had.has(task.spec.taskId) || this.#spoken.has(nameOf({ runId: run.id, taskId: task.spec.taskId }))) continue;
        if (rulingOn(task, atFirst) === "run") settled.push(...(await this.#run(run.id, task)));
      }
    }
    await this.follow(settled);
  }

  /** Takes up runs whose counts were made anew: tasks whose rule has not spoken are asked, items that wait get the places that are free. */
  async resume(rows: readonly (Progress & { readonly waiting: number })[]): Promise<void> {
    const settled: Settled[] = [];
    for (const row of rows) {
      if (row.decided) this.#refill(row);
      else settled.push(...(await this.#decide(row, [])));
    }
    await this.follow(settled);
  }

  #refill({ runId, taskId, instances, released, own, waiting }: Progress & { readonly waiting: number }): void {
    if (instances === null || waiting === 0) return;
    const task = this.#task({ runId, taskId });
    const { maxActive } = task.spec;
    // Under other limits whoever gives places lets them go.
    if (isLimited(task.route, this.#lockedRun(runId))) return;
    const active = instances - waiting - own.success - own.failed - own.skipped - own.upstreamFailed - own.removed;
    const to = released + Math.max(0, Math.min(waiting, (maxActive ?? instances) - active));
    if (to === released) return;
    this.#releases.push({ runId, taskId, from: released, to, route: this.#routeOf(runId, task) });
    this.#decided.push({ runId, taskId, instances, released: to });
  }

  /** Follows the consequences of instances that ended, wave by wave. */
  async follow(settled: readonly Settled[]): Promise<void> {
    for (let wave = settled; wave.length > 0; ) {
      wave = [...wave, ...(await this.#stopRuns(wave))];
      for (const end of wave) if (end.mapIndex < 0) this.#close(end.runId, this.#task(end), { ...NOTHING, [COUNT_OF[end.state]]: 1 });
      const deltas = await this.#deltas(wave);
      const changed = deltas.length > 0 ? await this.#tx.addProgress(deltas) : [];
      const next: Settled[] = [];
      for (const row of changed) next.push(...(await this.#decide(row, wave)));
      wave = next;
    }
  }

  /** Looks again at tasks that waited for their past. */
  async askAgain(waiting: readonly PastQuestion[]): Promise<void> {
    const asked = new Deltas();
    for (const { runId, taskId } of waiting) asked.at(runId, taskId);
    const settled: Settled[] = [];
    for (const row of await this.#tx.addProgress(asked.rows)) settled.push(...(await this.#decide(row, [])));
    this.#pastEnded.push(...waiting);
    await this.follow(settled);
  }

  /** Writes everything that was decided. @returns the runs that this round ended */
  async commit(): Promise<readonly number[]> {
    if (this.#widened.rows.length > 0) await this.#tx.addProgress(this.#widened.rows);
    const runs = [...this.#runs.values()].map(({ run, progress }) => ({ id: run.id, ...counters(progress), state: judgeRun(progress) }));
    const changed = runs.filter((run) => run.openTasks !== this.#runs.get(run.id)?.run.openTasks || run.state !== "running");
    await this.#tx.commitDecisions({
      instances: this.#instances,
      tokens: this.#tokens,
      releases: this.#releases,
      decided: this.#decided,
      runs: changed,
      past: { waits: this.#pastWaits, ended: this.#pastEnded },
    });
    return changed.filter((run) => run.state !== "running").map((run) => run.id);
  }

  /** What one counting row, just changed, means for its task. */
  async #decide(row: Progress, wave: readonly Settled[]): Promise<readonly Settled[]> {
    const task = this.#task(row);
    if (row.decided || this.#spoken.has(nameOf(row))) {
      if (isLoop(task.spec)) return this.#iterate(row, task, wave);
      return this.#countOwn(row, task, wave);
    }
    const stopped = this.#failFast.reasonAgainst(row.runId, task);
    if (stopped !== undefined) return [this.#end(row.runId, task, "skipped", stopped, null)];
    const passedOverBy = await this.#decisionsMade.passedOverBy(this.#lockedRun(row.runId), task);
    if (passedOverBy !== undefined) return [this.#end(row.runId, task, "skipped", `passed over by ${passedOverBy}`, null)];
    const counts = { total: row.upstreamTotal, ...row.upstream };
    const outcome = rulingOn(task, counts, await this.#setupsOf(row.runId, task, counts));
    if (outcome === "wait") return [];
    if (outcome === "run") return this.#run(row.runId, task);
    const state = outcome === "skip" ? "skipped" : "upstream_failed";
    return [this.#end(row.runId, task, state, `trigger rule ${task.spec.triggerRule}`, null)];
  }

  /** A mapped task's own instances ended: let the next ones go, and close the task after the last. */
  #countOwn(row: Progress, task: PlannedTask, wave: readonly Settled[]): readonly Settled[] {
    if (row.instances === null) return [];
    const ended = wave.filter((end) => end.runId === row.runId && end.taskId === row.taskId && end.mapIndex >= 0).length;
    if (ended === 0) return [];
    const to = Math.min(row.instances, row.released + ended);
    if (to > row.released) {
      this.#releases.push({ runId: row.runId, taskId: row.taskId, from: row.released, to, route: this.#routeOf(row.runId, task) });
      this.#decided.push({ runId: row.runId, taskId: row.taskId, instances: row.instances, released: to });
    }
    const { success, failed, skipped, upstreamFailed, removed } = row.own;
    if (success + failed + skipped + upstreamFailed + removed < row.instances) return [];
    this.#close(row.runId, task, row.own);
    if (removed === 0) return [];
    // Told only now: that nothing of a list is left is known only at its end.
    return [
      { runId: row.runId, taskId: row.taskId, mapIndex: 0, state: removed === row.instances ? "skipped" : "removed", leftOut: removed },
    ];
  }

  /** An iteration of a loop ended: the next one follows, or the loop has ended as a whole, which is what the tasks after it see. */
  #iterate({ runId, taskId, instances, own }: Progress, task: PlannedTask, wave: readonly Settled[]): readonly Settled[] {
    const ends = wave.filter((end) => end.runId === runId && end.taskId === taskId && end.mapIndex >= 0);
    if (instances === null || ends.length === 0) return [];
    if (ends.some(({ again, mapIndex }) => again && mapIndex === instances - 1)) {
      const next = { runId, taskId, mapIndex: instances, state: "queued", item: instances, reason: null, error: null } as const;
      this.#instances.push({ ...next, route: this.#routeOf(runId, task) });
      this.#decided.push({ runId, taskId, instances: instances + 1, released: instances + 1 });
      return [];
    }
    const state = loopState(own, instances);
    return state === undefined ? [] : [{ runId, taskId, mapIndex: -1, state }];
  }

  /** The task's turn has come: one instance, or one for each item, or at once the end of a task that has no body. */
  async #run(runId: number, task: PlannedTask): Promise<readonly Settled[]> {
    const { spec } = task;
    const outside = await outsideOfDates(this.#tx, this.#lockedRun(runId), task);
    if (outside !== undefined) return [this.#end(runId, task, "skipped", outside, null)];
    if (spec.dependsOnPast && !(await this.#isPastMet(runId, task))) return [];
    if (spec.kind?.type === "latest_only") {
      const latest = await decideLatest(this.#tx, this.#lockedRun(runId), task);
      return [this.#end(runId, task, "success", latest ? null : "not the latest run", null)];
    }
    if (spec.each) return this.#expand(runId, task, await expand(spec, spec.each, this.#sources(runId)));
    // One with outlets is run like any other: what records its success also updates its assets.
    if (spec.operator === "empty" && spec.outlets.length === 0) return [this.#end(runId, task, "success", null, null)];
    const one = { runId, taskId: spec.taskId, mapIndex: -1, item: null, reason: null, error: null };
    if (spec.wait) this.#instances.push({ ...one, state: "deferred", wait: waitOf(spec.wait), route: UNROUTED });
    else this.#instances.push({ ...one, state: "queued", route: this.#routeOf(runId, task) });
    this.#speak(runId, task, null, 0);
    return [];
  }

  async #isPastMet(runId: number, { spec }: PlannedTask): Promise<boolean> {
    const question = { runId, taskId: spec.taskId };
    const [isMet] = await this.#tx.pastMet([question]);
    if (isMet) return true;
    this.#pastWaits.push(question);
    return false;
  }

  /** The setups before a teardown, once its rule can speak. */
  async #setupsOf(runId: number, task: PlannedTask, counts: UpstreamCounts): Promise<SetupCounts | undefined> {
    if (task.spec.triggerRule !== "all_done_setup_success" || !allDone(counts)) return undefined;
    return setupsBefore(this.#tx, this.#lockedRun(runId), task, this.#instances);
  }

  /** Failing fast. @returns what ended by it */
  async #stopRuns(wave: readonly Settled[]): Promise<readonly Settled[]> {
    const ends: Settled[] = [];
    for (const end of wave) {
      const run = this.#lockedRun(end.runId);
      if (!this.#failFast.stops(run, end)) continue;
      ends.push(...(await this.#failFast.cancelActive(this.#tx, run)));
      ends.push(...this.#unmake(end.runId, this.#failFast.unwanted(run, this.#instances)));
    }
    return ends;
  }

  /** Takes back instances of this round that nobody has seen: their tasks end as skipped, each as a whole. */
  #unmake(runId: number, unmade: readonly NewInstance[]): readonly Settled[] {
    for (const made of unmade) this.#instances.splice(this.#instances.indexOf(made), 1);
    return [...Map.groupBy(unmade, ({ taskId }) => taskId)].map(([taskId, instances]) => {
      const task = this.#task({ runId, taskId });
      for (const after of task.downstream) this.#widened.at(runId, after).upstreamTotal -= instances.length - 1;
      return this.#end(runId, task, "skipped", this.#failFast.reasonAgainst(runId, task) ?? null, null);
    });
  }

  /** What is known of the tasks of a run, this round included. */
  #sources(runId: number): Sources {
    return {
      output: (taskId) => this.#tx.output(runId, taskId, plannedTask(this.#lockedRun(runId).plan, taskId).spec.each !== null),
      stateOf: async (taskId) => {
        const made = this.#instances.find((one) => one.runId === runId && one.taskId === taskId && one.mapIndex < 0);
        if (made) return isFinal(made.state) ? made.state : undefined;
        const ends = (await this.#tx.endsOf(runId, [taskId])).get(taskId);
        return ends && sourceState(ends);
      },
    };
  }

  /** One instance for each item. The first `maxActive` are queued, the others wait for a place. */
  #expand(runId: number, task: PlannedTask, items: ListView | Unmapped): readonly Settled[] {
    const { taskId, maxActive } = task.spec;
    if ("state" in items) return [this.#end(runId, task, items.state, items.reason, items.error)];
    const route = this.#routeOf(runId, task);
    // Under other limits `maxActive` is one more of them: an instance is let go once, by whoever gives places.
    const released = isLimited(task.route, this.#lockedRun(runId)) ? items.length : Math.min(items.length, maxActive ?? items.length);
    for (let mapIndex = 0; mapIndex < items.length; mapIndex++) {
      this.#instances.push({
        runId,
        taskId,
        mapIndex,
        state: mapIndex < released ? "queued" : "scheduled",
        item: items.at(mapIndex),
        reason: null,
        error: null,
        route,
      });
    }
    this.#speak(runId, task, items.length, released);
    // Until now the tasks after this one counted it as one instance.
    for (const after of task.downstream) this.#widened.at(runId, after).upstreamTotal += items.length - 1;
    return [];
  }

  /** A task that ends without running. */
  #end(runId: number, task: PlannedTask, state: FinalState, reason: string | null, error: StoredError | null): Settled {
    const { taskId } = task.spec;
    this.#instances.push({ runId, taskId, mapIndex: -1, state, item: null, reason, error, route: UNROUTED });
    this.#speak(runId, task, null, 0);
    return { runId, taskId, mapIndex: -1, state };
  }

  /** Remembers that a task's rule has spoken. */
  #speak(runId: number, { spec: { taskId, dependsOnPast }, isCounted }: PlannedTask, instances: number | null, released: number): void {
    this.#spoken.add(nameOf({ runId, taskId }));
    if (dependsOnPast) this.#pastEnded.push({ runId, taskId });
    if (isCounted) this.#decided.push({ runId, taskId, instances, released });
  }

  /** A task has no unfinished instance left. */
  #close(runId: number, { spec, isLeaf }: PlannedTask, ends: Counts): void {
    const held = this.#runs.get(runId);
    if (!held) return;
    const { openTasks, failedLeaves, warnings } = held.progress;
    held.progress = {
      openTasks: openTasks - 1,
      failedLeaves: failedLeaves + (isLeaf && countsAsFailure(spec, ends) ? 1 : 0),
      warnings: warnings + (spec.allowFailure && ends.failed > 0 ? 1 : 0),
    };
  }

  /** What a wave of ends adds to the counts. */
  async #deltas(wave: readonly Settled[]): Promise<Deltas["rows"]> {
    const deltas = new Deltas();
    for (const end of wave) {
      const { spec, downstream } = this.#task(end);
      for (const after of isIteration(spec, end) ? [] : downstream)
        countUpstream(deltas.at(end.runId, after), end, spec.allowFailure === true);
      if (end.mapIndex >= 0 && end.leftOut === undefined) deltas.at(end.runId, end.taskId).own[COUNT_OF[end.state]] += 1;
      // Rows that change by nothing come back too, and so their tasks are asked.
      for (const taskId of await this.#alsoConcernedBy(end)) deltas.at(end.runId, taskId);
    }
    return deltas.rows;
  }

  /** Tasks that an end concerns although it is not directly before them. */
  async #alsoConcernedBy({ runId, taskId, state }: Settled): Promise<Iterable<string>> {
    const run = this.#lockedRun(runId);
    if (this.#failFast.isStopped(runId))
      return [...run.plan.tasks.values()].filter(({ isCounted }) => isCounted).map(({ spec }) => spec.taskId);
    const isDecision = state === "success" && plannedTask(run.plan, taskId).spec.kind?.type === "short_circuit";
    return isDecision ? this.#decisionsMade.passedOver(run, taskId) : [];
  }

  #routeOf(runId: number, { route, spec }: PlannedTask): Route {
    return routeIn(route, spec.taskId, this.#lockedRun(runId));
  }

  #task({ runId, taskId }: { readonly runId: number; readonly taskId: string }): PlannedTask {
    return plannedTask(this.#lockedRun(runId).plan, taskId);
  }

  #lockedRun(runId: number): LockedRun {
    const held = this.#runs.get(runId);
    if (!held) throw new Error(`run ${runId} is not part of this round`);
    return held.run;
  }
}

function nameOf({ runId, taskId }: { readonly runId: number; readonly taskId: string }): string {
  return `${runId}/${taskId}`;
}

/** What a task's rule says now. A task mapped over another's output waits for all before it: its list must be known. */
function rulingOn({ spec: { triggerRule, each } }: PlannedTask, counts: UpstreamCounts, setups?: SetupCounts): RuleOutcome {
  const outcome = judge(triggerRule, counts, setups);
  return outcome === "run" && each !== null && sourcesOf(each).length > 0 && !allDone(counts) ? "wait" : outcome;
}

/** One end as the tasks after it see it. An instance that is no more was counted before, and is not any longer. */
function countUpstream(row: ReturnType<Deltas["at"]>, { state, mapIndex, leftOut }: Settled, isAllowed: boolean): void {
  if (leftOut !== undefined) {
    // A list of which nothing is left counts as an empty one.
    row.upstreamTotal -= state === "skipped" ? leftOut - 1 : leftOut;
    if (state === "skipped") row.upstream.skipped += 1;
  } else if (state !== "removed" || mapIndex < 0) row.upstream[state === "failed" && isAllowed ? "success" : COUNT_OF[state]] += 1;
}

function counters({ openTasks, failedLeaves, warnings }: RunProgress): RunProgress {
  return { openTasks, failedLeaves, warnings };
}
