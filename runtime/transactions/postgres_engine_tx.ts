/** The engine's store on PostgreSQL: one transaction, and the runs that it holds. */
import type { Json } from "../../sdk/json.ts";
import { partition } from "../../sdk/list.ts";
import type { Counts } from "../engine/counts/counts.ts";
import type { InstanceKey, Scope } from "../engine/counts/scope.ts";
import type { TaskCounter } from "../engine/counts/task_counter.ts";
import { mayHoldSlots } from "../engine/limits/limits.ts";
import { allWithin } from "../engine/plan/graph.ts";
import type { Plan, PlannedTask } from "../engine/plan/plan.ts";
import {
  type Decisions,
  type DependsOnPastWait,
  type EngineTx,
  type GroupInstance,
  IN_A_FILE,
  type InstanceInState,
  type ItemRange,
  type LockedRun,
  type MovedInstance,
  type NewInstance,
  type RoutedJob,
  type RunDates,
  type TryResults,
} from "../engine/store.ts";
import { together } from "../engine/together.ts";
import type { TaskState } from "../state/task_state.ts";
import type { Transition } from "../state/transition.ts";
import type { Wait } from "../state/wait.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Queryable } from "../store/database/database.ts";
import { applyTransitions } from "../store/instances/apply_transitions.ts";
import {
  beginGroups,
  clearWithin,
  removeWithin,
  runningGroups,
} from "../store/instances/group_instance.ts";
import { endsOf, instancesOf, unfinishedInstances } from "../store/instances/instance_states.ts";
import { removeLeftOver, reviveInstances } from "../store/instances/recreate.ts";
import { loadCounters, saveCounters } from "../store/instances/task_counter.ts";
import {
  enqueueTries,
  insertInstances,
  releaseInstances,
} from "../store/instances/task_instance.ts";
import { storeLabels } from "../store/instances/task_label.ts";
import { requestSlots } from "../store/limits/slot_request.ts";
import { lockRuns, type RunRow, runDates, updateRuns } from "../store/runs/dag_run.ts";
import { recordAssetEvents } from "../store/sources/asset.ts";
import { putState } from "../store/values/state.ts";
import { putSleepingSteps } from "../store/values/step.ts";
import {
  clearXComs,
  getOutputsAt,
  getXComs,
  putXComs,
  RETURN_VALUE,
} from "../store/values/xcom.ts";
import { queueCallbacks, queueRunCallbacks } from "../store/waits/callback.ts";
import {
  dependsOnPastMet,
  endDependsOnPastWaits,
  recordDependsOnPastWaits,
} from "../store/waits/depends_on_past_wait.ts";
import { insertWaiting } from "../store/waits/task_wait.ts";

export class PostgresEngineTx implements EngineTx {
  readonly #on: Queryable;
  readonly #plans: Plans;
  readonly #held = new Map<number, LockedRun>();
  /**
   * Runs with cleared instances: what the engine creates for them may have a row already.
   */
  readonly #cleared = new Set<number>();
  #touchedLimits = false;

  constructor(on: Queryable, plans: Plans) {
    this.#on = on;
    this.#plans = plans;
  }

  /**
   * Whether an instance under limits moved or was created: other instances may get its
   * slots.
   */
  get touchedLimits(): boolean {
    return this.#touchedLimits;
  }

