/**
 * Tasks and instances of runs as rows of a statement: the columns that several statements
 * name.
 */
import type { InstanceKey } from "../../engine/counts/scope.ts";
import type { NewInstance } from "../../engine/store.ts";
import { type Columns, rowsOf } from "../database/unnest.ts";
import { itemText } from "./instance_columns.ts";

interface TaskOfRun {
  readonly runId: number;
  readonly taskId: string;
}

export const TASKS = rowsOf<TaskOfRun>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
});

/** The columns that name an instance. */
export const INSTANCE_KEY: Columns<InstanceKey> = {
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
  map_index: ["int", ({ mapIndex }) => mapIndex],
};

export const INSTANCES = rowsOf(INSTANCE_KEY);

/**
 * The columns that every statement for new instances needs. Their {@link ITEM} reads the
 * last two.
 */
export const NEW_INSTANCE: Columns<NewInstance> = {
  ...INSTANCE_KEY,
  state: ["text", ({ state }) => state],
  item: ["json", itemText],
  item_of: ["text", ({ itemOf }) => itemOf ?? null],
};

/**
 * The condition that an instance has the map index of a parameter; null: any. An index
 * serves the two bounds, and would not serve `$1 is null or map_index = $1`.
 */
export function mapIndexIs(parameter: string): string {
  return `map_index between coalesce(${parameter}::int, -1) and coalesce(${parameter}::int, 2147483647)`;
}
