/**
 * The runs of calls whose tasks run again: a run goes on when it has not ended, else it
 * runs again.
 */

import { partition } from "../../sdk/list.ts";
import type { EngineTx } from "../engine/store.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { selectInstances } from "../store/instances/instance_selection.ts";
import { type CalledRun, holdCalledRuns } from "../store/runs/called_run.ts";
import { lockFreeRuns } from "../store/runs/dag_run.ts";
import { lockFreeCalls, startCalls } from "../store/waits/task_call.ts";
import type { CheckedCall } from "./checked_call.ts";
import { clearAll, clearInstances, reopenRuns } from "./clear_run.ts";
import { runEngineTransaction } from "./engine_tx.ts";
import { withHeldBack } from "./held_back.ts";

/** A call with the run of an earlier try. */
export interface RepeatedCall extends CheckedCall {
  readonly calledRunId: number;
}

/** An ended run that must run again for a call. */
interface RunAgain {
  readonly run: CalledRun;
  readonly asked: CheckedCall;
}

/**
 * Lets the tasks of calls wait for the runs of their earlier tries. A call is left for
 * the scheduler while another transaction holds it or its run.
 */
export async function rerunCalls(
  db: Database,
  plans: Plans,
  calls: readonly RepeatedCall[],
): Promise<void> {
  if (calls.length === 0) return;
  await runEngineTransaction(db, plans, async (tx, on) => {
    const free = await freeCalls(on, calls);
    const runs = await holdCalledRuns(
      on,
      free.map(({ calledRunId }) => calledRunId),
    );
    const made = free.map(({ call, calledRunId }) => ({ ...call, calledRunId }));
    const started = new Set(await startCalls(on, made));
    const again = runs.flatMap((run): readonly RunAgain[] => {
      const asked = free.find(({ calledRunId }) => calledRunId === run.id);
      const isOver = run.state === "success" || run.state === "failed";
      return asked && isOver && started.has(asked.call.instanceId) ? [{ run, asked }] : [];
    });
    const [partly, whole] = partition(again, keepsSuccesses);
    await redoFailed(on, tx, plans, partly);
    await redoAll(on, tx, whole);
  });
}

/** Locks the runs of calls, and the calls. @returns those that are free */
async function freeCalls(
  on: Queryable,
  calls: readonly RepeatedCall[],
): Promise<readonly RepeatedCall[]> {
  const runs = await lockFreeRuns(on, [...new Set(calls.map(({ calledRunId }) => calledRunId))]);
  const ofFreeRuns = calls.filter(({ calledRunId }) => runs.has(calledRunId));
  const free = await lockFreeCalls(
    on,
    ofFreeRuns.map(({ call }) => call),
  );
  return ofFreeRuns.filter(({ call }) => free.has(call.instanceId));
}

/**
 * Whether what succeeded stays. A run that was cancelled, or that took too long, has
 * skipped tasks that must run; and other params or another version make other outputs.
 */
function keepsSuccesses({ run, asked: { call, params, versionId } }: RunAgain): boolean {
  return (
    run.state === "failed" &&
    run.reason === null &&
    call.rerun === "failed" &&
    JSON.stringify(run.params) === JSON.stringify(params) &&
    (call.version === null || versionId === run.versionId)
  );
}

async function redoFailed(
  on: Queryable,
  tx: EngineTx,
  plans: Plans,
  again: readonly RunAgain[],
): Promise<void> {
  const ids = again.map(({ run }) => run.id);
  if (ids.length === 0) return;
  const versions = await plans.get(
    on,
    again.map(({ run }) => run.versionId),
  );
  const taskIds = [
    ...new Set([...versions.values()].flatMap(({ plan }) => [...plan.tasks.keys()])),
  ];
  const selection = { taskIds, mapIndex: null, onlyFailed: true };
  const failed = Map.groupBy(await selectInstances(on, ids, selection), ({ runId }) => runId);
  const runs = again.flatMap(({ run }) => {
    const plan = versions.get(run.versionId)?.plan;
    return plan ? [{ run, plan, instances: failed.get(run.id) ?? [] }] : [];
  });
  await clearInstances(on, await withHeldBack(on, runs));
  await reopenRuns(
    on,
    tx,
    ids.map((id) => ({ id, versionId: null, params: undefined })),
  );
}

async function redoAll(on: Queryable, tx: EngineTx, again: readonly RunAgain[]): Promise<void> {
  if (again.length === 0) return;
  await clearAll(
    on,
    again.map(({ run }) => run),
  );
  await reopenRuns(
    on,
    tx,
    again.map(({ run: { id }, asked: { versionId, params } }) => ({ id, versionId, params })),
  );
}
