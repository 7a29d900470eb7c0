/** The tries of an instance, and its XComs. */
import type { StoredError } from "../../state/stored_error.ts";
import type { Queryable, Statement } from "../database/database.ts";

/** Largest part of a value that is shown, in characters. */
const SHOWN_VALUE = 20_000;

export interface TryRow {
  readonly tryNumber: number;
  readonly state: "failed" | "lost";
  readonly workerId: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date;
  readonly reason: string | null;
  readonly error: StoredError | null;
}

const TRIES: Statement = {
  name: "task_try_list",
  text: `
select try_number as "tryNumber", state, worker_id as "workerId", started_at as "startedAt",
  finished_at as "finishedAt", reason, error
from dagsmith.task_try where task_instance_id = $1 order by try_number desc limit 200`,
};

/** Tries before the current one, newest first. */
export function listTries(db: Queryable, instanceId: number): Promise<readonly TryRow[]> {
  return db.query<TryRow & Record<string, unknown>>(TRIES, [instanceId]);
}

export interface XComValue {
  readonly key: string;
  /** JSON text, cut at 20,000 characters; empty when the value is in a file. */
  readonly value: string;
  /** Size of the whole value. */
  readonly bytes: number;
}

const XCOMS: Statement = {
  name: "xcom_list",
  text: `
select x.key, coalesce(left(x.value::text, ${SHOWN_VALUE}), '') as value,
  coalesce(octet_length(x.value::text), f.bytes, 0) as bytes
from dagsmith.xcom x left join dagsmith.xcom_file f on f.name = x.file
where x.run_id = $1 and x.task_id = $2 and x.map_index = $3 order by x.key limit 100`,
};

export function listXComs(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<readonly XComValue[]> {
  return db.query<XComValue & Record<string, unknown>>(XCOMS, [runId, taskId, mapIndex]);
}

export interface OutputValue extends Omit<XComValue, "key"> {
  readonly taskId: string;
  readonly mapIndex: number;
}

const OUTPUTS: Statement = {
  name: "output_list",
  text: `
select x.task_id as "taskId", x.map_index as "mapIndex",
  coalesce(left(x.value::text, ${SHOWN_VALUE}), '') as value,
  coalesce(octet_length(x.value::text), f.bytes, 0) as bytes
from dagsmith.xcom x left join dagsmith.xcom_file f on f.name = x.file
where x.run_id = $1 and x.task_id = any($2) and x.map_index in (-1, $3) and x.key = 'return_value'`,
};

/** The outputs of tasks of a run: whole ones, and those of instances at a map index. */
export function listOutputs(
  db: Queryable,
  runId: number,
  taskIds: readonly string[],
  mapIndex: number,
): Promise<readonly OutputValue[]> {
  return db.query<OutputValue & Record<string, unknown>>(OUTPUTS, [runId, taskIds, mapIndex]);
}
