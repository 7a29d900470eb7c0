/**
 * The transactions that end the waits of calls: their runs have ended, or could not be
 * created. The process that ended a run comes here next; the scheduler does the same for
 * processes that died first.
 */
import { type CompletionResult, completeTries } from "../engine/results/complete_tries.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
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
  for (let more = true; more; ) {
    const calls = await endedCalls(db, BATCH);
    more = calls.length === BATCH;
    completed.push(...(await completeCalls(db, plans, await resultsOfCalls(db, plans, calls))));
  }
  return completed;
}

/** Ends calls in one transaction. @returns what ended by it; empty without calls */
export async function completeCalls(
  db: Database,
  plans: Plans,
  calls: readonly CompletedCall[],
): Promise<readonly CompletionResult[]> {
  if (calls.length === 0) return [];
  const ends = calls.map(({ caller, outcome }) => ({ ...caller, workerId: "", outcome }));
  const completed = await runEngineTransaction(db, plans, async (tx, on) => {
    const completed = await completeTries(tx, ends);
    await endCallRows(
      on,
      calls.map(({ caller }) => caller),
    );
    return completed;
  });
  return [completed];
}
