/** Finds and checks the runs and tasks that a request names. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { besides, downstreamOf, spread } from "../engine/plan/downstream.ts";
import { allWithin } from "../engine/plan/graph.ts";
import type { Plan } from "../engine/plan/plan.ts";
import type { RunState } from "../state/run_state.ts";
import { getVersions } from "../store/dags/dag_version.ts";
import type { Queryable } from "../store/database/database.ts";
import { holdRuns, type NamedRun, seeRuns } from "../store/runs/named_run.ts";

/** A run with its version of the DAG. */
export interface CodedRun extends NamedRun {
  readonly spec: DagSpec;
  readonly state: RunState;
}

/**
 * A run. When it is to be changed, this transaction locks its row.
 * @throws DagsmithError UNKNOWN_RUN
 */
export async function findRun(
  tx: Queryable,
  id: number,
  { held }: { readonly held: boolean },
): Promise<CodedRun> {
  const [run] = await (held ? holdRuns : seeRuns)(tx, [id]);
  const spec = run && (await specOf(tx, run.versionId));
  if (!run || !spec) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  return { ...run, spec };
}

export async function specOf(db: Queryable, versionId: number): Promise<DagSpec | undefined> {
  return (await getVersions(db, [versionId]))[0]?.spec;
}

/** Which tasks of a run are selected. */
export interface TaskSelection {
  /** Default: all. */
  readonly taskId?: string;
  /** Also all tasks upstream, direct or not. */
  readonly upstream?: boolean;
  /** Also all tasks downstream, direct or not. */
  readonly downstream?: boolean;
}

/**
 * The ids of the selected tasks, in topological order.
 * @throws DagsmithError UNKNOWN_TASK
 */
export function selectTasks(
  plan: Plan,
  { taskId, upstream = false, downstream = false }: TaskSelection,
): readonly string[] {
  const ids = [...plan.tasks.keys()];
  if (taskId === undefined) return ids;
  if (!ids.includes(taskId))
    throw new DagsmithError("UNKNOWN_TASK", {
      task: taskId,
      dag: plan.dagId,
      tasks: ids.slice(0, 20).join(", "),
    });
  const chosen = new Set([taskId]);
  if (upstream)
    spread(chosen, taskId, (id) =>
      besides(plan, id, (one) => plan.tasks.get(one)?.spec.upstream ?? []),
    );
  if (downstream) for (const id of downstreamOf(plan, taskId)) chosen.add(id);
  // A group selects all its tasks.
  for (const id of chosen) for (const inner of allWithin(plan, id)) chosen.add(inner);
  return ids.filter((id) => chosen.has(id));
}
