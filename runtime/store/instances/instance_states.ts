/**
 * How far the instances of a run are, as the engine asks: what may still move, and what
 * has ended how.
 */

import type { Counts } from "../../engine/counts/counts.ts";
import { COUNT_OF, NOTHING } from "../../engine/counts/counts.ts";
import type { StateCount } from "../../engine/counts/instance_states.ts";
import type { InstanceInState, MovedInstance } from "../../engine/store.ts";
import { type FinalState, PENDING_STATES } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { isOneOf } from "../database/state_sql.ts";
import { mapIndexIs } from "./instance_rows.ts";
import { NO_MORE } from "./recreate.ts";

const UNFINISHED: Statement = {
  name: "task_instance_unfinished",
  text: `
select id as "instanceId", run_id as "runId", task_id as "taskId", map_index as "mapIndex",
  try_number as "tryNumber", state
from dagsmith.task_instance
where run_id = any($1) and ${isOneOf("state", ["running", ...PENDING_STATES])}
for no key update`,
};

/** The instances of runs that can still move, locked. */
export function unfinishedInstances(
  tx: Queryable,
  runIds: readonly number[],
): Promise<readonly InstanceInState[]> {
  return tx.query<InstanceInState & Record<string, unknown>>(UNFINISHED, [runIds]);
}

const OF_TASKS: Statement = {
  name: "task_instance_of_tasks",
  text: `
select id as "instanceId", run_id as "runId", task_id as "taskId", map_index as "mapIndex",
  try_number as "tryNumber", state
from dagsmith.task_instance
where run_id = $1 and task_id = any($2) and ${mapIndexIs("$3")} and state <> 'none'
for no key update`,
};

/** The instances of tasks of a run, without cleared ones. @param mapIndex null for all */
export function instancesOf(
  tx: Queryable,
  runId: number,
  taskIds: readonly string[],
  mapIndex: number | null,
): Promise<readonly InstanceInState[]> {
  const values = [runId, taskIds, mapIndex];
  return tx.query<InstanceInState & Record<string, unknown>>(OF_TASKS, values);
}

const ENDS: Statement = {
  name: "task_instance_ends",
  text: `
select task_id, state, count(*)::int as count from dagsmith.task_instance
where run_id = $1 and task_id = any($2) and ${mapIndexIs("$3")} and finished_at is not null
group by task_id, state`,
};

/**
 * How many instances of each task of a run are in which final state; tasks without any
 * are missing. @param mapIndex null for all
 */
export async function endsOf(
  db: Queryable,
  runId: number,
  taskIds: readonly string[],
  mapIndex: number | null,
): Promise<ReadonlyMap<string, Counts>> {
  const ends = new Map<string, Counts>();
  for (const row of await db.query<{ task_id: string; state: FinalState; count: number }>(ENDS, [
    runId,
    taskIds,
    mapIndex,
  ]))
    ends.set(row.task_id, {
      ...(ends.get(row.task_id) ?? NOTHING),
      [COUNT_OF[row.state]]: row.count,
    });
  return ends;
}

const UNFINISHED_OF_TASK: Statement = {
  name: "task_instance_unfinished_of_task",
  text: `
select id as "instanceId", try_number as "tryNumber", lost_tries as "lostTries", run_id as "runId", task_id as "taskId",
  map_index as "mapIndex", state
from dagsmith.task_instance
where run_id = $1 and task_id = $2 and ${mapIndexIs("$3")} and finished_at is null
  and state <> 'none'
for no key update`,
};

/**
 * The instances of one task that something may still move. @param mapIndex null for all
 * of them
 */
export function unfinishedOfTask(
  tx: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number | null,
): Promise<
  readonly (Omit<MovedInstance, "id" | "began"> & {
    readonly instanceId: number;
    readonly lostTries: number;
  })[]
> {
  return tx.query(UNFINISHED_OF_TASK, [runId, taskId, mapIndex]);
}

// An item that is no longer in the list is not part of its task; a filtered-out item is.
const STATE_COUNTS: Statement = {
  name: "task_instance_state_counts",
  text: `
select run_id as "runId", task_id as "taskId",
  case when task_id = any($2) then map_index else -1 end as "mapIndex",
  map_index >= 0 as "isMapped", state, count(*)::int as count, min(map_index) as lowest
from dagsmith.task_instance
where run_id = any($1) and not (state = 'removed' and reason = '${NO_MORE}')
group by run_id, task_id, 3, map_index >= 0, state`,
};

/**
 * How many instances of each task of runs are in which state. @param byIndex tasks
 * counted by map index
 */
export async function stateCounts(
  db: Queryable,
  runIds: readonly number[],
  byIndex: readonly string[],
): Promise<ReadonlyMap<number, readonly StateCount[]>> {
  const rows = await db.query<StateCount & { runId: number }>(STATE_COUNTS, [runIds, byIndex]);
  return Map.groupBy(rows, ({ runId }) => runId);
}
