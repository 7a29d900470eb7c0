/**
 * Workers: heartbeats, lost workers and their tries. A worker holds a session lock under its id, so
 * that a death that breaks the connection is seen at once. Heartbeats find the other deaths.
 */
import { DEFAULT_QUEUE } from "../../../sdk/spec/index.ts";
import { ENGINE, type TryRef } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

export interface WorkerRow {
  readonly id: string;
  readonly poolId: string;
  readonly hostname: string;
  readonly pid: number;
  readonly slots: number;
  /** The queues it serves. Default: only `default`. */
  readonly queues?: readonly string[];
}

const REGISTER: Statement = {
  name: "worker_register",
  text: `
insert into dagsmith.worker (id, pool_id, hostname, pid, slots, queues)
values ($1, $2, $3, $4, $5, $6)`,
};

const REMOVE: Statement = {
  name: "worker_remove",
  text: "delete from dagsmith.worker where id = $1 and state <> 'lost'",
};

/** The tries that a worker believes to run. The first parameter is the id of the worker. */
export const HELD_TRIES = rowsOf<TryRef>(
  {
    id: ["bigint", ({ instanceId }) => instanceId],
    try_number: ["int", ({ tryNumber }) => tryNumber],
  },
  2,
);

/** A heartbeat. Returns the tries that the worker has lost: cancelled, or declared lost. */
export const HEARTBEAT: Statement = {
  name: "worker_heartbeat",
  text: `
with beat as (
  update dagsmith.worker set heartbeat_at = now() where id = $1 and state <> 'lost' returning id
)
select (select count(*)::int from beat) as alive,
  coalesce((
    select array_agg(held.id) from ${HELD_TRIES.as("held")}
    where not exists (
      select from dagsmith.task_instance t
      where t.id = held.id and t.try_number = held.try_number and t.state = 'running' and t.worker_id = $1)
  ), '{}')::float8[] as taken`,
};

// A worker is dead when its session is gone and it has missed a heartbeat, or after a long
// silence. A restarted server has lost all sessions, so it first waits for the workers to
// come back.
const DECLARE_LOST: Statement = {
  name: "worker_declare_lost",
  text: `
with silent as materialized (
  select id, heartbeat_at from dagsmith.worker
  where state <> 'lost' and heartbeat_at < now() - $1 * interval '1 millisecond'
    and pg_postmaster_start_time() < now() - $2 * interval '1 millisecond'
  order by id for update skip locked
), dead as (
  update dagsmith.worker w set state = 'lost' from silent
  where w.id = silent.id
    and (silent.heartbeat_at < now() - $2 * interval '1 millisecond'
      or pg_try_advisory_xact_lock(hashtextextended(silent.id, 0)))
  returning w.id, w.pool_id, w.hostname, w.pid
), unlocked as (
  select dagsmith_queue.force_unlock_workers(array_agg(pool_id)) from dead having count(*) > 0
)
select dead.id, dead.hostname, dead.pid from dead left join unlocked on true`,
};

const DELETE_LOST: Statement = {
  name: "worker_delete_lost",
  text: `
delete from dagsmith.worker where state = 'lost' and heartbeat_at < now() - interval '1 day'`,
};

/** A try that is running. */
const HOLDER: Statement = {
  name: "worker_holder",
  text: `
select t.id, t.run_id, t.task_id, t.map_index, t.try_number, t.lost_tries, t.cleared_tries,
  t.worker_id, null as hostname, null as pid
from dagsmith.task_instance t where t.id = $1 and t.try_number = $2 and t.state = 'running'`,
};

// Reads only instances of active runs, so the cost does not grow with history.
const ORPHANS: Statement = {
  name: "worker_orphans",
  text: `
select t.id, t.run_id, t.task_id, t.map_index, t.try_number, t.lost_tries, t.cleared_tries,
  t.worker_id, w.hostname, w.pid
from dagsmith.dag_run r
join dagsmith.task_instance t on t.run_id = r.id and t.state = 'running'
left join dagsmith.worker w on w.id = t.worker_id
where r.state = 'running' and (w.id is null or w.state = 'lost')
  and t.worker_id <> '${ENGINE}'
order by t.id limit $1`,
};

/** Milliseconds between two heartbeats of a worker. */
export const HEARTBEAT_EVERY_MS = 2_000;
/**
 * Silence after which a worker without a session is dead: one and a half heartbeats, so that
 * it can reconnect.
 */
const SILENT_AFTER_MS = 3_000;
/** Silence after which any worker is dead. */
const DEAD_AFTER_MS = 12_000;

export async function registerWorker(db: Queryable, worker: WorkerRow): Promise<void> {
  await db.query(REGISTER, [
    worker.id,
    worker.poolId,
    worker.hostname,
    worker.pid,
    worker.slots,
    worker.queues ?? [DEFAULT_QUEUE],
  ]);
}

export async function removeWorker(db: Queryable, id: string): Promise<void> {
  await db.query(REMOVE, [id]);
}

/** Declares silent workers lost and unlocks their jobs for other workers. */
export async function declareLost(
  db: Queryable,
): Promise<readonly { readonly id: string; readonly hostname: string; readonly pid: number }[]> {
  const lost = await db.query<{ id: string; hostname: string; pid: number }>(DECLARE_LOST, [
    SILENT_AFTER_MS,
    DEAD_AFTER_MS,
  ]);
  if (lost.length > 0) await db.query(DELETE_LOST);
  return lost;
}

/** A try that a worker has claimed. */
export interface HeldTry extends TryRef {
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly lostTries: number;
  readonly clearedTries: number;
  readonly workerId: string;
  /** `host, process 123`; the id of the worker when host and process are unknown. */
  readonly holder: string;
}

/** A running try with its worker; undefined when the try is not running. */
export async function holderOf(db: Queryable, ref: TryRef): Promise<HeldTry | undefined> {
  const [row] = await db.query<HeldRow>(HOLDER, [ref.instanceId, ref.tryNumber]);
  return row && heldTry(row);
}

/** Running tries whose worker is lost or gone, up to `limit`. */
export async function orphanedTries(db: Queryable, limit: number): Promise<readonly HeldTry[]> {
  return (await db.query<HeldRow>(ORPHANS, [limit])).map(heldTry);
}

interface HeldRow extends Record<string, unknown> {
  id: number;
  run_id: number;
  task_id: string;
  map_index: number;
  try_number: number;
  lost_tries: number;
  cleared_tries: number;
  worker_id: string;
  hostname: string | null;
  pid: number | null;
}

function heldTry(row: HeldRow): HeldTry {
  return {
    instanceId: row.id,
    runId: row.run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    tryNumber: row.try_number,
    lostTries: row.lost_tries,
    clearedTries: row.cleared_tries,
    workerId: row.worker_id,
    holder: row.hostname === null ? row.worker_id : `${row.hostname}, process ${row.pid}`,
  };
}
