/**
 * What statements about instances have in common: the columns of those that are picked out to be changed, where the item of one that is made comes
 * from, and what an instance of a group has.
 */
import type { NewInstance } from "../../engine/store.ts";

/** The columns of a SelectedInstance. */
export const SELECTED = `id as "instanceId", run_id as "runId", task_id as "taskId", map_index as "mapIndex", state, try_number as "tryNumber",
  started_at is not null as began, queued_at is not null as "wasQueued"`;

// The element of the mapped group that an instance is within, as the group's instance has it. In the same statement the group's would not be
// seen, but then the engine knows the item.
export const ITEM = `case when v.item_of is null then v.item else (
    select g.item from dagsmith.task_instance g where g.run_id = v.run_id and g.task_id = v.item_of and g.map_index = v.map_index) end`;

/** The item of a new instance as JSON; null when it has none, or has the item of its group. */
export function itemText({ mapIndex, item, itemOf }: NewInstance): string | null {
  return itemOf !== undefined || mapIndex < 0 ? null : JSON.stringify(item);
}

/** What only an instance that begins as running has: that of a group. */
export function ifGroup(value: string): string {
  return `case v.state when 'running' then ${value} end`;
}
