/** Which schedulers and workers are alive, from the heartbeats in their rows. */
import type { Queryable, Statement } from "../database/database.ts";

/** SQL: a scheduler or worker that was silent for longer does not count as alive. */
export const FRESH = "interval '30 seconds'";

export interface Health {
  /** Schedulers whose heartbeat is fresh. */
  readonly schedulers: number;
  readonly workers: number;
  /** Tries that the live workers can run at once, together. */
  readonly slots: number;
  /** Age of the newest scheduler's heartbeat; null when there never was one. */
  readonly schedulerAgeSeconds: number | null;
  /**
   * Background jobs that have not come round, such as `create_runs (scheduler host,
   * process 12)`.
   */
  readonly lateLoops: readonly string[];
}

const HEALTH: Statement = {
  name: "health",
  text: `
select
  (select count(*)::int from dagsmith.scheduler where heartbeat_at > now() - ${FRESH}) as schedulers,
  (select count(*)::int from dagsmith.worker where state = 'active' and heartbeat_at > now() - ${FRESH}) as workers,
  (select coalesce(sum(slots), 0)::int from dagsmith.worker where state = 'active' and heartbeat_at > now() - ${FRESH}) as slots,
  (select extract(epoch from now() - max(heartbeat_at))::float8 from dagsmith.scheduler) as "schedulerAgeSeconds",
  array(
    select format('%s (%s %s, process %s)', loop, role, hostname, pid) from (
      select 'scheduler' as role, hostname, pid, late_loops from dagsmith.scheduler where heartbeat_at > now() - ${FRESH}
      union all
      select 'worker', hostname, pid, late_loops from dagsmith.worker
      where state <> 'lost' and heartbeat_at > now() - ${FRESH}
    ) member, unnest(late_loops) as loop order by 1) as "lateLoops"`,
};

export async function getHealth(db: Queryable): Promise<Health> {
  const [row] = await db.query<Health & Record<string, unknown>>(HEALTH);
  return row ?? { schedulers: 0, workers: 0, slots: 0, schedulerAgeSeconds: null, lateLoops: [] };
}

export interface ClusterMember {
  readonly role: "scheduler" | "worker";
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  /** Seconds since its last heartbeat, by the database's clock. */
  readonly silentMs: number;
  /** The names of its background jobs that have not come round. */
  readonly lateLoops: readonly string[];
}

const MEMBERS: Statement = {
  name: "cluster_members",
  text: `
select * from (
  select 'scheduler' as role, id, hostname, pid, (extract(epoch from now() - heartbeat_at) * 1000)::float8 as "silentMs",
    late_loops as "lateLoops"
  from dagsmith.scheduler
  union all
  select 'worker', id, hostname, pid, (extract(epoch from now() - heartbeat_at) * 1000)::float8, late_loops
  from dagsmith.worker where state <> 'lost'
) members where "silentMs" < 300000 order by role, id`,
};

/** Those with a heartbeat in the last 5 minutes. */
export function listMembers(db: Queryable): Promise<readonly ClusterMember[]> {
  return db.query<ClusterMember>(MEMBERS);
}
