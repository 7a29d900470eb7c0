/**
 * Clears tasks, so that they run again. A run that had ended waits for capacity under its
 * DAG's maxActiveRuns, then goes on.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Plan } from "../engine/plan/plan.ts";
import { planOf } from "../engine/plan/plan_of.ts";
import { withSetups } from "../engine/plan/with_setups.ts";
import type { EngineTx } from "../engine/store.ts";
import { audit } from "../store/access/audit.ts";
import type { CodeChoice } from "../store/backfills/backfill.ts";
import { getDag } from "../store/dags/dag.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { type SelectedInstance, selectInstances } from "../store/instances/instance_selection.ts";
import { runsBetweenDates } from "../store/runs/named_run.ts";
import { idleGroupsAround } from "../transactions/clear_groups.ts";
import { clearInstances, instanceName, reopenRun } from "../transactions/clear_run.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterChange } from "../transactions/run_ends.ts";
import { type CodedRun, findRun, selectTasks, specOf, type TaskSelection } from "./run_tasks.ts";
import { dateOf } from "./trigger.ts";
import { unknownDag } from "./unknown.ts";

/** What to clear: tasks of one run, or of a DAG's runs in a range of logical dates. */
export interface ClearSelection extends TaskSelection {
  readonly of:
    | { readonly run: number }
    | { readonly dagId: string; readonly from?: string; readonly to?: string };
  /** One item of a mapped task; needs taskId. */
  readonly mapIndex?: number;
  /**
   * Only instances that failed, or that could not run because an upstream task failed.
   * Default false.
   */
  readonly onlyFailed?: boolean;
  /** `"latest"`: the runs get the version that is deployed now. Default `"original"`. */
  readonly code?: CodeChoice;
}

export interface ClearRequest extends ClearSelection {
  readonly actor: string;
}

/** What a clear does, or would do, to one run. */
export interface ClearedRun {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  readonly instances: readonly Pick<
    SelectedInstance,
    "taskId" | "mapIndex" | "state" | "tryNumber"
  >[];
}

/** Most runs cleared at once. */
const MOST_RUNS = 1_000;

/**
 * Lists what {@link clearRuns} would clear, and changes nothing.
 * @throws DagsmithError as clearRuns does
 */
export async function previewClear(
  db: Database,
  selection: ClearSelection,
): Promise<readonly ClearedRun[]> {
  const previews: ClearedRun[] = [];
  for (const id of await targets(db, selection)) {
    const { run, plan, instances } = await look(db, id, selection, { held: false });
    if (isWorth(run, instances, selection))
      previews.push(shown(run, [...instances, ...(await idleGroupsAround(db, plan, instances))]));
  }
  return previews.length > 0 ? previews : nothing(selection);
}

/**
 * Clears tasks of runs, with their setups and teardowns. The tries of an instance stay in
 * its history, its XComs are deleted, and it gets as many retries as a new instance. Each
 * run is cleared completely or not at all.
 * @throws DagsmithError UNKNOWN_DAG, UNKNOWN_RUN, UNKNOWN_TASK, INVALID_DATE,
 *   NOTHING_TO_CLEAR; CLEAR_RUNNING when an instance of them runs, RUN_RUNNING when the
 *   version of a running run would change
 */
export async function clearRuns(
  db: Database,
  request: ClearRequest,
): Promise<readonly ClearedRun[]> {
  const looked = await previewClear(db, request);
  const plans = new Plans();
  const cleared: ClearedRun[] = [];
  for (const { id } of looked) {
    const one = await runEngineTransaction(db, plans, (tx, on) => clearOne(on, tx, id, request));
    if (one) cleared.push(one);
  }
  // Also runs that another request cleared at the same time: while we held their lock,
  // they could not start.
  await afterChange(db, plans, [...new Set(looked.map(({ dagId }) => dagId))]);
  return cleared;
}

