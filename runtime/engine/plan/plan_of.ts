/** Makes the plan of a DagSpec. Done once per version. */
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import { effectiveWeights } from "../../state/priority.ts";
import { planRoute } from "../limits/limits.ts";
import { branchTasksOf } from "./branch_tasks.ts";
import { leavesOf } from "./leaves.ts";
import { isGroup, type MappedGroups, type Plan, type PlannedTask } from "./plan.ts";
import { inverse, setupPlanOf, type TasksOf } from "./setups.ts";

export function planOf(spec: DagSpec): Plan {
  const tasks = plannedTasks(spec);
  return {
    dagId: spec.dagId,
    maxActiveRuns: spec.maxActiveRuns,
    spec,
    tasks: new Map(tasks.map((task) => [task.spec.taskId, task])),
    hasDependsOnPast: spec.tasks.some(({ dependsOnPast }) => dependsOnPast === true),
    isWatched: Boolean(spec.callbacks ?? spec.deadlines),
  };
}

function plannedTasks(spec: DagSpec): readonly PlannedTask[] {
  const downstream = downstreamOf(spec);
  const leaves = leavesOf(spec, downstream);
  const branchTasks = branchTasksOf(spec, downstream);
  const members = membersOf(spec);
  const weights = weightsOf(spec, members);
  const mappedGroups = mappedGroupsOf(spec, members);
  const setupLinks = setupLinksOf(spec, downstream);
  return spec.tasks.map((task) => {
    const { taskId } = task;
    return {
      spec: task,
      ...setupLinks(taskId),
      downstream: downstream.get(taskId) ?? [],
      isLeaf: leaves.has(taskId),
      isCounted: isCounted(task),
      members: members(taskId),
      size: 1 + allOf(taskId, members).length,
      mappedGroup: mappedGroups.get(taskId) ?? null,
      branchTasks: branchTasks.get(taskId) ?? [],
      route: planRoute(spec, task, weights.get(taskId) ?? 1),
    };
  });
}

type SetupLinks = Pick<PlannedTask, "setups" | "inScope" | "setupOf" | "inScopeOf">;

function setupLinksOf({ tasks }: DagSpec, downstream: TasksOf): (taskId: string) => SetupLinks {
  const byId = new Map(tasks.map((task) => [task.taskId, task]));
  const { setups, inScope } = setupPlanOf({
    ids: [...byId.keys()],
    kindOf: (taskId) => byId.get(taskId)?.kind?.type,
    before: (taskId) => byId.get(taskId)?.upstream ?? [],
    after: (taskId) => downstream.get(taskId) ?? [],
  });
  const [setupOf, inScopeOf] = [inverse(setups), inverse(inScope)];
  const idsIn = (links: TasksOf, taskId: string): readonly string[] => links.get(taskId) ?? [];
  return (taskId) => ({
    setups: idsIn(setups, taskId),
    inScope: idsIn(inScope, taskId),
    setupOf: idsIn(setupOf, taskId),
    inScopeOf: idsIn(inScopeOf, taskId),
  });
}

function isCounted(task: TaskSpec): boolean {
  const { upstream, each, parentGroup, dependsOnPast = false } = task;
  return (
    upstream.length > 0 ||
    each !== null ||
    dependsOnPast ||
    parentGroup !== undefined ||
    isGroup(task)
  );
}

/** Ids directly after each task that has any. */
function downstreamOf({ tasks }: DagSpec): ReadonlyMap<string, readonly string[]> {
  const edges = tasks.flatMap(({ taskId, upstream }) =>
    upstream.map((before) => ({ before, taskId })),
  );
  const after = Map.groupBy(edges, ({ before }) => before);
  return new Map([...after].map(([before, group]) => [before, group.map(({ taskId }) => taskId)]));
}

/** Ids of the tasks directly in a group; none for another task. */
type Members = (taskId: string) => readonly string[];

function membersOf({ tasks }: DagSpec): Members {
  const byGroup = Map.groupBy(tasks, ({ parentGroup }) => parentGroup);
  return (group) => (byGroup.get(group) ?? []).map(({ taskId }) => taskId);
}

function allOf(taskId: string, members: Members): readonly string[] {
  return members(taskId).flatMap((member) => [member, ...allOf(member, members)]);
}

/** For each task in a mapped group, at any depth, the id of the group. */
function mappedGroupsOf({ tasks }: DagSpec, members: Members): ReadonlyMap<string, string> {
  const mapped = new Map<string, string>();
  for (const task of tasks) {
    const group =
      mapped.get(task.taskId) ?? (isGroup(task) && task.each !== null ? task.taskId : undefined);
    // A spec lists a group before the tasks in it.
    if (group !== undefined) for (const member of members(task.taskId)) mapped.set(member, group);
  }
  return mapped;
}

/** What {@link shareMapIndex} needs of a plan, for readers that need nothing else of it. */
export function mappedGroups(spec: DagSpec): MappedGroups {
  const mapped = mappedGroupsOf(spec, membersOf(spec));
  const places = spec.tasks.map(
    ({ taskId }) => [taskId, { mappedGroup: mapped.get(taskId) ?? null }] as const,
  );
  return { tasks: new Map(places) };
}

/** Ids of the tasks that may have several instances in a run. */
export function mappedTaskIds(spec: DagSpec): ReadonlySet<string> {
  const mapped = mappedGroupsOf(spec, membersOf(spec));
  return new Set(
    spec.tasks.flatMap(({ taskId, each }) => (each !== null || mapped.has(taskId) ? [taskId] : [])),
  );
}

/** Weights count a task after a group as one after the tasks in the group. */
function weightsOf(spec: DagSpec, members: Members): ReadonlyMap<string, number> {
  return effectiveWeights(
    spec.tasks.map(({ taskId, upstream, parentGroup, routing }) => ({
      taskId,
      upstream: [
        ...upstream.flatMap((before) => [before, ...allOf(before, members)]),
        ...(parentGroup === undefined ? [] : [parentGroup]),
      ],
      priorityWeight: routing?.priorityWeight ?? (members(taskId).length > 0 ? 0 : 1),
      weightRule: routing?.weightRule ?? "downstream",
    })),
  );
}
