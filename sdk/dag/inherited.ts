/** The options that a task inherits from the groups around it and from its DAG. */
import type { TaskDefaults } from "../task/task_options.ts";
import type { GroupDefinition } from "./group_definition.ts";
import type { GivenGroupOptions } from "./group_options.ts";

type WithDefaults = { readonly defaults?: TaskDefaults | undefined };

/**
 * What a task inherits: the DAG's defaults, overridden by those of its groups, the
 * innermost last.
 * @param groups the groups around the task, the innermost first
 */
export function inheritedByTask(
  dag: WithDefaults,
  groups: readonly GroupDefinition[],
): TaskDefaults {
  const { past, others } = apart(merged(dag, groups));
  return isMapped(groups) ? others : { ...others, ...past };
}

/**
 * What the task of a group inherits: only the rules about the run before. All other
 * defaults are meant for the tasks inside the group.
 * @param groups the groups around the group, the innermost first
 */
export function inheritedByGroup(
  dag: WithDefaults,
  own: GivenGroupOptions,
  groups: readonly GroupDefinition[],
): TaskDefaults {
  return isMapped(groups) ? {} : apart({ ...merged(dag, groups), ...own.defaults }).past;
}

function merged(dag: WithDefaults, groups: readonly GroupDefinition[]): TaskDefaults {
  const outermostFirst = groups.toReversed().map(({ options }) => options.defaults);
  return Object.assign({}, dag.defaults, ...outermostFirst) as TaskDefaults;
}

function apart({ dependsOnPast, waitForDownstream, ...others }: TaskDefaults): {
  readonly past: TaskDefaults;
  readonly others: TaskDefaults;
} {
  const past = {
    ...(dependsOnPast !== undefined && { dependsOnPast }),
    ...(waitForDownstream !== undefined && { waitForDownstream }),
  };
  return { past, others };
}

/**
 * Lists differ from run to run, so that an element has no past. The mapped group as a
 * whole has one.
 */
function isMapped(groups: readonly GroupDefinition[]): boolean {
  return groups.some(({ options }) => options.each !== undefined || options.loop !== undefined);
}
