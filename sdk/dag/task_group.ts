/** The reference that a builder returns for a group. */
import { hidden } from "../hidden.ts";
import type { Items, MappedItems } from "../task/items.ts";
import type { LazyRef } from "../task/lazy.ts";
import type { PickRef } from "../task/pick.ts";
import type { TaskRef } from "../task/task_ref.ts";
import { type DagHandle, Wirable } from "../task/wirable.ts";
import type { GroupDefinition } from "./group_definition.ts";

/**
 * The result of a mapped group, as tasks outside see it. Where the group's function
 * returned a reference to an output, it is the list of the outputs of all instances that
 * have one. A field of an output (`pick`), and a list made from outputs, cannot be used
 * outside.
 * @example
 * type Outside = Lists<{ rows: TaskRef<number> }>; // { rows: TaskRef<number[]> }
 */
export type Lists<Result> =
  Result extends TaskRef<infer Output>
    ? TaskRef<Output[]>
    : Result extends TaskGroup<infer Inner>
      ? TaskGroup<Lists<Inner>>
      : Result extends LazyRef<infer Item>
        ? LazyRef<Item[]>
        : Result extends PickRef<unknown> | Items<unknown> | MappedItems<unknown>
          ? never
          : Result extends object
            ? { readonly [Name in keyof Result]: Lists<Result[Name]> }
            : Result;

const definition = hidden<TaskGroup, GroupDefinition>("group");

/** The definition of a group. */
export const groupDefinitionOf: (group: TaskGroup) => GroupDefinition = definition.of;

/**
 * A group of tasks. Only {@link GroupBuilder.group} makes one. Airflow: TaskGroup.
 * @typeParam Result what the group's function returned
 * @example
 * const extract: TaskGroup<TaskRef<number>> = d.group("extract", (g) =>
 *   g.task("rows", () => 12),
 * );
 * d.task("report", { inputs: { rows: extract.result } }, ({ inputs }) => inputs.rows);
 */
export class TaskGroup<out Result = unknown> extends Wirable {
  /** With the ids of the groups around it: `outer.inner`. */
  readonly groupId: string;
  /** What the group's function returned: references for the tasks outside. */
  readonly result: Result;

  /** Called by the builders only. */
  constructor(dag: DagHandle, of: GroupDefinition) {
    super(dag);
    this.groupId = of.groupId;
    this.result = of.result as Result;
    definition.set(this, of);
  }
}
