/** Which instances of which runs a clear means. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Plan } from "../engine/plan/plan.ts";
import { withSetups } from "../engine/plan/with_setups.ts";
import type { CodeChoice } from "../store/backfills/backfill.ts";
import { getDag } from "../store/dags/dag.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Queryable } from "../store/database/database.ts";
import { type SelectedInstance, selectInstances } from "../store/instances/instance_selection.ts";
import { holdRuns, type NamedRun, runsBetweenDates, seeRuns } from "../store/runs/named_run.ts";
import { instanceName, type RunToClear } from "../transactions/clear_run.ts";
import { withHeldBack } from "../transactions/held_back.ts";
import { selectTasks, specOf, type TaskSelection } from "./run_tasks.ts";
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

/** Most runs cleared at once. */
const MOST_RUNS = 1_000;

/** The ids of the selected runs, in the order of their logical dates. */
export async function selectRuns(
  db: Queryable,
  { of }: ClearSelection,
): Promise<readonly number[]> {
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

/** A run, and its instances to clear. */
export interface SelectedRun extends RunToClear {
  readonly run: NamedRun;
  /** The version that the run would get; null: it keeps its own. */
  readonly versionId: number | null;
}

/**
 * The instances of runs to clear, read for all runs together. Runs of which a clear would
 * change nothing are missing.
 * @param held whether this transaction locks the runs
 * @throws DagsmithError UNKNOWN_RUN, UNKNOWN_TASK, RUN_RUNNING, CLEAR_RUNNING
 */
export async function selectToClear(
  on: Queryable,
  plans: Plans,
  ids: readonly number[],
  selection: ClearSelection,
  { held }: { readonly held: boolean },
): Promise<readonly SelectedRun[]> {
  const found = await (held ? holdRuns : seeRuns)(on, ids);
  const runs = await withPlans(on, plans, inOrderOf(ids, found, selection), selection);
  const tasksOf = new Map(
    runs.map(({ run, plan }) => [run.id, new Set(withSetups(plan, selectTasks(plan, selection)))]),
  );
  const { mapIndex = null, onlyFailed = false } = selection;
  // Versions may differ in their tasks, so each run gets its own out of those of all.
  const taskIds = [...new Set([...tasksOf.values()].flatMap((tasks) => [...tasks]))];
  const selected = await selectInstances(on, ids, { taskIds, mapIndex, onlyFailed });
  const byRun = Map.groupBy(selected, ({ runId }) => runId);
  const cleared = runs.map((one) => {
    const own = (byRun.get(one.run.id) ?? []).filter(({ taskId }) =>
      tasksOf.get(one.run.id)?.has(taskId),
    );
    return { ...one, instances: clearable(one, own) };
  });
  return (await withHeldBack(on, cleared)).filter((one) => isWorth(one, selection));
}

/** Runs of a range may be deleted meanwhile; a run that a person names must exist. */
function inOrderOf(
  ids: readonly number[],
  found: readonly NamedRun[],
  { of }: ClearSelection,
): readonly NamedRun[] {
  if (found.length === 0 && "run" in of) throw new DagsmithError("UNKNOWN_RUN", { run: of.run });
  const byId = new Map(found.map((run) => [run.id, run]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

type PlannedRun = Omit<SelectedRun, "instances">;

/** The runs with the plans of the versions that they would have after the clear. */
async function withPlans(
  on: Queryable,
  plans: Plans,
  runs: readonly NamedRun[],
  { code }: ClearSelection,
): Promise<readonly PlannedRun[]> {
  const latest = code === "latest" ? await latestVersion(on, runs) : null;
  const wanted = runs.map((run) => latest ?? run.versionId);
  const versions = await plans.get(on, wanted);
  return runs.map((run, at) => {
    const version = versions.get(wanted[at] ?? run.versionId);
    if (!version) throw new DagsmithError("UNKNOWN_RUN", { run: run.id });
    return { run, plan: version.plan, versionId: latest };
  });
}

/** The deployed version of the DAG of these runs; null when it is removed. */
async function latestVersion(on: Queryable, runs: readonly NamedRun[]): Promise<number | null> {
  const running = runs.find(({ state }) => state === "running");
  if (running) throw new DagsmithError("RUN_RUNNING", { run: running.runId });
  const [first] = runs;
  return (first && (await getDag(on, first.dagId))?.versionId) ?? null;
}

/** A running group instance goes on running: its tasks decide its state. */
function clearable(
  { run, plan }: PlannedRun,
  selected: readonly SelectedInstance[],
): readonly SelectedInstance[] {
  const instances = selected.filter(
    ({ taskId, state }) => !(state === "running" && isGroup(plan, taskId)),
  );
  const running = instances.find(({ state }) => state === "running");
  if (running)
    throw new DagsmithError("CLEAR_RUNNING", { instances: instanceName(running), run: run.runId });
  return instances;
}

function isGroup(plan: Plan, taskId: string): boolean {
  return (plan.tasks.get(taskId)?.members.length ?? 0) > 0;
}

/**
 * A run that ended before any task started has no instance. When it is cleared as a
 * whole, it runs nevertheless.
 */
function isWorth({ run, instances }: SelectedRun, { taskId, onlyFailed }: ClearSelection): boolean {
  const { state } = run;
  return (
    instances.length > 0 ||
    ((state === "success" || state === "failed") && taskId === undefined && !onlyFailed)
  );
}
