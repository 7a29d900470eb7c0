/**
 * What is counted of locked runs: the counters of their tasks, and their progress.
 * Counters are loaded when they are needed, changed in memory, and saved as absolute
 * values: no other transaction can change them while the runs are locked.
 */
import { judgeRun, type RunProgress } from "../../state/run_state.ts";
import { isFinal, type TaskState } from "../../state/task_state.ts";
import { changesBy, ownChanges, progressAfter, timesOf, wholeEnds } from "../counts/count.ts";
import { Counters } from "../counts/counters.ts";
import { added, type Counts, countsOf, NOTHING } from "../counts/counts.ts";
import type { Rebuilt } from "../counts/rebuild.ts";
import { type FinishedInstance, finished, type RunEvent } from "../counts/run_event.ts";
import { type InstanceKey, type Scope, scopeKey, scopeOf } from "../counts/scope.ts";
import { withScopesAhead } from "../counts/scopes_ahead.ts";
import { groupCounters, sumCounter, type TaskCounter } from "../counts/task_counter.ts";
import { allWithin } from "../plan/graph.ts";
import { type Plan, type PlannedTask, plannedTask } from "../plan/plan.ts";
import type { Decisions, EngineTx, LockedRun } from "../store.ts";

/** How many instances a mapped task or a loop has, and how many of them are released. */
export interface Length {
  readonly instances: number;
  readonly released: number;
}

interface InstanceInState extends InstanceKey {
  readonly state: TaskState;
}

export class RunCounters {
  readonly #tx: EngineTx;
  readonly #runs: ReadonlyMap<number, LockedRun>;
  readonly #progress: Map<number, RunProgress>;
  readonly #counters = new Counters();

  constructor(tx: EngineTx, runs: readonly LockedRun[]) {
    this.#tx = tx;
    this.#runs = new Map(runs.map((run) => [run.id, run]));
    this.#progress = new Map(runs.map((run) => [run.id, run]));
  }

