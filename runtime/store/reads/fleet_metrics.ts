/**
 * What a monitoring system asks of a whole deployment. Each statement reads active rows, or
 * those of the last seconds, so it costs the same after a year of history.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { FRESH } from "./health.ts";

/** How many runs, or task instances, of a DAG are in a state. */
export interface ActiveCount {
  readonly dagId: string;
  readonly state: string;
  readonly count: number;
}

/** One row of figures for the deployment. Ages and lags are in seconds. */
export interface FleetFigures {
  readonly schedulers: number;
  readonly workers: number;
  /** Tries that the live workers can run at once, together. */
  readonly slots: number;
  /** Queue jobs that a worker may take now, and the age of the oldest. */
  readonly queuedJobs: number;
  readonly oldestJobSeconds: number;
  /** How long ago the earliest run that was not created yet was due. */
  readonly schedulerLagSeconds: number;
  readonly importErrors: number;
  readonly pausedDags: number;
  readonly dags: number;
}

const FIGURES: Statement = {
  name: "fleet_figures",
  text: `
select
  (select count(*)::int from dagsmith.scheduler where heartbeat_at > now() - ${FRESH}) as schedulers,
  worker.*, job.*, due.*, dag.*,
  (select count(*)::int from dagsmith.import_error) as "importErrors"
from
  (
    select count(*)::int as workers, coalesce(sum(slots), 0)::int as slots
    from dagsmith.worker where state = 'active' and heartbeat_at > now() - ${FRESH}
  ) worker,
  (
    select count(*)::int as "queuedJobs",
      coalesce(extract(epoch from now() - min(run_at)), 0)::float8 as "oldestJobSeconds"
    from dagsmith_queue._private_jobs where is_available and run_at <= now()
  ) job,
  (
    select coalesce(extract(epoch from now() - min(next_run_after)), 0)::float8 as "schedulerLagSeconds"
    from dagsmith.dag
    where next_run_after <= now() and not is_paused and not at_capacity and removed_at is null
  ) due,
  (
    select count(*)::int as dags, count(*) filter (where is_paused)::int as "pausedDags"
    from dagsmith.dag where removed_at is null
  ) dag`,
};

/** @throws Error when the statement returns no row, which PostgreSQL never does */
export async function readFleetFigures(db: Queryable): Promise<FleetFigures> {
  const [row] = await db.query<FleetFigures & Record<string, unknown>>(FIGURES);
  if (!row) throw new Error("the statement of the fleet's figures returned no row");
  return row;
}

const ACTIVE_RUNS: Statement = {
  name: "fleet_active_runs",
  text: `
select dag_id as "dagId", state, count(*)::int as count
from dagsmith.dag_run where state in ('queued', 'running') group by 1, 2`,
};

const ACTIVE_INSTANCES: Statement = {
  name: "fleet_active_instances",
  text: `
select r.dag_id as "dagId", t.state, count(*)::int as count
from dagsmith.dag_run r join dagsmith.task_instance t on t.run_id = r.id
where r.state = 'running' and t.finished_at is null and t.state <> 'none'
group by 1, 2`,
};

/** Queued and running runs, by DAG and state. */
export function countActiveRuns(db: Queryable): Promise<readonly ActiveCount[]> {
  return db.query<ActiveCount & Record<string, unknown>>(ACTIVE_RUNS);
}

/** Unfinished instances of running runs, by DAG and state. */
export function countActiveInstances(db: Queryable): Promise<readonly ActiveCount[]> {
  return db.query<ActiveCount & Record<string, unknown>>(ACTIVE_INSTANCES);
}

/** The end of a run, in the order of {@link readEndedRuns}. */
export interface RunEndPlace {
  /** A text: a Date has no microseconds. */
  readonly finishedAt: string;
  readonly id: number;
}

export interface EndedRun extends RunEndPlace {
  readonly dagId: string;
  readonly state: string;
  readonly seconds: number;
}

/** The time is for transactions that are open: their runs are seen later. */
const ENDED_RUNS: Statement = {
  name: "fleet_ended_runs",
  text: `
select dag_id as "dagId", state, finished_at::text as "finishedAt", id,
  extract(epoch from finished_at - coalesce(started_at, queued_at))::float8 as seconds
from dagsmith.dag_run
where finished_at is not null and (finished_at, id) > ($1::timestamptz, $2)
  and finished_at < now() - interval '5 seconds'
order by finished_at, id limit 10000`,
};

/** Runs that ended after a place, and five seconds ago or earlier; at most 10,000. */
export function readEndedRuns(
  db: Queryable,
  { finishedAt, id }: RunEndPlace,
): Promise<readonly EndedRun[]> {
  return db.query<EndedRun & Record<string, unknown>>(ENDED_RUNS, [finishedAt, id]);
}