  async lockRuns(ids: readonly number[]): Promise<readonly LockedRun[]> {
    return this.hold(await lockRuns(this.#on, ids));
  }

  /** Takes over runs whose rows this transaction has locked or written. */
  async hold(rows: readonly RunRow[]): Promise<readonly LockedRun[]> {
    for (const row of rows) if (row.generation > 0) this.#cleared.add(row.id);
    const runs = await withPlans(this.#on, this.#plans, rows);
    for (const run of runs) this.#held.set(run.id, run);
    return runs;
  }

  async apply(transitions: readonly Transition[]): Promise<readonly MovedInstance[]> {
    const moved = await applyTransitions(this.#on, transitions);
    if (moved.some((one) => this.#isLimited(one))) this.#touchedLimits = true;
    return moved;
  }

  #isLimited({ runId, taskId }: MovedInstance): boolean {
    const run = this.#held.get(runId);
    const task = this.#task(runId, taskId);
    return run !== undefined && task !== undefined && mayHoldSlots(task.route, run);
  }

  #task(runId: number, taskId: string): PlannedTask | undefined {
    return this.#held.get(runId)?.plan.tasks.get(taskId);
  }

  async storeResults(results: TryResults): Promise<void> {
    const { outputs = [], labels = [], cleared = [], callbacks = [] } = results;
    const { assetUpdates = [], state = [], steps = [] } = results;
    const xcoms = outputs.map((output) => ({ ...output, key: RETURN_VALUE }));
    if (xcoms.length > 0) await putXComs(this.#on, xcoms);
    if (labels.length > 0) await storeLabels(this.#on, labels);
    if (cleared.length > 0) await clearXComs(this.#on, cleared);
    if (callbacks.length > 0) await queueCallbacks(this.#on, callbacks);
    if (assetUpdates.length > 0) await recordAssetEvents(this.#on, assetUpdates);
    if (state.length > 0) await putState(this.#on, state);
    if (steps.length > 0) await putSleepingSteps(this.#on, steps);
  }

  async output(
    runId: number,
    taskId: string,
    mapIndex: number | "all",
  ): Promise<Json | undefined | typeof IN_A_FILE> {
    const found = await (mapIndex === "all"
      ? getXComs(this.#on, [{ runId, taskId }])
      : getOutputsAt(this.#on, [{ runId, taskId, mapIndex }]));
    if (found.some(({ file }) => file !== null)) return IN_A_FILE;
    const values = found.map(({ value }) => value);
    return mapIndex === "all" ? values : values[0];
  }

  endsOf(
    runId: number,
    taskIds: readonly string[],
    mapIndex: number | null,
  ): Promise<ReadonlyMap<string, Counts>> {
    return endsOf(this.#on, runId, taskIds, mapIndex);
  }

  unfinished(runIds: readonly number[]): Promise<readonly InstanceInState[]> {
    return unfinishedInstances(this.#on, runIds);
  }

  instancesOf(
    runId: number,
    taskIds: readonly string[],
    mapIndex: number | null,
  ): Promise<readonly InstanceInState[]> {
    return instancesOf(this.#on, runId, taskIds, mapIndex);
  }

  runDates(runId: number): Promise<RunDates> {
    return runDates(this.#on, runId);
  }

  dependsOnPastMet(waits: readonly DependsOnPastWait[]): Promise<readonly boolean[]> {
    return dependsOnPastMet(this.#on, this.#plans, waits);
  }

  loadCounters(scopes: readonly Scope[]): Promise<readonly TaskCounter[]> {
    return loadCounters(this.#on, scopes);
  }

  groups(instances: readonly InstanceKey[]): Promise<readonly GroupInstance[]> {
    return runningGroups(this.#on, instances);
  }

  beginGroups(range: ItemRange, wait: Wait | undefined): Promise<readonly number[]> {
    return beginGroups(this.#on, range, wait);
  }

  clearWithin(
    group: InstanceKey,
    taskIds: readonly string[],
  ): Promise<readonly (InstanceKey & { readonly state: TaskState })[]> {
    this.#cleared.add(group.runId);
    return clearWithin(this.#on, group, taskIds);
  }

  /** Sends all statements at once: none of them needs the answer to another. */
  async save(decisions: Decisions): Promise<void> {
    const { instances, jobs, releases, counters, runs, dependsOnPast } = decisions;
    this.#assertHeld(counters);
    await together([
      this.#create(instances),
      releaseInstances(this.#on, releases),
      this.#enqueue(jobs),
      saveCounters(this.#on, counters),
      this.#updateRuns(runs),
      this.#saveWaits(dependsOnPast),
    ]);
  }

  async #saveWaits({ ended, waits }: Decisions["dependsOnPast"]): Promise<void> {
    await endDependsOnPastWaits(this.#on, ended);
    await recordDependsOnPastWaits(this.#on, waits);
  }

  async #create(instances: readonly NewInstance[]): Promise<void> {
    if (instances.some(({ route }) => route.reservations.length > 0)) this.#touchedLimits = true;
    const [waiting, others] = partition(instances, ({ wait }) => wait !== undefined);
    const [again, fresh] = partition(others, ({ runId }) => this.#cleared.has(runId));
    const missing = await reviveInstances(this.#on, again);
    await insertInstances(this.#on, [...fresh, ...missing]);
    await insertWaiting(this.#on, waiting);
    await this.#removeSurplus([...again, ...waiting]);
  }

  /**
   * Removes cleared instances that were not created again: their items are no longer in
   * the list.
   */
  async #removeSurplus(created: readonly NewInstance[]): Promise<void> {
    const whole = created.filter(
      ({ runId, taskId }) =>
        this.#cleared.has(runId) && this.#task(runId, taskId)?.mappedGroup === null,
    );
    await removeLeftOver(this.#on, whole);
    const within = whole.flatMap(({ runId, taskId: group }) => {
      const plan = this.#held.get(runId)?.plan;
      return plan && this.#task(runId, group)?.spec.each
        ? allWithin(plan, group).map((taskId) => ({ runId, group, taskId }))
        : [];
    });
    await removeWithin(this.#on, within);
  }

  async #enqueue(jobs: readonly RoutedJob[]): Promise<void> {
    const [limited, free] = partition(jobs, ({ route }) => route.reservations.length > 0);
    if (limited.length > 0) this.#touchedLimits = true;
    await enqueueTries(this.#on, free);
    await requestSlots(this.#on, limited);
  }

  /**
   * Absolute values: another transaction's changes would be lost if it could change the
   * run now.
   */
  #assertHeld(counters: readonly TaskCounter[]): void {
    const stray = counters.find(({ runId }) => !this.#held.has(runId));
    if (stray) throw new Error(`counters of run ${stray.runId} changed, which is not locked`);
  }

  async #updateRuns(runs: Decisions["runs"]): Promise<void> {
    await updateRuns(this.#on, runs);
    const watched = runs.filter(
      ({ id, state }) => state !== "running" && this.#held.get(id)?.plan.isWatched,
    );
    await queueRunCallbacks(
      this.#on,
      watched.map(({ id }) => id),
    );
  }
}

/** Run rows with the plans of their versions. */
async function withPlans(
  on: Queryable,
  plans: Plans,
  rows: readonly RunRow[],
): Promise<readonly LockedRun[]> {
  const versions = await plans.get(
    on,
    rows.map((row) => row.version_id),
  );
  return rows.flatMap((row) => {
    const version = versions.get(row.version_id);
    return version ? [lockedRun(row, version.plan)] : [];
  });
}

function lockedRun(row: RunRow, plan: Plan): LockedRun {
  return {
    ...{ id: row.id, state: row.state, plan, openTasks: row.open_tasks },
    ...{ failedLeaves: row.failed_leaves, warnings: row.warnings },
    isGloballyLimited: row.is_globally_limited,
    isBackfill: row.backfill_id !== null,
    isCalled: row.run_type === "called",
  };
}