async function clearOne(
  on: Queryable,
  tx: EngineTx,
  id: number,
  request: ClearRequest,
): Promise<ClearedRun | undefined> {
  const { run, plan, instances: selected, versionId } = await look(on, id, request, { held: true });
  if (!isWorth(run, selected, request)) return undefined;
  const instances = await clearInstances(on, run.runId, plan, selected);
  await reopenRun(on, tx, id, { versionId, params: undefined });
  const { taskId, code = "original", actor } = request;
  const detail = {
    instances: instances.length,
    first: instances.slice(0, 20).map(instanceName),
    task: taskId ?? null,
    code,
  };
  await audit(on, { actor, action: "clear", dagId: run.dagId, runId: run.runId, detail });
  return shown(run, instances);
}

/**
 * A run, the instances to clear, and the version that it would get; null for its own
 * version.
 */
async function look(
  tx: Queryable,
  id: number,
  selection: ClearSelection,
  { held }: { readonly held: boolean },
): Promise<{
  readonly run: CodedRun;
  readonly plan: Plan;
  readonly instances: readonly SelectedInstance[];
  readonly versionId: number | null;
}> {
  const run = await findRun(tx, id, { held });
  const versionId = selection.code === "latest" ? await latestVersion(tx, run) : null;
  const spec = versionId === null ? run.spec : ((await specOf(tx, versionId)) ?? run.spec);
  const { mapIndex = null, onlyFailed = false } = selection;
  const plan = planOf(spec);
  const selected = await selectInstances(tx, id, {
    taskIds: withSetups(plan, selectTasks(plan, selection)),
    mapIndex,
    onlyFailed,
  });
  // A running group instance goes on running: its tasks decide its state.
  const instances = selected.filter(
    ({ taskId, state }) => !(state === "running" && plan.tasks.get(taskId)?.members.length),
  );
  const running = instances.find(({ state }) => state === "running");
  if (running)
    throw new DagsmithError("CLEAR_RUNNING", { instances: instanceName(running), run: run.runId });
  return { run, plan, instances, versionId };
}

async function latestVersion(
  tx: Queryable,
  { dagId, runId, state, versionId }: CodedRun,
): Promise<number> {
  if (state === "running") throw new DagsmithError("RUN_RUNNING", { run: runId });
  return (await getDag(tx, dagId))?.versionId ?? versionId;
}

/**
 * A run that ended before any task started has no instance. When it is cleared as a
 * whole, it runs nevertheless.
 */
function isWorth(
  { state }: CodedRun,
  instances: readonly SelectedInstance[],
  { taskId, onlyFailed }: ClearSelection,
): boolean {
  return (
    instances.length > 0 ||
    ((state === "success" || state === "failed") && taskId === undefined && !onlyFailed)
  );
}

function shown({ id, dagId, runId }: CodedRun, instances: readonly SelectedInstance[]): ClearedRun {
  return {
    ...{ id, dagId, runId },
    instances: instances.map(({ taskId, mapIndex, state, tryNumber }) => ({
      taskId,
      mapIndex,
      state,
      tryNumber,
    })),
  };
}

async function targets(db: Queryable, { of }: ClearSelection): Promise<readonly number[]> {
  if ("run" in of) return [of.run];
  const dag = await getDag(db, of.dagId);
  const spec = dag && (await specOf(db, dag.versionId));
  if (!spec) throw unknownDag(of.dagId);
  const bound = (text: string | undefined): Date | null =>
    text === undefined ? null : dateOf(text, spec.timezone);
  const ids = await runsBetweenDates(
    db,
    of.dagId,
    { from: bound(of.from), to: bound(of.to) },
    MOST_RUNS + 1,
  );
  if (ids.length > MOST_RUNS)
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "range",
      reason: `it has more than ${MOST_RUNS} runs`,
    });
  return ids;
}

function nothing({ onlyFailed }: ClearSelection): never {
  throw new DagsmithError("NOTHING_TO_CLEAR", {
    reason: onlyFailed ? "no instance failed" : "it has no instance yet",
  });
}
