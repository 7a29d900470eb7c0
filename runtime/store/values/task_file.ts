/**
 * Files that tasks store, and which of them to delete. A row is committed before the
 * bytes are written, so that every object of the store can be found and deleted. A file
 * exists for tasks only when its row is `kept`.
 */
import type { FileRef } from "../../../sdk/files/task_files.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { INSTANCES } from "../instances/instance_rows.ts";

/** The try that stores a file, and the worker that holds it. */
export interface FileHolder {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly workerId: string;
}

// Guarded by the try: a worker that was declared lost must not store files of the next
// try.
const HELD = `
select t.run_id, t.task_id, t.map_index, t.try_number from dagsmith.task_instance t
where t.id = $1 and t.try_number = $2 and t.worker_id = $3 and t.state = 'running'`;

const CLAIM: Statement = {
  name: "task_file_claim",
  text: `
insert into dagsmith.task_file
  (object, run_id, task_id, map_index, try_number, name, content_type)
select $4, held.*, $5, $6 from (${HELD} for share of t) held
returning (
  select coalesce(sum(f.bytes), 0)::float8 from dagsmith.task_file f
  where f.run_id = task_file.run_id and f.state = 'kept') as "runBytes"`,
};

/**
 * Records a file before its bytes are written.
 * @param object the name in the store
 * @returns the bytes of all files of the run; undefined when the worker has lost the try
 */
export async function claimTaskFile(
  db: Queryable,
  object: string,
  { name, contentType }: Pick<FileRef, "name" | "contentType">,
  { instanceId, tryNumber, workerId }: FileHolder,
): Promise<number | undefined> {
  const values = [instanceId, tryNumber, workerId, object, name, contentType];
  return (await db.query<{ runBytes: number }>(CLAIM, values))[0]?.runBytes;
}

// The file that has the name gives it up first: two kept files never have one name.
const REPLACE: Statement = {
  name: "task_file_replace",
  text: `
update dagsmith.task_file f set state = 'released' from (${HELD} for share of t) held
where f.run_id = held.run_id and f.task_id = held.task_id and f.map_index = held.map_index
  and f.name = $4 and f.state = 'kept'`,
};

const KEEP: Statement = {
  name: "task_file_keep",
  text: `
update dagsmith.task_file f set state = 'kept', bytes = $5, sha256 = $6
from (${HELD}) held
where f.object = $4 and f.state = 'claimed' and f.run_id = held.run_id
returning 1 as kept`,
};

// Files that are completed at the same time must count each other. Only files of one run
// wait for each other here.
const LOCK: Statement = {
  name: "task_file_lock",
  text: "select pg_advisory_xact_lock(hashtextextended('dagsmith files of a run', $1::bigint))",
};

const RUN_BYTES: Statement = {
  name: "task_file_run_bytes",
  text: `
select coalesce(sum(bytes), 0)::float8 as "runBytes" from dagsmith.task_file
where run_id = $1 and state = 'kept'`,
};

/**
 * Completes a file whose bytes are written. Holds the files of its run until the
 * transaction ends.
 * @returns the bytes of all files of the run with it; undefined when the worker has lost
 *   the try
 */
export async function keepTaskFile(
  tx: Queryable,
  object: string,
  { name, size, sha256 }: FileRef,
  { instanceId, tryNumber, workerId, runId }: FileHolder & { readonly runId: number },
): Promise<number | undefined> {
  const held = [instanceId, tryNumber, workerId];
  await tx.query(LOCK, [runId]);
  await tx.query(REPLACE, [...held, name]);
  const kept = await tx.query(KEEP, [...held, object, size, sha256]);
  if (kept.length === 0) return undefined;
  return (await tx.query<{ runBytes: number }>(RUN_BYTES, [runId]))[0]?.runBytes;
}

const RELEASE: Statement = {
  name: "task_file_release",
  text: "update dagsmith.task_file set state = 'released' where object = $1",
};

/** Gives up a file whose bytes could not be written. */
export async function releaseTaskFile(db: Queryable, object: string): Promise<void> {
  await db.query(RELEASE, [object]);
}

// The file of this run comes first. A reference may also come from another run, as a
// param or as state.
const FIND: Statement = {
  name: "task_file_find",
  text: `
select object from dagsmith.task_file
where sha256 = $2 and bytes = $3 and state = 'kept' and run_id is not null
order by run_id = $1 desc, created_at desc limit 1`,
};

/** The object with the contents of a reference; undefined when there is none. */
export async function findTaskFile(
  db: Queryable,
  runId: number,
  { sha256, size }: FileRef,
): Promise<string | undefined> {
  return (await db.query<{ object: string }>(FIND, [runId, sha256, size]))[0]?.object;
}

const DELETE: Statement = {
  name: "task_file_delete",
  text: `
update dagsmith.task_file f set state = 'released' from (${HELD} for share of t) held
where f.run_id = held.run_id and f.task_id = held.task_id and f.map_index = held.map_index
  and f.name = $4 and f.sha256 = $5 and f.state = 'kept'`,
};

/** Deletes a file of the same task instance. */
export async function deleteTaskFile(
  db: Queryable,
  { name, sha256 }: FileRef,
  { instanceId, tryNumber, workerId }: FileHolder,
): Promise<void> {
  await db.query(DELETE, [instanceId, tryNumber, workerId, name, sha256]);
}

const CLEAR: Statement = {
  name: "task_file_clear",
  text: `
update dagsmith.task_file f set state = 'released' from ${INSTANCES.as("v")}
where f.run_id = v.run_id and f.task_id = v.task_id and f.map_index = v.map_index
  and f.state = 'kept'`,
};

/** Deletes the files of instances that are cleared. */
export async function clearTaskFiles(
  db: Queryable,
  of: readonly { readonly runId: number; readonly taskId: string; readonly mapIndex: number }[],
): Promise<void> {
  if (of.length > 0) await db.query(CLEAR, INSTANCES.values(of));
}

/** An object that no task needs. */
export interface UnkeptFile {
  readonly object: string;
  /** Whether its bytes were written to their end. */
  readonly isWhole: boolean;
}

// A file is complete when its try says so. A worker died in between when the claim is a
// day old. The run of a file without run was deleted.
const UNKEPT: Statement = {
  name: "task_file_unkept",
  text: `
select object, bytes is not null as "isWhole" from dagsmith.task_file
where state = 'released' or run_id is null
  or (state = 'claimed' and created_at < now() - interval '1 day')
order by created_at limit $1`,
};

/** Objects to delete, the oldest first. */
export function unkeptTaskFiles(db: Queryable, limit: number): Promise<readonly UnkeptFile[]> {
  return db.query<UnkeptFile & Record<string, unknown>>(UNKEPT, [limit]);
}

const FORGET: Statement = {
  name: "task_file_forget",
  text: `
delete from dagsmith.task_file where object = any($1) and (state <> 'kept' or run_id is null)`,
};

/** Deletes the rows of deleted objects. */
export async function forgetTaskFiles(db: Queryable, objects: readonly string[]): Promise<void> {
  await db.query(FORGET, [objects]);
}
