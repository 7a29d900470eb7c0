/**
 * The task that stands for a group in the graph around it: a group with instances runs as
 * a whole.
 */
import { checkedLoop } from "../task/loop.ts";
import { taskRef } from "../task/task_definition.ts";
import type { TaskRef } from "../task/task_ref.ts";
import type { DagHandle } from "../task/wirable.ts";
import type { DagOptions } from "./dag_options.ts";
import { type GroupDefinition, withGroupsAround } from "./group_definition.ts";
import { type GivenGroupOptions, INSTANCE_OPTIONS } from "./group_options.ts";
import { inheritedByGroup } from "./inherited.ts";

/**
 * The task of a group; null for a plain group, whose tasks run one by one.
 * @throws DagsmithError INVALID_OPTION, OUTPUT_NOT_JSON for a loop that cannot run
 */
export function groupTask(
  dag: DagHandle & { readonly options: DagOptions },
  { groupId, parent }: Pick<GroupDefinition, "groupId" | "parent">,
  options: GivenGroupOptions,
): TaskRef<unknown> | null {
  const given = INSTANCE_OPTIONS.filter((name) => name in options).map(
    (name) => [name, options[name as keyof GivenGroupOptions]] as const,
  );
  const { loop, doc } = options;
  if (loop === undefined && given.every(([, value]) => value === undefined)) return null;
  const where = `group "${groupId}" of DAG "${dag.dagId}"`;
  return taskRef(dag, groupId, {
    options: { ...Object.fromEntries(given), ...(doc !== undefined && { doc }) },
    kind: { type: "group" },
    ...(loop && { loop: checkedLoop(loop, where) }),
    group: parent,
    inherited: inheritedByGroup(dag.options, options, withGroupsAround(parent)),
  });
}
