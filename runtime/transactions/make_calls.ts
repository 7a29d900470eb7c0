/**
 * The transactions that create the runs of new calls. The process that recorded a call
 * comes here next; the scheduler does the same for processes that died first. The id of a
 * run follows from its call, so that the run is created once.
 */
import type { Json } from "../../sdk/json.ts";
import type { RunTrigger } from "../../sdk/sources/trigger.ts";
import type { CompletionResult } from "../engine/results/complete_tries.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { runsByName } from "../store/runs/called_run.ts";
import { createRuns, type NewRun } from "../store/runs/dag_run.ts";
import { lockFreeCalls, type NewCall, newCalls, startCalls } from "../store/waits/task_call.ts";
import { calledRunId } from "../timetable/index.ts";
import { type CheckedCall, checkedCall } from "./checked_call.ts";
import { completeCalls, endCallsOf } from "./end_calls.ts";
import { rerunCalls } from "./rerun_calls.ts";
import { startQueuedRuns } from "./start_runs.ts";

/** Calls of one transaction. */
const BATCH = 500;

/**
 * Creates the runs of all new calls, and starts them as the limits of their DAGs allow. A
 * call that is not allowed fails.
 * @returns what ended by it
 */
export async function makeCalls(db: Database, plans: Plans): Promise<readonly CompletionResult[]> {
  const completed: CompletionResult[] = [];
  for (let after = 0; ; ) {
    const calls = await newCalls(db, { limit: BATCH, after });
    if (calls.length > 0) completed.push(...(await makeSome(db, plans, calls)));
    if (calls.length < BATCH) return completed;
    after = calls.at(-1)?.instanceId ?? 0;
  }
}

async function makeSome(
  db: Database,
  plans: Plans,
  calls: readonly NewCall[],
): Promise<readonly CompletionResult[]> {
  const versions = await plans.get(
    db,
    calls.flatMap(({ versionId }) => versionId ?? []),
  );
  const checked = await Promise.all(
    calls.map((call) => checkedCall(call, versions.get(call.versionId ?? 0)?.spec)),
  );
  const refused = checked.flatMap((one) => ("outcome" in one ? [one] : []));
  const allowed = checked.flatMap((one) => ("outcome" in one ? [] : [one]));
  const fresh = allowed.filter(({ call }) => call.calledRunId === null);
  const made = fresh.length === 0 ? [] : await db.transaction((tx) => createCalled(tx, fresh));
  const again = allowed.flatMap((one) =>
    one.call.calledRunId === null ? [] : [{ ...one, calledRunId: one.call.calledRunId }],
  );
  await rerunCalls(db, plans, again);
  await startQueuedRuns(db, plans, [...new Set(allowed.map(({ call }) => call.dagId))]);
  // A run without a task for a worker has ended already.
  const ids = [...made, ...again.map(({ calledRunId: id }) => id)];
  return [...(await completeCalls(db, plans, refused)), ...(await endCallsOf(db, plans, ids))];
}

/**
 * A call that another transaction holds is left: that transaction creates its run.
 * @returns the ids of the runs
 */
async function createCalled(
  tx: Queryable,
  checked: readonly CheckedCall[],
): Promise<readonly number[]> {
  const free = await lockFreeCalls(
    tx,
    checked.map(({ call }) => call),
  );
  const calls = checked.filter(({ call }) => free.get(call.instanceId)?.isNew);
  if (calls.length === 0) return [];
  const runs = calls.map(runOf);
  await createRuns(tx, runs);
  // Another process may have created some of them.
  const found = new Map(
    (await runsByName(tx, runs)).map(({ id, dagId, runId }) => [`${dagId}/${runId}`, id]),
  );
  const made = runs.flatMap(({ dagId, runId }, at) => {
    const id = found.get(`${dagId}/${runId}`);
    const call = calls[at]?.call;
    return id === undefined || !call ? [] : [{ ...call, calledRunId: id }];
  });
  await startCalls(tx, made);
  return made.map(({ calledRunId: id }) => id);
}

/** A called run works on the slice of time of the run that calls it. */
function runOf({ call, versionId, params, chain }: CheckedCall): NewRun {
  const { dagId, logicalDate, dataIntervalStart, dataIntervalEnd, partitionKey } = call;
  const { callerDagId, callerRunId, taskId, mapIndex } = call;
  const caller = { dagId: callerDagId, runId: callerRunId, taskId, mapIndex };
  const trigger: RunTrigger = { type: "call", ...caller, chain };
  return {
    ...{ dagId, versionId, runType: "called", params, schedule: null, partitionKey },
    ...{ logicalDate, dataIntervalStart, dataIntervalEnd, runAfter: logicalDate },
    runId: calledRunId(logicalDate, caller),
    trigger: trigger as unknown as Json,
  };
}
