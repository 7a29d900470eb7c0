/** Runs that people changed go on: their counts are made anew from their instances, and every task whose turn it is gets it. */
import { Advance } from "../engine/advance.ts";
import { type Recount, recount, type StateCount } from "../engine/recount.ts";
import type { EngineTx, LockedRun } from "../engine/store.ts";
import { updateRuns } from "./dag_run.ts";
import type { Queryable, Statement } from "./database.ts";
import { replaceProgress } from "./task_progress.ts";

const STATES: Statement = {
  name: "task_instance_states",
  text: `
select run_id, task_id as "taskId", map_index >= 0 as "isMapped", state, count(*)::int as count, min(map_index) as lowest
from dagsmith.task_instance where run_id = any($1) group by run_id, task_id, map_index >= 0, state`,
};

/**
 * Takes up runs that are running, all of whose counts may be wrong.
 * @returns the runs that ended at once, having nothing left to do
 */
export async function resumeRuns(on: Queryable, tx: EngineTx, ids: readonly number[]): Promise<readonly number[]> {
  if (ids.length === 0) return [];
  const runs = await tx.lockRuns(ids);
  const states = Map.groupBy(await on.query<StateCount & { run_id: number }>(STATES, [ids]), (row) => row.run_id);
  const counted = runs.map((run) => ({ run, ...recount(run.id, run.plan, states.get(run.id) ?? []) }));
  await replaceProgress(on, counted.flatMap(countedRows));
  await updateRuns(
    on,
    counted.map(({ run, openTasks, failedLeaves }) => ({ id: run.id, openTasks, failedLeaves, state: run.state })),
  );
  const advance = new Advance(
    tx,
    counted.map(({ run, openTasks, failedLeaves }) => ({ ...run, openTasks, failedLeaves })),
  );
  await advance.resume(counted.flatMap(({ rows }) => rows));
  return advance.commit();
}

function countedRows({ run, rows }: Recount & { readonly run: LockedRun }): Recount["rows"] {
  return rows.filter(({ taskId }) => run.plan.tasks.get(taskId)?.isCounted);
}
