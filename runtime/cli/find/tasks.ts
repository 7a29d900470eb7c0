/** Finds the task, and its instance, that a user names. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { mappedTaskIds } from "../../engine/plan/plan_of.ts";
import type { Queryable } from "../../store/database/database.ts";
import { getInstance, type InstanceRow } from "../../store/reads/instances.ts";
import { findRunSpec, type RunDetail } from "../../store/reads/runs.ts";
import { wrongUsage } from "../command.ts";
import { nearest } from "./nearest.ts";

/**
 * @throws DagsmithError UNKNOWN_TASK, with the names of all tasks, the most similar one
 *   first
 */
export async function needTask(
  db: Queryable,
  run: RunDetail,
  taskId: string,
): Promise<{ readonly isMapped: boolean }> {
  const spec = await findRunSpec(db, run.id);
  const specs = spec?.tasks ?? [];
  if (spec && specs.some((task) => task.taskId === taskId))
    return { isMapped: mappedTaskIds(spec).has(taskId) };
  const ids = specs.map((task) => task.taskId);
  const near = nearest(taskId, ids);
  const named = [...(near ? [near] : []), ...ids.filter((id) => id !== near)];
  const tasks =
    named.length > 20
      ? `${named.slice(0, 20).join(", ")} and ${named.length - 20} more`
      : named.join(", ");
  throw new DagsmithError("UNKNOWN_TASK", { task: taskId, dag: run.dagId, tasks });
}

/**
 * The instance of a task; null when it was not created yet.
 * @throws DagsmithError UNKNOWN_TASK, INVALID_ARGUMENT for a mapped task without its
 *   index
 */
export async function findTaskInstance(
  db: Queryable,
  run: RunDetail,
  taskId: string,
  mapIndex: number | undefined,
): Promise<InstanceRow | null> {
  const { isMapped } = await needTask(db, run, taskId);
  if (isMapped && mapIndex === undefined)
    wrongUsage(
      "--map-index",
      `"${taskId}" is mapped; choose an instance (dag tasks ${run.id} --task ${taskId} lists them)`,
    );
  return (await getInstance(db, run.id, taskId, mapIndex ?? -1)) ?? null;
}
