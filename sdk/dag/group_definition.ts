/**
 * What a builder knows of a group, for the description of the DAG and for the runtime.
 * Authors never see it.
 */
import type { TaskRef } from "../task/task_ref.ts";
import type { GivenGroupOptions } from "./group_options.ts";

/** A group that is declared, or is being declared. */
export class GroupDefinition {
  /** With the ids of the groups around it: `outer.inner`. */
  readonly groupId: string;
  /** The group around it; null at the top of the DAG. */
  readonly parent: GroupDefinition | null;
  readonly options: GivenGroupOptions;
  /**
   * The group as a task of the graph around it, when it has instances; null for a plain
   * group.
   */
  readonly task: TaskRef<unknown> | null;
  /** What the group's function returned; undefined while it runs. */
  result: unknown;

  constructor(
    of: { readonly groupId: string; readonly parent: GroupDefinition | null },
    options: GivenGroupOptions,
    task: TaskRef<unknown> | null,
  ) {
    this.groupId = of.groupId;
    this.parent = of.parent;
    this.options = Object.freeze({ ...options });
    this.task = task;
  }
}

/** A group and the groups around it, the innermost first. */
export function withGroupsAround(group: GroupDefinition | null): readonly GroupDefinition[] {
  return group === null ? [] : [group, ...withGroupsAround(group.parent)];
}

/** What begins the ids of a group's tasks; empty where prefixes are turned off. */
export function prefixOf(group: GroupDefinition | null): string {
  if (group === null) return "";
  return group.options.prefix === false ? prefixOf(group.parent) : `${group.groupId}.`;
}
