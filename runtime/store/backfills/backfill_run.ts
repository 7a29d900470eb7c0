/** The planned runs of backfills, and the runs created or cleared for them. */
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/** A planned run. */
export interface BackfillRun {
  readonly ordinal: number;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly runAfter: Date;
}

export interface NewBackfillRun extends BackfillRun {
  readonly decision: "run" | "skip";
  readonly reason: string | null;
  /** The existing run because of which this one is skipped. */
  readonly runId: number | null;
}

/** The run that a logical date already has. */
export interface ExistingRun {
  readonly id: number;
  readonly runId: string;
  readonly logicalDate: Date;
  readonly state: RunState;
}

const COLUMNS = `ordinal, logical_date as "logicalDate",
  data_interval_start as "dataIntervalStart", data_interval_end as "dataIntervalEnd",
  run_after as "runAfter"`;

// The first parameter is the id of the backfill.
const RUNS = rowsOf<NewBackfillRun>(
  {
    ordinal: ["int", (run) => run.ordinal],
    logical_date: ["timestamptz", (run) => run.logicalDate],
    data_interval_start: ["timestamptz", (run) => run.dataIntervalStart],
    data_interval_end: ["timestamptz", (run) => run.dataIntervalEnd],
    run_after: ["timestamptz", (run) => run.runAfter],
    decision: ["text", (run) => run.decision],
    reason: ["text", (run) => run.reason],
    run_id: ["bigint", (run) => run.runId],
  },
  2,
);

const INSERT: Statement = {
  name: "backfill_run_insert",
  text: `
insert into dagsmith.backfill_run (backfill_id, ${RUNS.names}) select $1, * from ${RUNS.unnest}`,
};

const WAITING: Statement = {
  name: "backfill_run_next",
  text: `
select ${COLUMNS} from dagsmith.backfill_run
where backfill_id = $1 and decision = 'run' and run_id is null order by ordinal limit $2`,
};

/** The decision about a planned run. */
export type RunDecided = Pick<NewBackfillRun, "ordinal" | "decision" | "reason" | "runId">;

const DECIDED = rowsOf<RunDecided>(
  {
    ordinal: ["int", (run) => run.ordinal],
    decision: ["text", (run) => run.decision],
    reason: ["text", (run) => run.reason],
    run_id: ["bigint", (run) => run.runId],
  },
  2,
);

const DECIDE: Statement = {
  name: "backfill_run_decide",
  text: `
update dagsmith.backfill_run s set decision = v.decision, reason = v.reason, run_id = v.run_id
from ${DECIDED.as("v")}
where s.backfill_id = $1 and s.ordinal = v.ordinal`,
};

// Of several runs with one date an active run counts first, then a run of a schedule or a
// backfill.
const EXISTING: Statement = {
  name: "backfill_run_existing",
  text: `
select distinct on (logical_date) id, run_id as "runId", logical_date as "logicalDate", state
from dagsmith.dag_run
where dag_id = $1 and logical_date = any($2) and (schedule is null or schedule = $3)
  and deleting_since is null
order by logical_date, state in ('queued', 'running') desc, schedule is not null desc, id desc`,
};

const IN_FLIGHT: Statement = {
  name: "backfill_in_flight",
  text: `
select count(*) filter (where state = 'running')::int as running,
  count(*) filter (where state = 'queued')::int as queued
from dagsmith.dag_run where backfill_id = $1 and state in ('queued', 'running')`,
};

const CANCEL_WAITING: Statement = {
  name: "backfill_run_cancel",
  text: `
update dagsmith.backfill_run set decision = 'skip', reason = 'cancelled'
where backfill_id = $1 and decision = 'run' and run_id is null`,
};

/** Runs written in one statement. */
const BATCH = 5_000;

export async function insertBackfillRuns(
  tx: Queryable,
  backfillId: number,
  runs: readonly NewBackfillRun[],
): Promise<void> {
  for (let from = 0; from < runs.length; from += BATCH) {
    const batch = runs.slice(from, from + BATCH);
    await tx.query(INSERT, [backfillId, ...RUNS.values(batch)]);
  }
}

/** The next planned runs without a decision, in order. */
export function waitingRuns(
  tx: Queryable,
  backfillId: number,
  limit: number,
): Promise<readonly BackfillRun[]> {
  return tx.query<BackfillRun & Record<string, unknown>>(WAITING, [backfillId, limit]);
}

/** Records the decisions about planned runs. */
export async function decideRuns(
  tx: Queryable,
  backfillId: number,
  runs: readonly RunDecided[],
): Promise<void> {
  if (runs.length > 0) await tx.query(DECIDE, [backfillId, ...DECIDED.values(runs)]);
}

/**
 * The existing runs of logical dates, of this schedule and of no schedule.
 * @returns the runs by logical date in milliseconds
 */
export async function existingRuns(
  db: Queryable,
  dagId: string,
  schedule: string,
  dates: readonly Date[],
): Promise<ReadonlyMap<number, ExistingRun>> {
  const rows = await db.query<ExistingRun & Record<string, unknown>>(EXISTING, [
    dagId,
    dates,
    schedule,
  ]);
  return new Map(rows.map((row) => [row.logicalDate.getTime(), row]));
}

/** The number of active runs of a backfill. */
export async function inFlight(
  db: Queryable,
  backfillId: number,
): Promise<{ readonly running: number; readonly queued: number }> {
  const [row] = await db.query<{ running: number; queued: number }>(IN_FLIGHT, [backfillId]);
  return row ?? { running: 0, queued: 0 };
}

/** Skips the planned runs without a decision. */
export async function cancelWaiting(tx: Queryable, backfillId: number): Promise<void> {
  await tx.query(CANCEL_WAITING, [backfillId]);
}
