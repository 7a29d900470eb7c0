/**
 * Values that tasks leave for other tasks. Values are written as JSON text and read as
 * JSON; for a value in a file only the name of the file is read.
 */
import type { Json } from "../../../sdk/json.ts";
import type { KeptJson } from "../../engine/store.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { INSTANCES, TASKS } from "../instances/instance_rows.ts";
import type { XComFile } from "./xcom_file.ts";

export const RETURN_VALUE = "return_value";

export type XComRow = KeptJson & {
  readonly runId: number;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly key: string;
};

/** A value as it is stored. */
export interface StoredXCom {
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  /** Null for a value in a file. */
  readonly value: Json;
  readonly file: XComFile | null;
}

const VALUES = rowsOf<XComRow>({
  run_id: ["bigint", (row) => row.runId],
  task_id: ["text", (row) => row.taskId],
  map_index: ["int", (row) => row.mapIndex],
  key: ["text", (row) => row.key],
  value: ["json", (row) => row.json],
  file: ["text", (row) => row.file],
});

const PUT: Statement = {
  name: "xcom_put",
  text: `
insert into dagsmith.xcom (${VALUES.names}) select * from ${VALUES.unnest}
on conflict (run_id, task_id, map_index, key) do update
set value = excluded.value, file = excluded.file`,
};

// Guarded by the try: a worker that was declared lost must not write into the next try.
const PUSH: Statement = {
  name: "xcom_push",
  text: `
insert into dagsmith.xcom (run_id, task_id, map_index, key, value, file)
select t.run_id, t.task_id, t.map_index, $2, $3::json, $6::text from dagsmith.task_instance t
where t.id = $1 and t.try_number = $4 and t.worker_id = $5 and t.state = 'running'
for share of t
on conflict (run_id, task_id, map_index, key) do update
set value = excluded.value, file = excluded.file
returning 1 as stored`,
};

const CLEAR: Statement = {
  name: "xcom_clear",
  text: `
delete from dagsmith.xcom x
using ${INSTANCES.as("v")}
where x.run_id = v.run_id and x.task_id = v.task_id and x.map_index = v.map_index`,
};

/** The file of a value `x`, with the row of the file as `f`. */
const FILE = `case when x.file is not null
  then json_build_object('name', x.file, 'bytes', f.bytes, 'sha256', f.sha256) end as file`;

const GET: Statement = {
  name: "xcom_get",
  text: `
select x.run_id as "runId", x.task_id as "taskId", x.map_index as "mapIndex", x.value, ${FILE}
from ${TASKS.as("v")}
join dagsmith.xcom x on x.run_id = v.run_id and x.task_id = v.task_id and x.key = $3
left join dagsmith.xcom_file f on f.name = x.file
order by x.run_id, x.task_id, x.map_index`,
};

export async function putXComs(db: Queryable, rows: readonly XComRow[]): Promise<void> {
  await db.query(PUT, VALUES.values(rows));
}

/**
 * Stores a value that a running try pushes. @returns false when the worker has lost the
 * try
 */
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
  if (of.length > 0) await db.query(CLEAR, INSTANCES.values(of));
}

const PAGE: Statement = {
  name: "xcom_page",
  text: `
select x.run_id as "runId", x.task_id as "taskId", x.map_index as "mapIndex", x.value, ${FILE}
from dagsmith.xcom x left join dagsmith.xcom_file f on f.name = x.file
where x.run_id = $1 and x.task_id = $2 and x.key = '${RETURN_VALUE}' and x.map_index > $3
order by x.map_index limit $4`,
};

/** Values read at once of a long list. */
export const OUTPUTS_PER_PAGE = 200;

/**
 * The outputs of a mapped task after a map index; fewer than {@link OUTPUTS_PER_PAGE} are
 * the last page.
 */
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
from ${INSTANCES.as("v")}
join dagsmith.xcom x on x.run_id = v.run_id and x.task_id = v.task_id
  and x.map_index = v.map_index and x.key = '${RETURN_VALUE}'
left join dagsmith.xcom_file f on f.name = x.file`,
};

/** Outputs of single instances, in any order; an instance without output is missing. */
export function getOutputsAt(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string; readonly mapIndex: number }[],
): Promise<readonly StoredXCom[]> {
  return db.query<StoredXCom & Record<string, unknown>>(AT, INSTANCES.values(of));
}

/**
 * Values of tasks under a key, by task and map index. A task without a value is missing.
 */
export async function getXComs(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string }[],
  key: string = RETURN_VALUE,
): Promise<readonly StoredXCom[]> {
  if (of.length === 0) return [];
  return db.query<StoredXCom & Record<string, unknown>>(GET, [...TASKS.values(of), key]);
}
