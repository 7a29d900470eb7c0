/** What tasks leave for each other. Values are JSON text going in, and JSON values coming out; of those in files only the name. */
import type { Json } from "../../../sdk/json.ts";
import type { KeptJson } from "../../engine/store.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";
import type { XComFile } from "./xcom_file.ts";

export const RETURN_VALUE = "return_value";

export type XComRow = KeptJson & {
  readonly runId: number;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly key: string;
};

/** A value as it lies in the store. */
export interface StoredXCom {
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  /** Null when it lies in a file. */
  readonly value: Json;
  readonly file: XComFile | null;
}

const PUT: Statement = {
  name: "xcom_put",
  text: `
insert into dagsmith.xcom (run_id, task_id, map_index, key, value, file)
select * from unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::json[], $6::text[])
on conflict (run_id, task_id, map_index, key) do update set value = excluded.value, file = excluded.file`,
};

// The fence of a try: what a worker that was given up for dead still pushes must not reach the try that followed.
const PUSH: Statement = {
  name: "xcom_push",
  text: `
insert into dagsmith.xcom (run_id, task_id, map_index, key, value, file)
select t.run_id, t.task_id, t.map_index, $2, $3::json, $6::text from dagsmith.task_instance t
where t.id = $1 and t.try_number = $4 and t.worker_id = $5 and t.state = 'running'
for share of t
on conflict (run_id, task_id, map_index, key) do update set value = excluded.value, file = excluded.file
returning 1 as stored`,
};

const CLEAR: Statement = {
  name: "xcom_clear",
  text: `
delete from dagsmith.xcom x
using unnest($1::bigint[], $2::text[], $3::int[]) as v (run_id, task_id, map_index)
where x.run_id = v.run_id and x.task_id = v.task_id and x.map_index = v.map_index`,
};

// Of a value in a file, with the file's row as `f`.
const FILE =
  "case when x.file is not null then json_build_object('name', x.file, 'bytes', f.bytes, 'sha256', f.sha256) end as file";

const GET: Statement = {
  name: "xcom_get",
  text: `
select x.run_id as "runId", x.task_id as "taskId", x.map_index as "mapIndex", x.value, ${FILE}
from unnest($1::bigint[], $2::text[]) as v (run_id, task_id)
join dagsmith.xcom x on x.run_id = v.run_id and x.task_id = v.task_id and x.key = $3
left join dagsmith.xcom_file f on f.name = x.file
order by x.run_id, x.task_id, x.map_index`,
};

export async function putXComs(db: Queryable, rows: readonly XComRow[]): Promise<void> {
  await db.query(
    PUT,
    columns(rows, (row) => [row.runId, row.taskId, row.mapIndex, row.key, row.json, row.file]),
  );
}

/** Stores what a running try pushes. @returns false when the try is no longer this worker's */
export async function pushXCom(
  db: Queryable,
  { key, json, file }: KeptJson & { readonly key: string },
  held: { readonly instanceId: number; readonly tryNumber: number; readonly workerId: string },
): Promise<boolean> {
  return (
    (await db.query(PUSH, [held.instanceId, key, json, held.tryNumber, held.workerId, file]))
      .length > 0
  );
}

export async function clearXComs(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string; readonly mapIndex: number }[],
): Promise<void> {
  if (of.length === 0) return;
  await db.query(
    CLEAR,
    columns(of, (row) => [row.runId, row.taskId, row.mapIndex]),
  );
}

const PAGE: Statement = {
  name: "xcom_page",
  text: `
select x.run_id as "runId", x.task_id as "taskId", x.map_index as "mapIndex", x.value, ${FILE}
from dagsmith.xcom x left join dagsmith.xcom_file f on f.name = x.file
where x.run_id = $1 and x.task_id = $2 and x.key = '${RETURN_VALUE}' and x.map_index > $3 order by x.map_index limit $4`,
};

/** Values read at once of a list that is walked through. */
export const OUTPUTS_PER_PAGE = 200;

/** The next outputs of a mapped task from behind a map index on; fewer than {@link OUTPUTS_PER_PAGE} are the last. */
export function getOutputs(
  db: Queryable,
  { runId, taskId }: { readonly runId: number; readonly taskId: string },
  after: number,
  limit: number = OUTPUTS_PER_PAGE,
): Promise<readonly StoredXCom[]> {
  return db.query<StoredXCom & Record<string, unknown>>(PAGE, [runId, taskId, after, limit]);
}

const AT: Statement = {
  name: "xcom_at",
  text: `
select x.run_id as "runId", x.task_id as "taskId", x.map_index as "mapIndex", x.value, ${FILE}
from unnest($1::bigint[], $2::text[], $3::int[]) as v (run_id, task_id, map_index)
join dagsmith.xcom x on x.run_id = v.run_id and x.task_id = v.task_id and x.map_index = v.map_index and x.key = '${RETURN_VALUE}'
left join dagsmith.xcom_file f on f.name = x.file`,
};

/** Outputs of single instances, in no order; those without one are missing. */
export function getOutputsAt(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string; readonly mapIndex: number }[],
): Promise<readonly StoredXCom[]> {
  return db.query<StoredXCom & Record<string, unknown>>(
    AT,
    columns(of, (row) => [row.runId, row.taskId, row.mapIndex]),
  );
}

/** Values that tasks left under a key: for each task of a run, by map index, in order. Tasks without one are missing. */
export async function getXComs(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string }[],
  key: string = RETURN_VALUE,
): Promise<readonly StoredXCom[]> {
  if (of.length === 0) return [];
  return db.query<StoredXCom & Record<string, unknown>>(GET, [
    ...columns(of, (row) => [row.runId, row.taskId]),
    key,
  ]);
}
