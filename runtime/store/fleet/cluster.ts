/** Which schedulers and workers are alive. */
import type { Queryable, Statement } from "../database/database.ts";

export interface ClusterMember {
  readonly role: "scheduler" | "worker";
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  /** Since its last sign of life, by the database's clock. */
  readonly silentMs: number;
}

const MEMBERS: Statement = {
  name: "cluster_members",
  text: `
select * from (
  select 'scheduler' as role, id, hostname, pid, (extract(epoch from now() - heartbeat_at) * 1000)::float8 as "silentMs"
  from dagsmith.scheduler
  union all
  select 'worker', id, hostname, pid, (extract(epoch from now() - heartbeat_at) * 1000)::float8
  from dagsmith.worker where state <> 'lost'
) members where "silentMs" < 300000 order by role, id`,
};

/** Those that gave a sign of life in the last 5 minutes. */
export function listMembers(db: Queryable): Promise<readonly ClusterMember[]> {
  return db.query<ClusterMember>(MEMBERS);
}
