/**
 * Cancels the runs of calls whose tasks no longer wait for them: a person, a time limit
 * or a failure elsewhere ended the task.
 */
import { partition } from "../../sdk/list.ts";
import type { LockedRun } from "../engine/store.ts";
import { auditAll } from "../store/access/audit.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { seeRuns } from "../store/runs/named_run.ts";
import { endCallRows, type LeftCall, leftCalls } from "../store/waits/task_call.ts";
import { grantSlots, runEngineTransaction } from "./engine_tx.ts";
import { afterChange } from "./run_ends.ts";
import { stopRuns } from "./stop_runs.ts";

/** Calls of one transaction: it locks their runs. */
const BATCH = 50;

/**
 * Ends the calls that their tasks have left, and cancels their runs. The calls of those
 * runs are left in turn, so it looks again until there are none.
 * @returns how many runs were cancelled
 */
export async function leaveCalls(db: Database, plans: Plans): Promise<number> {
  let cancelled = 0;
  for (;;) {
    const left = await leftCalls(db, BATCH);
    if (left.length === 0) return cancelled;
    const [active, over] = partition(left, ({ isActive }) => isActive);
    await endCallRows(db, over);
    if (active.length > 0) cancelled += await leave(db, plans, active);
  }
}

async function leave(db: Database, plans: Plans, calls: readonly LeftCall[]): Promise<number> {
  const callOf = new Map(calls.map((call) => [call.calledRunId, call]));
  const stopped = await runEngineTransaction(db, plans, async (tx, on) => {
    const runs = await tx.lockRuns(calls.flatMap(({ calledRunId }) => calledRunId ?? []));
    const stopped = await stopRuns(
      tx,
      on,
      runs.map((run) => ({ run, reason: reasonOf(run, callOf) })),
    );
    await endCallRows(on, calls);
    const ids = stopped.map(({ run }) => run.id);
    const reasons = new Map(stopped.map(({ run, reason }) => [run.id, reason]));
    await auditAll(
      on,
      (await seeRuns(on, ids)).map(({ id, dagId, runId }) => ({
        ...{ actor: "scheduler", action: "cancel", dagId, runId },
        detail: { reason: reasons.get(id) ?? null },
      })),
    );
    return stopped;
  });
  await afterChange(db, plans, [...new Set(stopped.map(({ run }) => run.plan.dagId))]);
  await grantSlots(db, plans);
  return stopped.length;
}

function reasonOf({ id }: LockedRun, calls: ReadonlyMap<number | null, LeftCall>): string {
  const call = calls.get(id);
  return `cancelled with task "${call?.taskId}" of run ${call?.callerRunId}, which called it`;
}
