/** Groups around what is cleared or marked: they go on with it. */

import { scopeKey, scopesAround } from "../engine/counts/scope.ts";
import { allWithin } from "../engine/plan/graph.ts";
import { isGroup, isMapped, type Plan, plannedTask } from "../engine/plan/plan.ts";
import { timeLimit } from "../engine/plan/time_limit.ts";
import { ENGINE } from "../state/task_state.ts";
import type { Queryable, Statement } from "../store/database/database.ts";
import { rowsOf } from "../store/database/unnest.ts";
import { SELECTED } from "../store/instances/instance_columns.ts";
import { INSTANCES } from "../store/instances/instance_rows.ts";
import type { SelectedInstance } from "../store/instances/instance_selection.ts";
import { NO_MORE } from "../store/instances/recreate.ts";
import { putWaits } from "../store/waits/task_wait.ts";

const MEMBERS = rowsOf<readonly [id: number, member: string]>({
  id: ["bigint", ([id]) => id],
  member: ["text", ([, member]) => member],
});

// A group of which something is left goes on at once: what is left had its turn, and the group need not wait for another of its own.
const REOPEN_GROUPS: Statement = {
  name: "group_reopen",
  text: `
update dagsmith.task_instance g set state = 'running', started_at = now(), first_started_at = now(), worker_id = '${ENGINE}'
where g.id in (
  select v.id from ${MEMBERS.as("v")}
  join dagsmith.task_instance o on o.id = v.id
  join dagsmith.task_instance m on m.run_id = o.run_id and m.task_id = v.member
  where m.state <> 'none' and not (m.state = 'removed' and m.reason = '${NO_MORE}'))
returning g.id, g.task_id as "taskId"`,
};

/** Lets groups that were cleared in part go on. Elements of mapped ones wait for their place. */
export async function reopenGroups(
  on: Queryable,
  plan: Plan,
  cleared: readonly SelectedInstance[],
): Promise<void> {
  const groups = cleared.filter(({ taskId }) => {
    const task = plan.tasks.get(taskId);
    return task !== undefined && isGroup(task.spec) && !isMapped(task);
  });
  if (groups.length === 0) return;
  const members = groups.flatMap(({ instanceId, taskId }) =>
    allWithin(plan, taskId).map((member) => [instanceId, member] as const),
  );
  const reopened = await on.query<{ id: number; taskId: string }>(
    REOPEN_GROUPS,
    MEMBERS.values(members),
  );
  const waits = reopened.flatMap(({ id, taskId }) => {
    const wait = timeLimit(plannedTask(plan, taskId).spec);
    return wait ? [{ id, wait }] : [];
  });
  await putWaits(on, waits);
}

const IDLE_AT: Statement = {
  name: "group_idle_at",
  text: `
select ${SELECTED}
from ${INSTANCES.as("v")}
join dagsmith.task_instance t using (run_id, task_id, map_index)
where finished_at is not null or state = 'up_for_retry' order by task_id, map_index`,
};

/** The groups around instances that have ended, or wait for their next try: they go on with what is within them. */
export async function idleGroupsAround(
  on: Queryable,
  plan: Plan,
  instances: readonly SelectedInstance[],
): Promise<readonly SelectedInstance[]> {
  const known = new Set(instances.map(scopeKey));
  const around = new Map(
    instances.flatMap((one) =>
      scopesAround(plan, one).flatMap((place) =>
        known.has(scopeKey(place)) ? [] : [[scopeKey(place), place] as const],
      ),
    ),
  );
  if (around.size === 0) return [];
  return on.query<SelectedInstance & Record<string, unknown>>(
    IDLE_AT,
    INSTANCES.values([...around.values()]),
  );
}
