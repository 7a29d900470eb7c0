/** Groups around cleared or marked instances: they go on with them. */
import { type Scope, scopeKey, scopesAround } from "../engine/counts/scope.ts";
import { allWithin } from "../engine/plan/graph.ts";
import { isGroup, isMapped, type Plan, plannedTask } from "../engine/plan/plan.ts";
import { timeLimit } from "../engine/plan/time_limit.ts";
import type { Queryable } from "../store/database/database.ts";
import { reopenGroupsOf } from "../store/instances/group_instance.ts";
import { idleInstances, type SelectedInstance } from "../store/instances/instance_selection.ts";
import { putWaits } from "../store/waits/task_wait.ts";

/** Instances of one run, with the plan of its version. */
export interface InstancesOfRun {
  readonly plan: Plan;
  readonly instances: readonly SelectedInstance[];
}

/** Groups that were cleared in part go on. Items of mapped groups wait for a slot. */
export async function reopenGroups(
  on: Queryable,
  cleared: readonly InstancesOfRun[],
): Promise<void> {
  const groups = cleared.flatMap(clearedGroups);
  if (groups.length === 0) return;
  const members = groups.flatMap(({ plan, instanceId, taskId }) =>
    allWithin(plan, taskId).map((member) => ({ instanceId, member })),
  );
  const planOf = new Map(groups.map(({ plan, instanceId }) => [instanceId, plan]));
  const waits = (await reopenGroupsOf(on, members)).flatMap(({ id, taskId }) => {
    const plan = planOf.get(id);
    const wait = plan && timeLimit(plannedTask(plan, taskId).spec);
    return wait ? [{ id, wait }] : [];
  });
  await putWaits(on, waits);
}

function clearedGroups({ plan, instances }: InstancesOfRun) {
  return instances.flatMap(({ instanceId, taskId }) => {
    const task = plan.tasks.get(taskId);
    return task && isGroup(task.spec) && !isMapped(task) ? [{ plan, instanceId, taskId }] : [];
  });
}

/** The groups around instances that have ended or wait for their next try. */
export function idleGroupsAround(
  on: Queryable,
  runs: readonly InstancesOfRun[],
): Promise<readonly SelectedInstance[]> {
  return idleInstances(on, [...new Map(runs.flatMap(groupsAroundAll)).values()]);
}

function groupsAroundAll({
  plan,
  instances,
}: InstancesOfRun): readonly (readonly [key: string, scope: Scope])[] {
  const known = new Set(instances.map(scopeKey));
  return instances
    .flatMap((one) => scopesAround(plan, one))
    .flatMap((scope) => (known.has(scopeKey(scope)) ? [] : [[scopeKey(scope), scope] as const]));
}
