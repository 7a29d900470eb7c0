/** The intervals of backfills: what was planned for each, and which run it became. */
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";

/** An interval as it is stored. */
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
  /** The run that stands in the way of a skipped one. */
  readonly runId: number | null;
}

/** The run that a logical date has already. */
export interface ExistingRun {
  readonly id: number;
  readonly runId: string;
  readonly logicalDate: Date;
  readonly state: RunState;
}

const COLUMNS = `ordinal, logical_date as "logicalDate", data_interval_start as "dataIntervalStart", data_interval_end as "dataIntervalEnd",
  run_after as "runAfter"`;

const INSERT: Statement = {
  name: "backfill_run_insert",
  text: `
insert into dagsmith.backfill_run (backfill_id, ordinal, logical_date, data_interval_start, data_interval_end, run_after, decision, reason, run_id)
select $1, * from unnest($2::int[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[], $9::bigint[])`,
};

const WAITING: Statement = {
  name: "backfill_run_next",
  text: `
select ${COLUMNS} from dagsmith.backfill_run
where backfill_id = $1 and decision = 'run' and run_id is null order by ordinal limit $2`,
};

const DECIDE: Statement = {
  name: "backfill_run_decide",
  text: `
update dagsmith.backfill_run s set decision = v.decision, reason = v.reason, run_id = v.run_id
from unnest($2::int[], $3::text[], $4::text[], $5::bigint[]) as v (ordinal, decision, reason, run_id)
where s.backfill_id = $1 and s.ordinal = v.ordinal`,
};

// Of several runs for one date, one that goes on stands in the way before any other; then one that a schedule or a backfill made.
const EXISTING: Statement = {
  name: "backfill_run_existing",
  text: `
select distinct on (logical_date) id, run_id as "runId", logical_date as "logicalDate", state from dagsmith.dag_run
where dag_id = $1 and logical_date = any($2) and (schedule is null or schedule = $3)
order by logical_date, state in ('queued', 'running') desc, schedule is not null desc, id desc`,
};

const IN_FLIGHT: Statement = {
  name: "backfill_in_flight",
  text: `
select count(*) filter (where state = 'running')::int as running, count(*) filter (where state = 'queued')::int as queued
from dagsmith.dag_run where backfill_id = $1 and state in ('queued', 'running')`,
};

const CANCEL_WAITING: Statement = {
  name: "backfill_run_cancel",
  text: `update dagsmith.backfill_run set decision = 'skip', reason = 'cancelled' where backfill_id = $1 and decision = 'run' and run_id is null`,
};

/** Intervals written in one statement. */
const BATCH = 5_000;

export async function insertBackfillRuns(
  tx: Queryable,
  backfillId: number,
  runs: readonly NewBackfillRun[],
): Promise<void> {
  for (let from = 0; from < runs.length; from += BATCH) {
    const cells = columns(runs.slice(from, from + BATCH), (s) => [
      ...[
        s.ordinal,
        s.logicalDate,
        s.dataIntervalStart,
        s.dataIntervalEnd,
        s.runAfter,
        s.decision,
        s.reason,
        s.runId,
      ],
    ]);
    await tx.query(INSERT, [backfillId, ...cells]);
  }
}

/** The next intervals whose turn has not come, in order. */
export function waitingRuns(
  tx: Queryable,
  backfillId: number,
  limit: number,
): Promise<readonly BackfillRun[]> {
  return tx.query<BackfillRun & Record<string, unknown>>(WAITING, [backfillId, limit]);
}

/** Writes what became of intervals whose turn has come. */
export async function decideRuns(
  tx: Queryable,
  backfillId: number,
  runs: readonly Pick<NewBackfillRun, "ordinal" | "decision" | "reason" | "runId">[],
): Promise<void> {
  if (runs.length === 0) return;
  const cells = columns(runs, (run) => [run.ordinal, run.decision, run.reason, run.runId]);
  await tx.query(DECIDE, [backfillId, ...cells]);
}

/** The runs that logical dates have already: those of this schedule, and those that no schedule made. By time in milliseconds. */
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

/** Runs of a backfill that have not ended. */
export async function inFlight(
  db: Queryable,
  backfillId: number,
): Promise<{ readonly running: number; readonly queued: number }> {
  const [row] = await db.query<{ running: number; queued: number }>(IN_FLIGHT, [backfillId]);
  return row ?? { running: 0, queued: 0 };
}

/** Skips what has not had its turn. */
export async function cancelWaiting(tx: Queryable, backfillId: number): Promise<void> {
  await tx.query(CANCEL_WAITING, [backfillId]);
}