  /**
   * The counters of these scopes, each once; a scope whose group does not run has none.
   */
  async at(scopes: readonly Scope[]): Promise<readonly TaskCounter[]> {
    const unknown = this.#counters.unknown(scopes);
    if (unknown.length > 0) {
      const ahead = withScopesAhead(unknown, (scope) => this.#task(scope));
      const wanted = this.#counters.unknown(ahead);
      this.#counters.load(wanted, await this.#tx.loadCounters(wanted));
    }
    return [...new Set(scopes.flatMap((scope) => this.#counters.get(scope) ?? []))];
  }

  /** @throws Error when a stored counter was not loaded: its changes would be lost */
  get(scope: Scope): TaskCounter | undefined {
    if (this.#task(scope).isCounted && !this.#counters.isKnown(scope))
      throw new Error(`the counter of ${scopeKey(scope)} is not loaded`);
    return this.#counters.get(scope);
  }

  set(counter: TaskCounter): void {
    this.#counters.set(counter);
  }

  /** Replaces all that was counted of a run. */
  replace(runId: number, { progress, counters }: Rebuilt): void {
    this.#progress.set(runId, progress);
    for (const { counter } of counters) this.set(counter);
  }

  /** Counts events. @returns the counters that they changed, and those of `others` */
  async count(
    events: readonly RunEvent[],
    others: readonly Scope[],
  ): Promise<readonly TaskCounter[]> {
    const changes = events.flatMap((event) => changesBy(this.#task(event), event));
    const scopes = [...changes, ...others];
    await this.at(scopes);
    for (const change of changes) this.#counters.apply(change);
    for (const event of events) {
      const task = this.#task(event);
      this.#advance(event.runId, task, wholeEnds(task, event), timesOf(event));
    }
    return this.at(scopes);
  }

  #task({ runId, taskId }: Pick<Scope, "runId" | "taskId">): PlannedTask {
    return plannedTask(this.#plan(runId), taskId);
  }

  #plan(runId: number): Plan {
    const run = this.#runs.get(runId);
    if (!run) throw new Error(`run ${runId} is not locked by this transaction`);
    return run.plan;
  }

  #advance(runId: number, task: PlannedTask, ends: Counts | undefined, times = 1): void {
    const progress = this.#progress.get(runId);
    if (ends && progress) this.#progress.set(runId, progressAfter(progress, task, ends, times));
  }

  /** The trigger rule of a task was met, or can never be met. @param length of a list */
  decide(scope: Scope, length: Length | null): void {
    const counter = this.get(scope);
    // A task that waits for no other and has one instance has no counter.
    if (counter)
      this.set({ ...counter, decided: true, ...(length ?? { instances: null, released: 0 }) });
  }

  /** Further instances of a mapped task or a loop exist, or are released. */
  setLength(scope: Scope, length: Partial<Length>): void {
    const counter = this.get(scope);
    if (counter) this.set({ ...counter, ...length });
  }

  /**
   * Starts the counters of group instances, and of the tasks in them.
   * @param grown mapped groups that have new instances
   */
  async startGroups(
    started: readonly Scope[],
    grown: readonly Scope[],
  ): Promise<readonly TaskCounter[]> {
    const counters = started.flatMap((group) => groupCounters(this.#plan(group.runId), group));
    const sums = grown.flatMap((group) => this.#sumsOf(group));
    await this.at([...counters, ...sums]);
    for (const counter of counters) if (!this.get(counter)) this.set(counter);
    for (const sum of sums) this.set({ ...sum, own: this.get(sum)?.own ?? sum.own });
    return this.at(counters);
  }

  #sumsOf(group: Scope): readonly TaskCounter[] {
    const { runId, taskId } = group;
    return allWithin(this.#plan(runId), taskId).map((member) =>
      sumCounter(this.#task({ runId, taskId: member }), runId, this.get(group)?.instances ?? 0),
    );
  }

  /** Takes back what a group instance counted, whose tasks were cleared in the store. */
  async clearGroup(group: Scope, cleared: readonly InstanceInState[]): Promise<void> {
    const { runId, taskId, mapIndex } = group;
    const members = new Set(allWithin(this.#plan(runId), taskId));
    this.#counters.delete(
      (scope) =>
        scope.runId === runId &&
        members.has(scope.taskId) &&
        (mapIndex < 0 || scope.mapIndex === mapIndex),
    );
    const ended = cleared.flatMap((one) => (isFinal(one.state) ? [finished(one, one.state)] : []));
    const sums = ended.flatMap((one) => ownChanges(one, -1));
    await this.at([group, ...sums]);
    for (const sum of sums) this.#counters.apply(sum);
    const own = this.#counters.get(group);
    if (own) this.set({ ...own, own: NOTHING });
    this.#takeBackProgress(ended);
  }

  #takeBackProgress(ended: readonly FinishedInstance[]): void {
    const byScope = Map.groupBy(ended, (one) =>
      scopeKey(scopeOf(this.#task(one), one.runId, one.mapIndex)),
    );
    for (const [first, ...rest] of byScope.values()) {
      if (!first) continue;
      const ends = rest.reduce(
        (sum, { state }) => added(sum, countsOf(state)),
        countsOf(first.state),
      );
      this.#advance(first.runId, this.#task(first), ends, -1);
    }
  }

  /**
   * The counters to be saved. Tasks that wait for no other and have one instance have
   * none.
   */
  get changed(): readonly TaskCounter[] {
    return this.#counters.changed.filter((counter) => this.#task(counter).isCounted);
  }

  /** The runs whose progress changed, with the states that they have now. */
  get changedRuns(): Decisions["runs"] {
    return [...this.#runs.values()].flatMap((run) => {
      const { openTasks, failedLeaves, warnings } = this.#progress.get(run.id) ?? run;
      const state = judgeRun({ openTasks, failedLeaves });
      const isChanged =
        openTasks !== run.openTasks ||
        failedLeaves !== run.failedLeaves ||
        warnings !== run.warnings;
      return isChanged || state !== "running"
        ? [{ id: run.id, openTasks, failedLeaves, warnings, state }]
        : [];
    });
  }
}
