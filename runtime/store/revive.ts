/** Instances that were cleared, made anew: their rows stay, with the history of their tries. */
import type { NewInstance } from "../engine/store.ts";
import type { TaskState } from "../state/task_state.ts";
import { columns } from "./columns.ts";
import type { Queryable, Statement } from "./database.ts";
import { enqueueTries } from "./task_instance.ts";

const REVIVE: Statement = {
  name: "task_instance_revive",
  text: `
update dagsmith.task_instance t
set state = v.state, item = v.item, reason = v.reason, error = v.error,
  queued_at = case v.state when 'queued' then now() end,
  finished_at = case when v.state in ('success', 'failed', 'skipped', 'upstream_failed') then now() end
from unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::json[], $6::text[], $7::json[])
  as v (run_id, task_id, map_index, state, item, reason, error)
where t.run_id = v.run_id and t.task_id = v.task_id and t.map_index = v.map_index and t.state = 'none'
returning t.id, t.run_id, t.task_id, t.map_index, t.state, t.try_number`,
};

/** Makes of the instances those that were cleared, each queued one with its token. @returns the others, of which there is no row yet */
export async function reviveInstances(db: Queryable, instances: readonly NewInstance[]): Promise<readonly NewInstance[]> {
  if (instances.length === 0) return instances;
  const rows = await db.query<{ id: number; run_id: number; task_id: string; map_index: number; state: TaskState; try_number: number }>(
    REVIVE,
    columns(instances, (i) => [
      ...[i.runId, i.taskId, i.mapIndex, i.state, i.mapIndex < 0 ? null : JSON.stringify(i.item)],
      ...[i.reason, i.error === null ? null : JSON.stringify(i.error)],
    ]),
  );
  const queued = rows.filter(({ state }) => state === "queued");
  await enqueueTries(
    db,
    queued.map((row) => ({ instanceId: row.id, tryNumber: row.try_number, inMs: 0 })),
  );
  const revived = new Set(rows.map((row) => `${row.run_id}/${row.task_id}/${row.map_index}`));
  return instances.filter(({ runId, taskId, mapIndex }) => !revived.has(`${runId}/${taskId}/${mapIndex}`));
}
