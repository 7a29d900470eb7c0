/** Tasks that waited for the run before theirs, and need not any more. */

import type { DependsOnPastWait, EngineTx, LockedRun } from "../store.ts";
import { Advance } from "./advance.ts";

/** DAGs of these runs in which a task may wait for its past. */
export function dagsWithDependsOnPast(runs: readonly LockedRun[]): readonly string[] {
  return [...new Set(runs.flatMap(({ plan }) => (plan.hasDependsOnPast ? [plan.dagId] : [])))];
}

/**
 * Lets tasks run whose past was found to allow it; each is asked again, for much may have happened since.
 * @returns the runs that ended with them
 */
export async function resumeDependsOnPast(
  tx: EngineTx,
  waiting: readonly DependsOnPastWait[],
): Promise<readonly LockedRun[]> {
  const runs = (await tx.lockRuns([...new Set(waiting.map(({ runId }) => runId))])).filter(
    ({ state }) => state === "running",
  );
  const running = new Set(runs.map(({ id }) => id));
  const advance = new Advance(tx, runs);
  await advance.askAgain(waiting.filter(({ runId }) => running.has(runId)));
  const ended = new Set(await advance.commit());
  return runs.filter(({ id }) => ended.has(id));
}
