/** Marks a task or a run: a person decides its final state. */
import { DagsmithError } from "../../sdk/errors.ts";
import { partition } from "../../sdk/list.ts";
import { UNROUTED } from "../engine/limits/limits.ts";
import { downstreamOf } from "../engine/plan/downstream.ts";
import { type Plan, shareMapIndex } from "../engine/plan/plan.ts";
import { planOf } from "../engine/plan/plan_of.ts";
import { endFromOutside } from "../engine/results/callbacks.ts";
import type { EngineTx, NewInstance } from "../engine/store.ts";
import { isFinal, type Mark } from "../state/task_state.ts";
import { mark } from "../state/transition.ts";
import { audit } from "../store/access/audit.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { type SelectedInstance, selectInstances } from "../store/instances/instance_selection.ts";
import { reviveInstances } from "../store/instances/recreate.ts";
import { insertInstances } from "../store/instances/task_instance.ts";
import { markRunRow } from "../store/runs/end_run.ts";
import { idleGroupsAround } from "../transactions/clear_groups.ts";
import { clearInstances, reopenRuns } from "../transactions/clear_run.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterChange } from "../transactions/run_ends.ts";
import { cancelRun } from "./cancel.ts";
import { type CodedRun, findRun, selectTasks } from "./run_tasks.ts";
import { stateCounts } from "./state_counts.ts";

export interface MarkTaskRequest {
  /** The run's number. */
  readonly id: number;
  readonly taskId: string;
  /** One item of a mapped task. Default: all. */
  readonly mapIndex?: number;
  readonly to: Mark;
  readonly actor: string;
}

/**
 * Sets the final state of a task, whatever its state. A later result of its worker is
 * refused. Downstream tasks that failed, or could not run because of it, are decided
 * again, and so is the state of the run.
 * @returns how many instances were marked
 * @throws DagsmithError UNKNOWN_RUN, UNKNOWN_TASK, UNKNOWN_INSTANCE; CLEAR_RUNNING when a
 *   task that would be decided again runs
 */
export async function markTask(db: Database, request: MarkTaskRequest): Promise<number> {
  const plans = new Plans();
  const { dagId, marked } = await runEngineTransaction(db, plans, async (tx, on) => {
    const run = await findRun(on, request.id, { held: true });
    return {
      dagId: run.dagId,
      marked: await markOne({ on, tx, run, plan: planOf(run.spec) }, request),
    };
  });
  await afterChange(db, plans, [dagId]);
  return marked;
}

/** What a mark does, or would do. */
export interface MarkPreview {
  /** The instances that get the state; none when the task has no instance yet. */
  readonly marked: readonly MarkedInstance[];
  /** The group instances around them that fail with the task in them. */
  readonly around: readonly MarkedInstance[];
  /** Instances that are decided again because of it. */
  readonly resumed: readonly MarkedInstance[];
}

type MarkedInstance = Pick<SelectedInstance, "taskId" | "mapIndex" | "state" | "tryNumber">;

/**
 * Lists what {@link markTask} would do, and changes nothing.
 * @throws DagsmithError UNKNOWN_RUN, UNKNOWN_TASK, UNKNOWN_INSTANCE
 */
export async function previewMark(
  db: Database,
  request: Omit<MarkTaskRequest, "actor">,
): Promise<MarkPreview> {
  const run = await findRun(db, request.id, { held: false });
  const at = { on: db, run, plan: planOf(run.spec) };
  const instances = await instancesOf(at, request);
  const { around, resumed } = await reachOf(at, request, instances);
  return {
    marked: instances.map(shown),
    around: request.to === "failed" ? around.map(shown) : [],
    resumed: resumed.map(shown),
  };
}

const shown = ({ taskId, mapIndex, state, tryNumber }: SelectedInstance): MarkedInstance => ({
  ...{ taskId, mapIndex, state, tryNumber },
});

type Target = Omit<MarkTaskRequest, "actor">;

async function markOne(hold: Hold, request: MarkTaskRequest): Promise<number> {
  const { on, tx, run } = hold;
  const { taskId, to, actor } = request;
  const reason = `marked ${to} by ${actor}`;
  const instances = await instancesOf(hold, request);
  await declare(hold, instances, [taskId], to, reason);
  const { around, resumed } = await reachOf(hold, request, instances);
  if (to === "failed") await declare(hold, around, [], to, reason);
  await clearInstances(on, [{ run, plan: hold.plan, instances: resumed }]);
  await reopenRuns(on, tx, [{ id: run.id, versionId: null, params: undefined }]);
  const marked = Math.max(1, instances.length);
  const detail = { task: taskId, to, instances: marked, resumed: resumed.length };
  const states = instances.length === 0 ? ["none"] : instances.map(({ state }) => state);
  const change = { before: stateCounts(states), after: { [to]: marked } };
  const entry = { actor, dagId: run.dagId, runId: run.runId, detail };
  await audit(on, { ...entry, action: "mark task", ...change });
  return marked;
}

