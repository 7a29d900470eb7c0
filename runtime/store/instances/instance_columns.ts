/**
 * What statements about instances share: the columns of selected ones and of new ones.
 */
import type { NewInstance } from "../../engine/store.ts";
import type { TaskState } from "../../state/task_state.ts";

/** The columns of a SelectedInstance. */
export const SELECTED = `id as "instanceId", run_id as "runId", task_id as "taskId", map_index as "mapIndex", state, try_number as "tryNumber",
  started_at is not null as began, queued_at is not null as "wasQueued"`;

// The item of the mapped group that the instance is in. Where one statement creates the
// group instance too, it would not be seen here, but then the engine knows the item.
export const ITEM = `case when v.item_of is null then v.item else (
    select g.item from dagsmith.task_instance g where g.run_id = v.run_id and g.task_id = v.item_of and g.map_index = v.map_index) end`;

/**
 * The item of a new instance as JSON; null when it has none, or has the item of its
 * group.
 */
export function itemText({ mapIndex, item, itemOf }: NewInstance): string | null {
  return itemOf !== undefined || mapIndex < 0 ? null : JSON.stringify(item);
}

/** The state of a new instance. One that needs slots is queued when it gets them. */
export function firstState({ state, route }: NewInstance): TaskState {
  return state === "queued" && route.reservations.length > 0 ? "scheduled" : state;
}

export function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
