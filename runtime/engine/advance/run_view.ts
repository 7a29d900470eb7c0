/**
 * Locked runs, as one transaction sees and changes them: what is counted of them, and
 * what was decided and is not saved yet. The rules by which tasks start and end are not
 * in here.
 */
import type { LateKeys } from "../../../sdk/spec/index.ts";
import type { StoredError } from "../../state/stored_error.ts";
import type { FinalState } from "../../state/task_state.ts";
import { type FinishedInstance, finished } from "../counts/run_event.ts";
import type { InstanceKey, Scope } from "../counts/scope.ts";
import type { TaskCounter } from "../counts/task_counter.ts";
import { type Route, routeIn, routeWith, UNROUTED } from "../limits/limits.ts";
import { type PlannedTask, plannedTask } from "../plan/plan.ts";
import type {
  DependsOnPastWait,
  EngineTx,
  LockedRun,
  NewInstance,
  QueueJob,
  Release,
  RoutedJob,
} from "../store.ts";
import { BranchCache } from "./branch_cache.ts";
import { NewInstances } from "./new_instances.ts";
import { type Length, RunCounters } from "./run_counters.ts";
import { Stops } from "./stops.ts";

interface TaskOfRun {
  readonly runId: number;
  readonly taskId: string;
}

/** How a task ends without a try. */
export interface Ending {
  readonly state: FinalState;
  readonly reason: string | null;
  readonly error?: StoredError | null;
}

export class RunView {
  readonly tx: EngineTx;
  readonly counters: RunCounters;
  readonly created = new NewInstances();
  readonly branches: BranchCache;
  readonly stops = new Stops();
  readonly #runs: ReadonlyMap<number, LockedRun>;
  readonly #jobs: RoutedJob[] = [];
  readonly #releases: Release[] = [];
  readonly #pastWaits: DependsOnPastWait[] = [];
  readonly #pastEnded: DependsOnPastWait[] = [];
  #startedGroups: Scope[] = [];
  #grownGroups: Scope[] = [];
  #endedGroups: TaskCounter[] = [];

  /** @param runs locked by the transaction, and running */
  constructor(tx: EngineTx, runs: readonly LockedRun[]) {
    this.tx = tx;
    this.counters = new RunCounters(tx, runs);
    this.branches = new BranchCache(tx);
    this.#runs = new Map(runs.map((run) => [run.id, run]));
  }

  get runs(): readonly LockedRun[] {
    return [...this.#runs.values()];
  }

  run(runId: number): LockedRun {
    const run = this.#runs.get(runId);
    if (!run) throw new Error(`run ${runId} is not locked by this transaction`);
    return run;
  }

  task({ runId, taskId }: TaskOfRun): PlannedTask {
    return plannedTask(this.run(runId).plan, taskId);
  }

  routeOf(runId: number, { route, spec }: PlannedTask): Route {
    return routeIn(route, spec.taskId, this.run(runId));
  }

  /**
   * Puts a job into the queue; an instance with limits waits for its slots first.
   * @param keys under which the task said that it runs
   */
  enqueue({ instanceId, tryNumber, inMs }: QueueJob, of: TaskOfRun, keys?: LateKeys): void {
    this.#jobs.push({ instanceId, tryNumber, inMs, route: this.#jobRoute(of, keys) });
  }

  #jobRoute(of: TaskOfRun, keys: LateKeys | undefined): Route {
    const run = this.#runs.get(of.runId);
    // The run has ended: the job will find nothing to do.
    if (!run) return UNROUTED;
    const task = this.task(of);
    return keys ? routeWith(task.route, run, keys) : this.routeOf(of.runId, task);
  }

  /** The trigger rule of a task was met, or can never be met. @param length of a list */
  decided(scope: Scope, length: Length | null = null): void {
    const { runId, taskId } = scope;
    if (this.task(scope).spec.dependsOnPast) this.#pastEnded.push({ runId, taskId });
    this.counters.decide(scope, length);
  }

  /** Ends a task in its scope without a try. */
  end(
    { runId, taskId, mapIndex }: Scope,
    { state, reason, error = null }: Ending,
  ): FinishedInstance {
    const scope = { runId, taskId, mapIndex };
    const item = this.itemOf(scope);
    this.created.add({ ...scope, state, ...item, reason, error, route: UNROUTED });
    this.decided(scope);
    return finished(scope, state);
  }

  /** The item of an instance: inside a mapped group that of the group instance. */
  itemOf(instance: InstanceKey): Pick<NewInstance, "item" | "itemOf"> {
    const { mappedGroup } = this.task(instance);
    if (mappedGroup === null) return { item: null };
    const group = this.created.at({ ...instance, taskId: mappedGroup });
    return group ? { item: group.item } : { item: null, itemOf: mappedGroup };
  }

  /** Queues further items of a mapped task, up to the map index `to`. */
  release(counter: TaskCounter, to: number): void {
    const { runId, taskId, released: from } = counter;
    const route = this.routeOf(runId, this.task(counter));
    this.#releases.push({ runId, taskId, from, to, route });
    this.counters.setLength(counter, { released: to });
  }

  waitForPast(wait: DependsOnPastWait): void {
    this.#pastWaits.push(wait);
  }

  endPastWaits(waits: readonly DependsOnPastWait[]): void {
    this.#pastEnded.push(...waits);
  }

  /** A group instance runs: the tasks in it may be instantiated. */
  startGroup({ runId, taskId, mapIndex }: InstanceKey): void {
    this.#startedGroups.push({ runId, taskId, mapIndex });
  }

  /** A mapped group has new instances. */
  growGroup({ runId, taskId, mapIndex }: Scope): void {
    this.#grownGroups.push({ runId, taskId, mapIndex });
  }

  /**
   * Starts the counters of all groups that started. @returns those of the tasks in them
   */
  async startCounters(): Promise<readonly TaskCounter[]> {
    const [started, grown] = [this.#startedGroups, this.#grownGroups];
    this.#startedGroups = [];
    this.#grownGroups = [];
    return this.counters.startGroups(started, grown);
  }

  /** The tasks of a group instance have all ended. */
  groupEnded(counter: TaskCounter): void {
    this.#endedGroups.push(counter);
  }

  /** Whether groups started or ended since they were last taken. */
  get hasGroupsToFollow(): boolean {
    return this.#startedGroups.length > 0 || this.#endedGroups.length > 0;
  }

  takeEndedGroups(): readonly TaskCounter[] {
    const ended = this.#endedGroups;
    this.#endedGroups = [];
    return ended;
  }

  /** Writes everything that was decided. @returns the runs that ended by it */
  async save(): Promise<readonly number[]> {
    const runs = this.counters.changedRuns;
    await this.tx.save({
      instances: this.created.all,
      jobs: this.#jobs,
      releases: this.#releases,
      counters: this.counters.changed,
      runs,
      dependsOnPast: { waits: this.#pastWaits, ended: this.#pastEnded },
    });
    return runs.filter(({ state }) => state !== "running").map(({ id }) => id);
  }
}
