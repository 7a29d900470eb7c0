/**
 * Resumes runs whose instances people changed: their counters are rebuilt from the
 * instances, and the tasks that may run are instantiated.
 */
import { resumeRebuilt } from "../engine/advance/resume_run.ts";
import { RunView } from "../engine/advance/run_view.ts";
import { tasksByIndex } from "../engine/counts/instance_states.ts";
import { type Rebuilt, rebuild } from "../engine/counts/rebuild.ts";
import { isLimited } from "../engine/limits/limits.ts";
import { plannedTask } from "../engine/plan/plan.ts";
import type { EngineTx, LockedRun } from "../engine/store.ts";
import type { Queryable } from "../store/database/database.ts";
import { stateCounts } from "../store/instances/instance_states.ts";
import { instancesWithoutRequest } from "../store/limits/slot_request.ts";

interface RebuiltRun {
  readonly run: LockedRun;
  readonly rebuilt: Rebuilt;
}

/**
 * Resumes runs that are running.
 * @returns the runs that ended at once, because no task is left to run
 */
export async function resumeRuns(
  on: Queryable,
  tx: EngineTx,
  ids: readonly number[],
): Promise<readonly number[]> {
  if (ids.length === 0) return [];
  const runs = await tx.lockRuns(ids);
  const states = await stateCounts(
    on,
    ids,
    runs.flatMap(({ plan }) => tasksByIndex(plan)),
  );
  const rebuilt = runs.map((run) => ({ run, rebuilt: rebuild(run, states.get(run.id) ?? []) }));
  const view = new RunView(tx, runs);
  await resumeRebuilt(
    view,
    rebuilt.map((one) => ({ runId: one.run.id, rebuilt: one.rebuilt })),
  );
  for (const one of await instancesWithoutRequest(on, rebuilt.flatMap(limitedTasks)))
    view.enqueue({ ...one, inMs: 0 }, one);
  return view.save();
}

/**
 * Tasks under limits with items that wait: an item that was cleared has no slot request.
 */
function limitedTasks({
  run,
  rebuilt,
}: RebuiltRun): readonly { readonly runId: number; readonly taskId: string }[] {
  return rebuilt.counters.flatMap(({ counter: { runId, taskId }, waiting }) =>
    waiting > 0 && isLimited(plannedTask(run.plan, taskId).route, run) ? [{ runId, taskId }] : [],
  );
}
