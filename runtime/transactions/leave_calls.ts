/**
 * Cancels the runs of calls whose tasks no longer wait for them: a person, a time limit
 * or a failure elsewhere ended the task.
 */
import type { EngineTx, LockedRun } from "../engine/store.ts";
import { auditAll } from "../store/access/audit.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { lockFreeRuns } from "../store/runs/dag_run.ts";
import { seeRuns } from "../store/runs/named_run.ts";
import { endCallRows, type LeftCall, leftCalls, lockFreeCalls } from "../store/waits/task_call.ts";
import { grantSlots, runEngineTransaction } from "./engine_tx.ts";
import { afterChange } from "./run_ends.ts";
import { type RunToStop, stopRuns } from "./stop_runs.ts";

/** Calls of one transaction: it locks their runs. */
const BATCH = 50;

/** What a pass over the left calls did. */
interface LeftCalls {
  readonly ended: number;
  /** How many runs it cancelled. */
  readonly cancelled: number;
}

/**
 * Ends the calls that their tasks have left, and cancels their runs. The calls of those
 * runs are left in turn, so it looks again until there are none. A call is left for the
 * next pass while another transaction holds it or its run.
 * @returns how many runs were cancelled
 */
export async function leaveCalls(db: Database, plans: Plans): Promise<number> {
  for (let cancelled = 0; ; ) {
    const pass = await leaveOnce(db, plans);
    cancelled += pass.cancelled;
    if (pass.ended === 0) return cancelled;
  }
}

async function leaveOnce(db: Database, plans: Plans): Promise<LeftCalls> {
  const all = { ended: 0, cancelled: 0 };
  for (let after = 0; ; ) {
    const calls = await leftCalls(db, { limit: BATCH, after });
    if (calls.length === 0) return all;
    const { ended, cancelled } = await leave(db, plans, calls);
    all.ended += ended;
    all.cancelled += cancelled;
    after = calls.at(-1)?.instanceId ?? after;
  }
}

async function leave(db: Database, plans: Plans, calls: readonly LeftCall[]): Promise<LeftCalls> {
  const { ended, stopped } = await runEngineTransaction(db, plans, async (tx, on) => {
    const free = await freeCalls(on, calls);
    const stopped = await stopCalled(tx, on, free.filter(isActive));
    await endCallRows(on, free);
    return { ended: free.length, stopped };
  });
  if (stopped.length === 0) return { ended, cancelled: 0 };
  await afterChange(db, plans, [...new Set(stopped.map(({ run }) => run.plan.dagId))]);
  await grantSlots(db, plans);
  return { ended, cancelled: stopped.length };
}

const isActive = (call: LeftCall): boolean => call.isActive;

/** Locks the runs to cancel, and the calls. @returns the calls that are free */
async function freeCalls(on: Queryable, calls: readonly LeftCall[]): Promise<readonly LeftCall[]> {
  const runs = await lockFreeRuns(
    on,
    calls.filter(isActive).flatMap(({ calledRunId }) => calledRunId ?? []),
  );
  const free = await lockFreeCalls(on, calls);
  return calls.filter(
    (call) => free.has(call.instanceId) && (!call.isActive || runs.has(call.calledRunId ?? 0)),
  );
}

async function stopCalled(
  tx: EngineTx,
  on: Queryable,
  calls: readonly LeftCall[],
): Promise<readonly RunToStop[]> {
  const callOf = new Map(calls.map((call) => [call.calledRunId, call]));
  const runs = await tx.lockRuns(calls.flatMap(({ calledRunId }) => calledRunId ?? []));
  const stopped = await stopRuns(
    tx,
    on,
    runs.map((run) => ({ run, reason: reasonOf(run, callOf) })),
  );
  const stops = new Map(stopped.map((stop) => [stop.run.id, stop]));
  await auditAll(
    on,
    (await seeRuns(on, [...stops.keys()])).map(({ id, dagId, runId }) => ({
      ...{ actor: "scheduler", action: "cancel", dagId, runId },
      detail: { reason: stops.get(id)?.reason ?? null },
      ...{ before: { state: stops.get(id)?.run.state ?? null }, after: { state: "failed" } },
    })),
  );
  return stopped;
}

function reasonOf({ id }: LockedRun, calls: ReadonlyMap<number | null, LeftCall>): string {
  const call = calls.get(id);
  return `cancelled with task "${call?.taskId}" of run ${call?.callerRunId}, which called it`;
}