/** The instances that get the state; none when the task has no instance yet. */
async function instancesOf(
  { on, run, plan }: Omit<Hold, "tx">,
  { taskId, mapIndex: item }: Target,
): Promise<readonly SelectedInstance[]> {
  const mapIndex = item ?? null;
  const taskIds = selectTasks(plan, { taskId });
  const instances = await selectInstances(on, [run.id], { taskIds, mapIndex, onlyFailed: false });
  // A task of a mapped group has one instance for each map index, and none for all of
  // them.
  const isPart = mapIndex !== null || plan.tasks.get(taskId)?.mappedGroup !== null;
  if (instances.length === 0 && isPart)
    throw new DagsmithError("UNKNOWN_INSTANCE", {
      instance: mapIndex === null ? taskId : `${taskId}[${mapIndex}]`,
    });
  return instances;
}

/**
 * The group instances around the marked instances, and all instances that are decided
 * again. A group instance is decided again, or fails with the task in it that is marked
 * failed.
 */
async function reachOf(
  { on, run, plan }: Omit<Hold, "tx">,
  { taskId, mapIndex, to }: Target,
  instances: readonly SelectedInstance[],
): Promise<{
  readonly around: readonly SelectedInstance[];
  readonly resumed: readonly SelectedInstance[];
}> {
  const around = await idleGroupsAround(on, [{ plan, instances }]);
  const after = await failedAfter(on, run.id, plan, taskId, mapIndex ?? null);
  return { around, resumed: [...(to === "failed" ? [] : around), ...after] };
}

/**
 * Downstream tasks that failed, or could not run. Within its mapped group, only at its
 * map index.
 */
async function failedAfter(
  on: Queryable,
  runId: number,
  plan: Plan,
  taskId: string,
  mapIndex: number | null,
): Promise<readonly SelectedInstance[]> {
  const after = [...downstreamOf(plan, taskId)];
  const [beside, others] = partition(after, (id) => shareMapIndex(plan, taskId, id));
  return [
    ...(await selectInstances(on, [runId], { taskIds: beside, mapIndex, onlyFailed: true })),
    ...(await selectInstances(on, [runId], { taskIds: others, mapIndex: null, onlyFailed: true })),
  ];
}

/** A run that this transaction has locked. */
interface Hold {
  readonly on: Queryable;
  readonly tx: EngineTx;
  readonly run: CodedRun;
  readonly plan: Plan;
}

/**
 * Moves instances that exist, and calls back those that had not ended. Tasks without an
 * instance get one.
 */
async function declare(
  { on, tx, run, plan }: Hold,
  instances: readonly SelectedInstance[],
  taskIds: readonly string[],
  to: Mark,
  reason: string,
): Promise<void> {
  const runId = run.id;
  const [ended, open] = partition(instances, ({ state }) => isFinal(state));
  await tx.apply(ended.map((one) => mark(one, to, reason)));
  const ends = open.map((one) => ({ was: one.state, transition: mark(one, to, reason) }));
  await endFromOutside(tx, [{ id: runId, plan }], ends);
  const known = new Set(instances.map(({ taskId }) => taskId));
  const made = taskIds
    .filter((taskId) => !known.has(taskId))
    .map(
      (taskId): NewInstance => ({
        runId,
        taskId,
        mapIndex: -1,
        state: to,
        item: null,
        reason,
        error: null,
        route: UNROUTED,
      }),
    );
  await insertInstances(on, await reviveInstances(on, made));
}

export interface MarkRunRequest {
  /** The run's number. */
  readonly id: number;
  readonly to: "success" | "failed";
  readonly actor: string;
  /** Why; shown on the run and kept in the audit. */
  readonly reason?: string;
}

/**
 * Sets the final state of a run. Marking it success marks all its tasks success. Marking
 * it failed cancels an unfinished run; in a finished run the tasks stay as they are.
 * @throws DagsmithError UNKNOWN_RUN, RUN_FINISHED when it ended in that state
 */
export async function markRun(
  db: Database,
  { id, to, actor, reason: why }: MarkRunRequest,
): Promise<void> {
  const reason = `marked ${to} by ${actor}${why ? `: ${why}` : ""}`;
  const plans = new Plans();
  const done = await runEngineTransaction(db, plans, async (tx, on) => {
    const run = await findRun(on, id, { held: true });
    if (run.state === to)
      throw new DagsmithError("RUN_FINISHED", { run: run.runId, state: run.state });
    const isActive = run.state === "queued" || run.state === "running";
    if (to === "failed" && isActive) return false;
    if (to === "success") {
      const plan = planOf(run.spec);
      const taskIds = selectTasks(plan, {});
      const tops = run.spec.tasks
        .filter(({ parentGroup }) => parentGroup === undefined)
        .map(({ taskId }) => taskId);
      const instances = await selectInstances(on, [id], {
        taskIds,
        mapIndex: null,
        onlyFailed: false,
      });
      await declare({ on, tx, run, plan }, instances, tops, to, reason);
    }
    await markRunRow(on, id, to, reason);
    await audit(on, {
      actor,
      action: "mark run",
      dagId: run.dagId,
      runId: run.runId,
      detail: why ? { to, reason: why } : { to },
      ...{ before: { state: run.state }, after: { state: to } },
    });
    return run.dagId;
  });
  if (done === false)
    await cancelRun(db, { id, actor, reason: why ? `marked failed: ${why}` : "marked failed" });
  else await afterChange(db, plans, [done]);
}
