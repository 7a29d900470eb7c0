/**
 * Group instances: their states, starting more of them, and clearing all tasks in a
 * group.
 */

import type { InstanceKey } from "../../engine/counts/scope.ts";
import type { GroupInstance } from "../../engine/store.ts";
import { ENGINE } from "../../state/task_state.ts";
import { clear } from "../../state/transition.ts";
import type { Wait } from "../../state/wait.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { clearValues } from "../values/clear_values.ts";
import { putWaits } from "../waits/task_wait.ts";
import { applyTransitions } from "./apply_transitions.ts";
import { INSTANCES } from "./instance_rows.ts";
import { type SelectedInstance, selectInstances } from "./instance_selection.ts";
import { NO_MORE } from "./recreate.ts";
import { deleteCounters } from "./task_counter.ts";
import { move } from "./transition.ts";

const GET: Statement = {
  name: "group_get",
  text: `
select t.id as "instanceId", t.run_id as "runId", t.task_id as "taskId", t.map_index as "mapIndex", t.try_number as "tryNumber",
  t.cleared_tries as "clearedTries", t.reason, coalesce(extract(epoch from now() - t.first_started_at) * 1000, 0)::float8 as "elapsedMs"
from ${INSTANCES.as("v")}
join dagsmith.task_instance t on t.run_id = v.run_id and t.task_id = v.task_id and t.map_index = v.map_index
where t.state = 'running'`,
};

/** The running group instances at these scopes. */
export function runningGroups(
  db: Queryable,
  of: readonly InstanceKey[],
): Promise<readonly GroupInstance[]> {
  return db.query<GroupInstance & Record<string, unknown>>(GET, INSTANCES.values(of));
}

const BEGIN: Statement = {
  name: "group_begin",
  text: `
${move("beginGroup", {
  workerId: `'${ENGINE}'`,
  rows: `from (
  select id from dagsmith.task_instance
  where run_id = $1 and task_id = $2 and map_index >= $3 and state = 'scheduled'
  order by run_id, task_id, map_index limit $4
) next
where t.id = next.id`,
})}
returning t.id, t.map_index as "mapIndex"`,
};

/** Starts as many waiting instances as the range is long. @returns their map indices */
export async function beginGroups(
  db: Queryable,
  {
    runId,
    taskId,
    from,
    to,
  }: {
    readonly runId: number;
    readonly taskId: string;
    readonly from: number;
    readonly to: number;
  },
  wait: Wait | undefined,
): Promise<readonly number[]> {
  const begun = await db.query<{ id: number; mapIndex: number }>(BEGIN, [
    runId,
    taskId,
    from,
    to - from,
  ]);
  if (wait)
    await putWaits(
      db,
      begun.map(({ id }) => ({ id, wait })),
    );
  return begun.map(({ mapIndex }) => mapIndex);
}

// Workers may cache an earlier generation of the run, whose outputs no longer exist.
const NEXT_EDITION: Statement = {
  name: "group_next_generation",
  text: "update dagsmith.dag_run set generation = generation + 1 where id = $1",
};

/** Clears all instances that took part in a group. @returns their states before */
export async function clearWithin(
  db: Queryable,
  group: InstanceKey,
  taskIds: readonly string[],
): Promise<readonly SelectedInstance[]> {
  const { runId } = group;
  const mapIndex = group.mapIndex < 0 ? null : group.mapIndex;
  const instances = await selectInstances(db, [runId], { taskIds, mapIndex, onlyFailed: false });
  await applyTransitions(db, instances.map(clear));
  await clearValues(db, [...instances, group]);
  await deleteCounters(db, runId, taskIds, mapIndex);
  await db.query(NEXT_EDITION, [runId]);
  return instances;
}

/** A task of a mapped group. */
interface TaskOfGroup {
  readonly runId: number;
  readonly group: string;
  readonly taskId: string;
}

const TASKS_OF_GROUPS = rowsOf<TaskOfGroup>({
  run_id: ["bigint", ({ runId }) => runId],
  group_id: ["text", ({ group }) => group],
  task_id: ["text", ({ taskId }) => taskId],
});

// Tasks of the group that are still cleared, at map indices that the group's list no
// longer has.
const REMOVE_WITHIN: Statement = {
  name: "group_remove_within",
  text: move("removeSurplus", {
    more: { reason: `'${NO_MORE}'` },
    rows: `from (select distinct * from ${TASKS_OF_GROUPS.as("v")}) v
where t.run_id = v.run_id and t.task_id = v.task_id and t.map_index >= 0 and not exists (
    select from dagsmith.task_instance g
    where g.run_id = v.run_id and g.task_id = v.group_id and g.map_index = t.map_index
      and g.state not in ('none', 'removed'))`,
  }),
};

/**
 * Removes left-over instances of tasks of mapped groups whose list has become shorter.
 */
export async function removeWithin(db: Queryable, of: readonly TaskOfGroup[]): Promise<void> {
  if (of.length > 0) await db.query(REMOVE_WITHIN, TASKS_OF_GROUPS.values(of));
}

/** A cleared group instance, and one task in the group. */
interface MemberOfGroup {
  readonly instanceId: number;
  readonly member: string;
}

const MEMBERS = rowsOf<MemberOfGroup>({
  id: ["bigint", ({ instanceId }) => instanceId],
  member: ["text", ({ member }) => member],
});

// A group with instances left was decided already: it goes on at once.
const REOPEN: Statement = {
  name: "group_reopen",
  text: `
${move("reopenGroup", {
  workerId: `'${ENGINE}'`,
  rows: `where t.id in (
  select v.id from ${MEMBERS.as("v")}
  join dagsmith.task_instance o on o.id = v.id
  join dagsmith.task_instance m on m.run_id = o.run_id and m.task_id = v.member
  where m.state <> 'none' and not (m.state = 'removed' and m.reason = '${NO_MORE}'))`,
})}
returning t.id, t.task_id as "taskId"`,
};

/** Starts cleared groups again of which instances are left. @returns those groups */
export function reopenGroupsOf(
  db: Queryable,
  members: readonly MemberOfGroup[],
): Promise<readonly { readonly id: number; readonly taskId: string }[]> {
  return db.query(REOPEN, MEMBERS.values(members));
}
