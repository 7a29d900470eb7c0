/** How runs begin: their counting rows are made, and every task that waits for nothing gets its turn. */

import type { EngineTx, LockedRun } from "../store.ts";
import { Advance } from "./advance.ts";

/**
 * Begins runs that were just moved to running, with all their tasks open.
 * @returns the runs that ended at once, having no task with a body
 */
export async function begin(tx: EngineTx, runs: readonly LockedRun[]): Promise<readonly number[]> {
  const rows = runs.flatMap((run) =>
    [...run.plan.tasks.values()]
      .filter(({ isCounted, spec }) => isCounted && spec.within === undefined)
      .map(({ spec }) => ({
        runId: run.id,
        taskId: spec.taskId,
        mapIndex: -1,
        upstreamTotal: spec.upstream.length,
      })),
  );
  if (rows.length > 0) await tx.createProgress(rows);
  const advance = new Advance(tx, runs);
  await advance.begin();
  return advance.commit();
}
