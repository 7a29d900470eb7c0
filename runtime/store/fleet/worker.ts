/**
 * Workers and their heartbeats. A worker holds a session lock under its id, so that a
 * death that breaks the connection is seen at once. Heartbeats find the other deaths: see
 * lost_worker.ts.
 */
import { DEFAULT_QUEUE } from "../../../sdk/spec/index.ts";
import type { TryRef } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

export interface WorkerRow {
  readonly id: string;
  readonly poolId: string;
  readonly hostname: string;
  readonly pid: number;
  /** The application_name of its sessions. */
  readonly sessionName: string;
  readonly slots: number;
  /** The queues it serves. Default: only `default`. */
  readonly queues?: readonly string[];
}

const REGISTER: Statement = {
  name: "worker_register",
  text: `
insert into dagsmith.worker (id, pool_id, hostname, pid, session_name, slots, queues)
values ($1, $2, $3, $4, $5, $6, $7)`,
};

const REMOVE: Statement = {
  name: "worker_remove",
  text: "delete from dagsmith.worker where id = $1 and state <> 'lost'",
};

/**
 * SQL: whether a worker may take work. One that was declared lost may not, even before it
 * knows.
 */
export const hasLease = (workerId: string): string =>
  `exists (select from dagsmith.worker w where w.id = ${workerId} and w.state <> 'lost' for share)`;

// A worker connects again when its session fell silent, but the server may keep the old
// session, and its lock, for long. Only sessions of the same worker hold a lock of this
// name.
export const TAKE_LOCK: Statement = {
  name: "worker_take_lock",
  text: `
with mine as materialized (select hashtextextended($1, 0) as key), silent as materialized (
  select pg_terminate_backend(l.pid) as ended from pg_locks l, mine
  where l.locktype = 'advisory' and l.granted and l.pid <> pg_backend_pid()
    and l.database = (select oid from pg_database where datname = current_database())
    and l.objsubid = 1 and (l.classid::bigint << 32) | l.objid::bigint = mine.key
)
select pg_advisory_lock(key), (select count(*) from silent) as ended from mine
where (select count(*) from silent) >= 0`,
};

/**
 * The tries that a worker believes to run. The parameters before are its id and its late
 * loops.
 */
export const HELD_TRIES = rowsOf<TryRef>(
  {
    id: ["bigint", ({ instanceId }) => instanceId],
    try_number: ["int", ({ tryNumber }) => tryNumber],
  },
  3,
);

/**
 * A heartbeat. Returns the tries that the worker has lost: cancelled, or declared lost.
 */
export const HEARTBEAT: Statement = {
  name: "worker_heartbeat",
  text: `
with beat as (
  update dagsmith.worker set heartbeat_at = now(), late_loops = $2::text[] where id = $1 and state <> 'lost' returning id
)
select (select count(*)::int from beat) as alive,
  coalesce((
    select array_agg(held.id) from ${HELD_TRIES.as("held")}
    where not exists (
      select from dagsmith.task_instance t
      where t.id = held.id and t.try_number = held.try_number and t.state = 'running' and t.worker_id = $1)
  ), '{}')::float8[] as taken`,
};

/** Milliseconds between two heartbeats of a worker. */
export const HEARTBEAT_EVERY_MS = 2_000;
const LEASE: Statement = {
  name: "worker_lease",
  text: "select from dagsmith.worker where id = $1 and state <> 'lost'",
};

/**
 * For a job that could not be claimed: whether the worker is to blame.
 * @throws Error when the worker was declared lost, so that the job comes back and others
 *   get it
 */
export async function assertLease(db: Queryable, id: string): Promise<void> {
  const found = await db.query(LEASE, [id]);
  if (found.length === 0) throw new Error("the worker was declared lost and may take nothing");
}

export async function registerWorker(db: Queryable, worker: WorkerRow): Promise<void> {
  await db.query(REGISTER, [
    worker.id,
    worker.poolId,
    worker.hostname,
    worker.pid,
    worker.sessionName,
    worker.slots,
    worker.queues ?? [DEFAULT_QUEUE],
  ]);
}

export async function removeWorker(db: Queryable, id: string): Promise<void> {
  await db.query(REMOVE, [id]);
}
