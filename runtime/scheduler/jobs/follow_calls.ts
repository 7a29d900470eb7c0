/**
 * Calls of DAGs that a dead process left behind, and calls whose tasks were ended:
 * creates the runs of new calls, ends the waits for runs that have ended, and cancels
 * runs that no task waits for any more. Every second.
 */
import type { Job } from "../../service/loop.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database } from "../../store/database/database.ts";
import { endCalls } from "../../transactions/end_calls.ts";
import { leaveCalls } from "../../transactions/leave_calls.ts";
import { makeCalls } from "../../transactions/make_calls.ts";
import { afterAll } from "../../transactions/run_ends.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** @returns how many transactions ended calls, and how many runs were cancelled */
export async function followCalls(db: Database, plans: Plans): Promise<number> {
  const made = await makeCalls(db, plans);
  await afterAll(db, plans, made);
  const ended = await endCalls(db, plans);
  await afterAll(db, plans, ended);
  return made.length + ended.length + (await leaveCalls(db, plans));
}

export const followCallsJob = ({ db, plans }: JobContext): Job => ({
  name: "follow_calls",
  everyMs: OFTEN_MS,
  runOnce: () => followCalls(db, plans),
});
