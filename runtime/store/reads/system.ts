/**
 * What a deployment is made of now: its services, its queue, its database, its versions.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { isVisible, type VisibleTags } from "./dag_tags.ts";

export interface ServiceRow {
  readonly role: "scheduler" | "worker";
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  readonly state: "active" | "stopping" | "lost";
  /** Tries that it runs at once; null for a scheduler. */
  readonly slots: number | null;
  readonly queues: readonly string[] | null;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
  /** Whether its heartbeat is older than 30 seconds. */
  readonly isSilent: boolean;
  /** Names of its background jobs that have not come round. */
  readonly lateLoops: readonly string[];
}

const SILENT = "heartbeat_at < now() - interval '30 seconds'";

// Rows of services that ended long ago are no news.
const SERVICES: Statement = {
  name: "system_services",
  text: `
select * from (
  select 'scheduler' as role, id, hostname, pid, 'active' as state, null::int as slots,
    null::text[] as queues, started_at as "startedAt", heartbeat_at as "heartbeatAt",
    ${SILENT} as "isSilent", late_loops as "lateLoops"
  from dagsmith.scheduler
  union all
  select 'worker', id, hostname, pid, state, slots, queues, started_at, heartbeat_at, ${SILENT},
    late_loops
  from dagsmith.worker
) services where "heartbeatAt" > now() - interval '1 hour'
order by role, hostname, id limit 200`,
};

export interface SystemFacts {
  /** Queue jobs that are due and no worker has taken, and the age of the oldest. */
  readonly waitingJobs: number;
  readonly oldestWaitSeconds: number | null;
  readonly activeRuns: number;
  /** `PostgreSQL 18.1`. */
  readonly server: string;
  readonly databaseBytes: number;
  readonly connections: number;
  readonly maxConnections: number;
  /** Everything of runs that ended before is deleted from the logs; null: nothing yet. */
  readonly logsDeletedUntil: Date | null;
}

const FACTS: Statement = {
  name: "system_facts",
  text: `
select queue.waiting as "waitingJobs", queue.oldest as "oldestWaitSeconds",
  (select count(*)::int from dagsmith.dag_run where state in ('queued', 'running')) as "activeRuns",
  'PostgreSQL ' || current_setting('server_version') as server,
  pg_database_size(current_database())::float8 as "databaseBytes",
  (select count(*)::int from pg_stat_activity where datname = current_database()) as connections,
  current_setting('max_connections')::int as "maxConnections",
  (select done_until from dagsmith.retention_progress where kind = 'logs') as "logsDeletedUntil"
from (
  select count(*)::int as waiting, extract(epoch from now() - min(run_at))::float8 as oldest
  from dagsmith_queue._private_jobs where locked_at is null and run_at <= now()
) queue`,
};

export interface DeployedVersion {
  readonly dagId: string;
  readonly number: number;
  readonly file: string;
  readonly createdAt: Date;
  /** Whether new runs get it. */
  readonly isCurrent: boolean;
}

const DEPLOYED: Statement = {
  name: "system_versions",
  text: `
select v.dag_id as "dagId", v.number, v.file, v.created_at as "createdAt",
  coalesce(v.id = d.version_id, false) as "isCurrent"
from dagsmith.dag_version v join dagsmith.dag d using (dag_id)
where ${isVisible("dag_id", "$2")}
order by v.id desc limit $1`,
};

/** Schedulers and workers that gave a sign of life in the last hour. */
export function listServices(db: Queryable): Promise<readonly ServiceRow[]> {
  return db.query<ServiceRow & Record<string, unknown>>(SERVICES);
}

export async function getSystemFacts(db: Queryable): Promise<SystemFacts | undefined> {
  return (await db.query<SystemFacts & Record<string, unknown>>(FACTS))[0];
}

/** The versions that were deployed last, newest first. */
export function listDeployedVersions(
  db: Queryable,
  limit: number,
  visible: VisibleTags,
): Promise<readonly DeployedVersion[]> {
  return db.query<DeployedVersion & Record<string, unknown>>(DEPLOYED, [limit, visible]);
}
