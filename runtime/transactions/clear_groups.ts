/** Groups around cleared or marked instances: they go on with them. */
import { scopeKey, scopesAround } from "../engine/counts/scope.ts";
import { allWithin } from "../engine/plan/graph.ts";
import { isGroup, isMapped, type Plan, plannedTask } from "../engine/plan/plan.ts";
import { timeLimit } from "../engine/plan/time_limit.ts";
import type { Queryable } from "../store/database/database.ts";
import { reopenGroupsOf } from "../store/instances/group_instance.ts";
import { idleInstances, type SelectedInstance } from "../store/instances/instance_selection.ts";
import { putWaits } from "../store/waits/task_wait.ts";

/** Groups that were cleared in part go on. Items of mapped groups wait for a slot. */
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
    allWithin(plan, taskId).map((member) => ({ instanceId, member })),
  );
  const reopened = await reopenGroupsOf(on, members);
  const waits = reopened.flatMap(({ id, taskId }) => {
    const wait = timeLimit(plannedTask(plan, taskId).spec);
    return wait ? [{ id, wait }] : [];
  });
  await putWaits(on, waits);
}

/** The groups around instances that have ended or wait for their next try. */
export async function idleGroupsAround(
  on: Queryable,
  plan: Plan,
  instances: readonly SelectedInstance[],
): Promise<readonly SelectedInstance[]> {
  const known = new Set(instances.map(scopeKey));
  const around = new Map(
    instances.flatMap((one) =>
      scopesAround(plan, one).flatMap((scope) =>
        known.has(scopeKey(scope)) ? [] : [[scopeKey(scope), scope] as const],
      ),
    ),
  );
  return idleInstances(on, [...around.values()]);
}
