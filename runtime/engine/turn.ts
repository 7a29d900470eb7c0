/** A task's turn: what beside its rule decides whether it has one, asked of the run's dates. Tasks without such conditions ask nothing. */
import { isLatest } from "../timetable/latest.ts";
import type { PlannedTask } from "./plan.ts";
import type { EngineTx, LockedRun } from "./store.ts";

/** Why a task has no part in a run: the run lies before its startDate or after its endDate. Undefined when it has. */
export async function outsideOfDates(
  tx: EngineTx,
  { id }: LockedRun,
  { spec: { startDate = null, endDate = null } }: PlannedTask,
): Promise<string | undefined> {
  if (startDate === null && endDate === null) return undefined;
  const { logicalDate } = await tx.runDates(id);
  if (startDate !== null && logicalDate < new Date(startDate)) return `the run lies before its startDate ${startDate}`;
  return endDate !== null && logicalDate > new Date(endDate) ? `the run lies after its endDate ${endDate}` : undefined;
}

/** Decides a latest-only task, here and without a worker, for only the engine knows the schedule; stored as its output like any decision. */
export async function decideLatest(tx: EngineTx, { id: runId, plan }: LockedRun, { spec: { taskId } }: PlannedTask): Promise<boolean> {
  const { now, ...dates } = await tx.runDates(runId);
  const latest = isLatest(plan.spec.schedules, dates, now);
  await tx.storeOutputs([{ runId, taskId, mapIndex: -1, json: JSON.stringify(latest), file: null }]);
  return latest;
}
