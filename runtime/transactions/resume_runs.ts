/** Runs that people changed go on: their counts are made anew from their instances, and every task whose turn it is gets it. */
import { Advance } from "../engine/advance/advance.ts";
import { elementTasks, type Recount, recount, type StateCount } from "../engine/counts/recount.ts";
import { isLimited } from "../engine/limits/limits.ts";
import { plannedTask } from "../engine/plan/plan.ts";
import type { EngineTx, LockedRun } from "../engine/store.ts";
import type { Queryable, Statement } from "../store/database/database.ts";
import { columns } from "../store/database/unnest.ts";
import { NO_MORE } from "../store/instances/recreate.ts";
import { replaceProgress } from "../store/instances/task_progress.ts";
import { updateRuns } from "../store/runs/dag_run.ts";

// Mapped groups and what is within them, $2, by element. What an item was that its list no longer has is no
// part of the task; one that was left out is.
const STATES: Statement = {
  name: "task_instance_states",
  text: `
select run_id, task_id as "taskId", case when task_id = any($2) then map_index else -1 end as "mapIndex", map_index >= 0 as "isMapped", state,
  count(*)::int as count, min(map_index) as lowest
from dagsmith.task_instance
where run_id = any($1) and not (state = 'removed' and reason = '${NO_MORE}')
group by run_id, task_id, 3, map_index >= 0, state`,
};

interface Unplaced {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly runId: number;
  readonly taskId: string;
}

const UNPLACED: Statement = {
  name: "task_instance_unplaced",
  text: `
select t.id as "instanceId", t.try_number as "tryNumber", t.run_id as "runId", t.task_id as "taskId"
from unnest($1::bigint[], $2::text[]) as v (run_id, task_id)
join dagsmith.task_instance t on t.run_id = v.run_id and t.task_id = v.task_id and t.state = 'scheduled'
where not exists (select from dagsmith.slot_request p where p.instance_id = t.id and p.try_number = t.try_number)`,
};

/**
 * Takes up runs that are running, all of whose counts may be wrong.
 * @returns the runs that ended at once, having nothing left to do
 */
export async function resumeRuns(
  on: Queryable,
  tx: EngineTx,
  ids: readonly number[],
): Promise<readonly number[]> {
  if (ids.length === 0) return [];
  const runs = await tx.lockRuns(ids);
  const byElement = runs.flatMap(({ plan }) => elementTasks(plan));
  const states = Map.groupBy(
    await on.query<StateCount & { run_id: number }>(STATES, [ids, byElement]),
    (row) => row.run_id,
  );
  const counted = runs.map((run) => ({ run, ...recount(run, states.get(run.id) ?? []) }));
  await replaceProgress(on, counted.flatMap(countedRows));
  await updateRuns(
    on,
    counted.map(({ run, openTasks, failedLeaves, warnings }) => ({
      id: run.id,
      openTasks,
      failedLeaves,
      warnings,
      state: run.state,
    })),
  );
  const advance = new Advance(
    tx,
    counted.map(({ run, openTasks, failedLeaves, warnings }) => ({
      ...run,
      openTasks,
      failedLeaves,
      warnings,
    })),
  );
  await advance.resume(counted.flatMap(({ rows }) => rows.filter(({ isOpen }) => isOpen)));
  for (const one of await unplaced(on, counted)) advance.wake({ ...one, inMs: 0 }, one);
  return advance.commit();
}

/** Items that wait and stand in no line for places, of tasks that have limits. */
async function unplaced(
  on: Queryable,
  counted: readonly (Recount & { readonly run: LockedRun })[],
): Promise<readonly Unplaced[]> {
  const waiting = counted.flatMap(({ run, rows }) =>
    rows.filter(
      ({ taskId, waiting: count }) =>
        count > 0 && isLimited(plannedTask(run.plan, taskId).route, run),
    ),
  );
  if (waiting.length === 0) return [];
  return on.query<Unplaced & Record<string, unknown>>(
    UNPLACED,
    columns(waiting, ({ runId, taskId }) => [runId, taskId]),
  );
}

function countedRows({ run, rows }: Recount & { readonly run: LockedRun }): Recount["rows"] {
  return rows.filter(({ taskId }) => run.plan.tasks.get(taskId)?.isCounted);
}
