/** What tasks leave for each other. Values are JSON text going in, and JSON values coming out. */
import type { Json } from "../../sdk/json.ts";
import { columns } from "./columns.ts";
import type { Queryable, Statement } from "./database.ts";

export const RETURN_VALUE = "return_value";

export interface XComRow {
  readonly runId: number;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly key: string;
  /** JSON text. */
  readonly json: string;
}

const PUT: Statement = {
  name: "xcom_put",
  text: `
insert into dagsmith.xcom (run_id, task_id, map_index, key, value)
select * from unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::json[])
on conflict (run_id, task_id, map_index, key) do update set value = excluded.value`,
};

// The fence of a try: what a worker that was given up for dead still pushes must not reach the try that followed.
const PUSH: Statement = {
  name: "xcom_push",
  text: `
insert into dagsmith.xcom (run_id, task_id, map_index, key, value)
select t.run_id, t.task_id, t.map_index, $2, $3 from dagsmith.task_instance t
where t.id = $1 and t.try_number = $4 and t.worker_id = $5 and t.state = 'running'
for share of t
on conflict (run_id, task_id, map_index, key) do update set value = excluded.value
returning 1 as stored`,
};

const CLEAR: Statement = {
  name: "xcom_clear",
  text: `
delete from dagsmith.xcom x
using unnest($1::bigint[], $2::text[], $3::int[]) as v (run_id, task_id, map_index)
where x.run_id = v.run_id and x.task_id = v.task_id and x.map_index = v.map_index`,
};

const GET: Statement = {
  name: "xcom_get",
  text: `
select x.run_id, x.task_id, x.map_index, x.value
from unnest($1::bigint[], $2::text[]) as v (run_id, task_id)
join dagsmith.xcom x on x.run_id = v.run_id and x.task_id = v.task_id and x.key = $3
order by x.run_id, x.task_id, x.map_index`,
};

export async function putXComs(db: Queryable, rows: readonly XComRow[]): Promise<void> {
  await db.query(
    PUT,
    columns(rows, (row) => [row.runId, row.taskId, row.mapIndex, row.key, row.json]),
  );
}

/** Stores what a running try pushes. @returns false when the try is no longer this worker's */
export async function pushXCom(
  db: Queryable,
  { key, json }: XComRow,
  held: { readonly instanceId: number; readonly tryNumber: number; readonly workerId: string },
): Promise<boolean> {
  return (await db.query(PUSH, [held.instanceId, key, json, held.tryNumber, held.workerId])).length > 0;
}

export async function clearXComs(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string; readonly mapIndex: number }[],
): Promise<void> {
  await db.query(
    CLEAR,
    columns(of, (row) => [row.runId, row.taskId, row.mapIndex]),
  );
}

const PAGE: Statement = {
  name: "xcom_page",
  text: `
select map_index, value from dagsmith.xcom
where run_id = $1 and task_id = $2 and key = '${RETURN_VALUE}' and map_index > $3 order by map_index limit $4`,
};

/** Values read at once of a list that is walked through. */
export const OUTPUTS_PER_PAGE = 200;

/** Outputs of a mapped task from behind a map index on, and where the next page begins. */
export async function getOutputPage(
  db: Queryable,
  { runId, taskId }: { readonly runId: number; readonly taskId: string },
  after: number,
  limit: number = OUTPUTS_PER_PAGE,
): Promise<{ readonly items: readonly Json[]; readonly next: number | null }> {
  const rows = await db.query<{ map_index: number; value: Json }>(PAGE, [runId, taskId, after, limit]);
  const last = rows.length < limit ? undefined : rows.at(-1);
  return { items: rows.map(({ value }) => value), next: last?.map_index ?? null };
}

/** Values that tasks left under a key: for each task of a run, by map index, in order. Tasks without one are missing. */
export async function getXComs(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string }[],
  key: string = RETURN_VALUE,
): Promise<readonly { readonly runId: number; readonly taskId: string; readonly mapIndex: number; readonly value: Json }[]> {
  if (of.length === 0) return [];
  const rows = await db.query<{ run_id: number; task_id: string; map_index: number; value: Json }>(GET, [
    ...columns(of, (row) => [row.runId, row.taskId]),
    key,
  ]);
  return rows.map((row) => ({ runId: row.run_id, taskId: row.task_id, mapIndex: row.map_index, value: row.value }));
}
