/**
 * Lost workers. A scheduler counts how many of its looks found the same heartbeat: see
 * runtime/scheduler/silence.ts. A worker is dead when its session is gone and it has
 * missed a heartbeat, or after a long silence.
 */
import { refusesWrites } from "../database/connection_loss.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

// It writes as a heartbeat does: a server that refuses it refuses heartbeats, too.
const HEARTBEATS: Statement = {
  name: "worker_heartbeats",
  text: `
with written as (
  update dagsmith.worker set late_loops = late_loops
  where id = (select id from dagsmith.worker limit 1 for no key update skip locked)
)
select id, heartbeat_at::text as heartbeat from dagsmith.worker where state <> 'lost'`,
};

/** The newest heartbeat of a worker, as text that is only compared. */
export interface SeenHeartbeat {
  readonly id: string;
  readonly heartbeat: string;
}

/** A worker that has missed a heartbeat. */
export interface SilentWorker extends SeenHeartbeat {
  /** Whether it is dead even if its session is there. */
  readonly isDead: boolean;
}

const SILENT = rowsOf<SilentWorker>({
  id: ["text", ({ id }) => id],
  heartbeat: ["timestamptz", ({ heartbeat }) => heartbeat],
  is_dead: ["boolean", ({ isDead }) => isDead],
});

/**
 * A restarted server has lost all sessions; the workers may take so long to come back.
 */
const COME_BACK_MS = 12_000;

// The sessions of a lost worker end: one that froze inside a transaction would keep its
// locks. Sessions of another deployment have another name, and those of another user
// cannot be ended.
const DECLARE_LOST: Statement = {
  name: "worker_declare_lost",
  text: `
with silent as materialized (
  select w.id, v.is_dead from ${SILENT.as("v")} join dagsmith.worker w on w.id = v.id
  where w.state <> 'lost' and w.heartbeat_at = v.heartbeat
  order by w.id for update of w skip locked
), dead as (
  update dagsmith.worker w set state = 'lost' from silent
  where w.id = silent.id
    and (silent.is_dead
      or (pg_postmaster_start_time() < now() - interval '${COME_BACK_MS} milliseconds'
        and pg_try_advisory_xact_lock(hashtextextended(silent.id, 0))))
  returning w.id, w.pool_id, w.hostname, w.pid, w.session_name
), unlocked as (
  select dagsmith_queue.force_unlock_workers(array_agg(pool_id)) from dead having count(*) > 0
), ended as (
  select pg_terminate_backend(a.pid) from dead join pg_stat_activity a on a.application_name = dead.session_name
  where a.datname = current_database() and a.usename = current_user and a.pid <> pg_backend_pid()
)
select dead.id, dead.hostname, dead.pid, (select count(*)::int from ended) as sessions
from dead left join unlocked on true`,
};

const DELETE_LOST: Statement = {
  name: "worker_delete_lost",
  text: `
delete from dagsmith.worker where id in (
  select id from dagsmith.worker where state = 'lost' and heartbeat_at < now() - interval '1 day'
  for update skip locked)`,
};

/** A look at the heartbeats of all workers that are not lost. */
export interface HeartbeatLook {
  readonly seen: readonly SeenHeartbeat[];
  /**
   * Whether the server took no heartbeat until now: it was read-only, or its disk was
   * full.
   */
  readonly isAfterRefusal: boolean;
}

/** Waits while the server takes no heartbeat. */
export async function heartbeats(db: Database): Promise<HeartbeatLook> {
  let isAfterRefusal = false;
  const seen = await db.transaction(async (tx) => {
    try {
      return await tx.query<SeenHeartbeat & Record<string, unknown>>(HEARTBEATS);
    } catch (error) {
      isAfterRefusal ||= refusesWrites(error);
      throw error;
    }
  });
  return { seen, isAfterRefusal };
}

export interface LostWorker {
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  /** How many of its database sessions were ended. */
  readonly sessions: number;
}

/**
 * Declares silent workers lost unless they have beaten since, unlocks their jobs for
 * other workers and ends their sessions.
 */
export async function declareLost(
  db: Queryable,
  silent: readonly SilentWorker[],
): Promise<readonly LostWorker[]> {
  if (silent.length === 0) return [];
  const lost = await db.query<LostWorker & Record<string, unknown>>(
    DECLARE_LOST,
    SILENT.values(silent),
  );
  if (lost.length > 0) await db.query(DELETE_LOST);
  return lost;
}
