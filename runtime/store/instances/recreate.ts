/**
 * Cleared instances that are created again: their rows stay, with the history of their
 * tries.
 */
import { partition } from "../../../sdk/list.ts";
import type { NewInstance } from "../../engine/store.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { requestSlots } from "../limits/slot_request.ts";
import { firstState, jsonOrNull } from "./instance_columns.ts";
import { NEW_INSTANCE, TASKS } from "./instance_rows.ts";
import { enqueueTries } from "./task_instance.ts";
import { move, recreate } from "./transition.ts";

/** The reason of an instance that is removed because its list no longer has the item. */
export const NO_MORE = "its list no longer has the item";

const RECREATED = rowsOf<NewInstance>({
  ...NEW_INSTANCE,
  state: ["text", firstState],
  reason: ["text", ({ reason }) => reason],
  error: ["json", ({ error }) => jsonOrNull(error)],
});

const REVIVE: Statement = {
  name: "task_instance_revive",
  text: `
${recreate({
  more: { reason: "v.reason", error: "v.error" },
  rows: `from ${RECREATED.as("v")}
where t.run_id = v.run_id and t.task_id = v.task_id and t.map_index = v.map_index`,
})}
returning t.id, t.run_id, t.task_id, t.map_index, t.state, t.try_number`,
};

// An instance of such a task that is still cleared has no item any more.
const REMOVE: Statement = {
  name: "task_instance_remove",
  text: move("removeSurplus", {
    more: { reason: `'${NO_MORE}'` },
    rows: `from (select distinct * from ${TASKS.as("v")}) v
where t.run_id = v.run_id and t.task_id = v.task_id`,
  }),
};

/**
 * Removes cleared instances of tasks whose instances were created again: items that the
 * new list no longer has.
 */
export async function removeLeftOver(
  db: Queryable,
  created: readonly NewInstance[],
): Promise<void> {
  if (created.length > 0) await db.query(REMOVE, TASKS.values(created));
}

// The trigger rule of such a task was met already, so its cleared items only wait for a
// slot.
const REQUEUE_ITEMS: Statement = {
  name: "task_instance_requeue_items",
  text: move("requeueItem", {
    rows: `where t.id = any($1) and t.map_index >= 0 and exists (
    select from dagsmith.task_instance o
    where o.run_id = t.run_id and o.task_id = t.task_id and o.map_index >= 0
      and o.state <> 'none' and not (o.state = 'removed' and o.reason = '${NO_MORE}'))`,
  }),
};

/**
 * Schedules cleared items of mapped tasks that have other items, which were not cleared.
 */
export async function requeueItems(db: Queryable, instanceIds: readonly number[]): Promise<void> {
  if (instanceIds.length > 0) await db.query(REQUEUE_ITEMS, [instanceIds]);
}

/**
 * Creates instances again whose rows exist since before a clear, each queued one with its
 * job or its slot request unless it is taken.
 * @returns the others, which have no row yet
 */
export async function reviveInstances(
  db: Queryable,
  instances: readonly NewInstance[],
): Promise<readonly NewInstance[]> {
  if (instances.length === 0) return instances;
  const rows = await db.query<{
    id: number;
    run_id: number;
    task_id: string;
    map_index: number;
    state: TaskState;
    try_number: number;
  }>(REVIVE, RECREATED.values(instances));
  const revived = new Map(rows.map((row) => [nameOf(row.run_id, row.task_id, row.map_index), row]));
  const tokens = instances.flatMap(({ runId, taskId, mapIndex, state, route, isTaken }) => {
    const row = revived.get(nameOf(runId, taskId, mapIndex));
    return row && state === "queued" && !isTaken
      ? [{ instanceId: row.id, tryNumber: row.try_number, inMs: 0, route }]
      : [];
  });
  const [asking, free] = partition(tokens, ({ route }) => route.reservations.length > 0);
  await enqueueTries(db, free);
  await requestSlots(db, asking);
  return instances.filter(
    ({ runId, taskId, mapIndex }) => !revived.has(nameOf(runId, taskId, mapIndex)),
  );
}

function nameOf(runId: number, taskId: string, mapIndex: number): string {
  return `${runId}/${taskId}/${mapIndex}`;
}
