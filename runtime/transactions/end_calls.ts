/**
 * The transactions that end the waits of calls: their runs have ended, or could not be
 * created. The process that ended a run comes here next; the scheduler does the same for
 * processes that died first.
 */
import { partition } from "../../sdk/list.ts";
import { type CompletionResult, completeTries } from "../engine/results/complete_tries.ts";
import type { EngineTx } from "../engine/store.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { retryHeld } from "../store/database/retry_held.ts";
import { lockFreeRuns } from "../store/runs/dag_run.ts";
import { endCallRows, endedCalls, endedCallsOf } from "../store/waits/task_call.ts";
import { type CompletedCall, resultsOfCalls } from "./call_results.ts";
import { runEngineTransaction } from "./engine_tx.ts";

/** Calls of one transaction. */
const BATCH = 500;

/** Ends the calls that wait for these runs, where the runs have ended. */
export async function endCallsOf(
  db: Database,
  plans: Plans,
  runIds: readonly number[],
): Promise<readonly CompletionResult[]> {
  const calls = runIds.length === 0 ? [] : await endedCallsOf(db, runIds);
  return completeCalls(db, plans, await resultsOfCalls(db, plans, calls));
}

/** Ends all calls whose runs have ended. */
export async function endCalls(db: Database, plans: Plans): Promise<readonly CompletionResult[]> {
  const completed: CompletionResult[] = [];
  for (let after = 0; ; ) {
    const calls = await endedCalls(db, { limit: BATCH, after });
    completed.push(...(await completeCalls(db, plans, await resultsOfCalls(db, plans, calls))));
    if (calls.length < BATCH) return completed;
    after = calls.at(-1)?.instanceId ?? 0;
  }
}

/**
 * Ends calls. A call whose run another transaction holds for seconds is left to the
 * scheduler.
 * @returns what ended by it
 */
export async function completeCalls(
  db: Database,
  plans: Plans,
  calls: readonly CompletedCall[],
): Promise<readonly CompletionResult[]> {
  const completed: CompletionResult[] = [];
  await retryHeld(calls, async (some) => {
    if (some.length === 0) return [];
    const step = await runEngineTransaction(db, plans, (tx, on) => completeFree(tx, on, some));
    completed.push(step.completed);
    return step.held;
  });
  return completed;
}

interface CompletedCalls {
  readonly completed: CompletionResult;
  readonly held: readonly CompletedCall[];
}

async function completeFree(
  tx: EngineTx,
  on: Queryable,
  calls: readonly CompletedCall[],
): Promise<CompletedCalls> {
  const runs = await lockFreeRuns(on, [...new Set(calls.map(({ caller }) => caller.runId))]);
  const [ofFreeRuns, held] = partition(calls, ({ caller }) => runs.has(caller.runId));
  const ends = ofFreeRuns.map(({ caller, outcome }) => ({ ...caller, workerId: "", outcome }));
  const completed = await completeTries(tx, ends);
  await endCallRows(
    on,
    ofFreeRuns.map(({ caller }) => caller),
  );
  return { completed, held };
}
