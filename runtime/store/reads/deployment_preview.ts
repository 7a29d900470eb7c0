/** What a deployment would meet: the current versions, and the runs that are under way. */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { Queryable, Statement } from "../database/database.ts";

/** A DAG as it is deployed now. */
export interface CurrentDag {
  readonly dagId: string;
  readonly version: number;
  readonly hash: string;
  readonly file: string;
  readonly spec: DagSpec;
  readonly isPaused: boolean;
  readonly pausedAt: Date | null;
  readonly unpausedAt: Date | null;
}

/** Runs that are queued or running, and the version that they keep. */
export interface ActiveRuns {
  readonly dagId: string;
  readonly version: number;
  readonly runs: number;
}

const CURRENT: Statement = {
  name: "deployment_current_dags",
  text: `
select d.dag_id as "dagId", v.number as version, v.hash, v.file, v.spec,
  d.is_paused as "isPaused", d.paused_at as "pausedAt", d.unpaused_at as "unpausedAt"
from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id
where d.removed_at is null order by d.dag_id`,
};

const ACTIVE: Statement = {
  name: "deployment_active_runs",
  text: `
select r.dag_id as "dagId", v.number as version, count(*)::int as runs
from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id
where r.state in ('queued', 'running') and r.dag_id = any($1)
group by r.dag_id, v.number order by r.dag_id, v.number`,
};

export const listCurrentDags = (db: Queryable): Promise<readonly CurrentDag[]> =>
  db.query<CurrentDag & Record<string, unknown>>(CURRENT);

export const listActiveRuns = (
  db: Queryable,
  dagIds: readonly string[],
): Promise<readonly ActiveRuns[]> =>
  db.query<ActiveRuns & Record<string, unknown>>(ACTIVE, [dagIds]);
