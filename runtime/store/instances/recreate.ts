/** Instances that were cleared, made anew: their rows stay, with the history of their tries. */
import { partition } from "../../../sdk/list.ts";
import type { NewInstance } from "../../engine/store.ts";
import { ENGINE, type TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { requestSlots } from "../limits/slot_request.ts";
import { ITEM, ifGroup } from "./instance_columns.ts";
import { NEW_INSTANCE, TASKS } from "./instance_rows.ts";
import { enqueueTries } from "./task_instance.ts";

/** What the instance of an item says that its list no longer has. */
export const NO_MORE = "its item is no more";

const RECREATED = rowsOf<NewInstance>({
  ...NEW_INSTANCE,
  // An instance that needs slots is queued when it gets them.
  state: [
    "text",
    ({ state, route }) =>
      route.reservations.length > 0 && state === "queued" ? "scheduled" : state,
  ],
  reason: ["text", ({ reason }) => reason],
  error: ["json", ({ error }) => (error === null ? null : JSON.stringify(error))],
});

const REVIVE: Statement = {
  name: "task_instance_revive",
  text: `
update dagsmith.task_instance t
set state = v.state, label = null, item = ${ITEM}, reason = v.reason, error = v.error,
  queued_at = case v.state when 'queued' then now() end,
  started_at = ${ifGroup("now()")}, first_started_at = ${ifGroup("now()")}, worker_id = ${ifGroup(`'${ENGINE}'`)},
  finished_at = case when v.state in ('success', 'failed', 'skipped', 'upstream_failed', 'removed') then now() end
from ${RECREATED.as("v")}
where t.run_id = v.run_id and t.task_id = v.task_id and t.map_index = v.map_index and t.state in ('none', 'removed')
returning t.id, t.run_id, t.task_id, t.map_index, t.state, t.try_number`,
};

// Whatever of a task that was made anew is still as it was cleared has no item any more.
const REMOVE: Statement = {
  name: "task_instance_remove",
  text: `
update dagsmith.task_instance t set state = 'removed', started_at = null, finished_at = now(), reason = '${NO_MORE}'
from (select distinct * from ${TASKS.as("v")}) v
where t.run_id = v.run_id and t.task_id = v.task_id and t.state = 'none'`,
};

/** Removes what these instances, made anew, leave over of their tasks: items of a list that has become shorter. */
export async function removeLeftOver(db: Queryable, made: readonly NewInstance[]): Promise<void> {
  if (made.length > 0) await db.query(REMOVE, TASKS.values(made));
}

/** Makes of the instances those that were cleared, each queued one with its token, or its place in the line of those that wait for places. @returns the others, of which there is no row yet */
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
  const tokens = instances.flatMap(({ runId, taskId, mapIndex, state, route }) => {
    const row = revived.get(nameOf(runId, taskId, mapIndex));
    return row && state === "queued"
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
