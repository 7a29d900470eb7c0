/**
 * The memories of schedules: one row for each schedule that the scheduler has decided
 * about.
 */
import type { Interval, RunInfo } from "../../timetable/index.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import type { SkippedIntervals } from "./schedule_decision.ts";

/**
 * Intervals before the last run that still need a run: after an interval (null: from the
 * start date) and due before an instant.
 */
export interface Gap {
  readonly after: Interval | null;
  readonly before: Date;
}

export interface ScheduleMemory {
  readonly dagId: string;
  /** Empty for the only schedule of a DAG. */
  readonly name: string;
  /** The interval of the last scheduled run. */
  readonly lastInterval: Interval | null;
  /** Null: never again. */
  readonly nextRunAfter: Date | null;
  /** The error of the timetable; the schedule stands still. */
  readonly error: string | null;
  /** Newest first. Only a catchup that begins with the newest interval leaves gaps. */
  readonly gaps: readonly Gap[];
  /**
   * The intervals skipped since the last run; after a change of the reason, those since
   * then.
   */
  readonly skipped: SkippedIntervals | null;
  /**
   * The interval of {@link nextRunAfter}, when the scheduler computed it; it is not
   * stored.
   */
  readonly coming?: RunInfo | null;
}

const GET: Statement = {
  name: "dag_schedule_get",
  text: `
select dag_id, name, last_interval_start, last_interval_end, next_run_after, error, gaps, skipped
from dagsmith.dag_schedule where dag_id = any($1)`,
};

const MEMORIES = rowsOf<ScheduleMemory>({
  dag_id: ["text", ({ dagId }) => dagId],
  name: ["text", ({ name }) => name],
  last_interval_start: ["timestamptz", ({ lastInterval }) => lastInterval?.start ?? null],
  last_interval_end: ["timestamptz", ({ lastInterval }) => lastInterval?.end ?? null],
  next_run_after: ["timestamptz", ({ nextRunAfter }) => nextRunAfter],
  error: ["text", ({ error }) => error],
  gaps: ["json", ({ gaps }) => JSON.stringify(gaps)],
  skipped: ["json", ({ skipped }) => skipped && JSON.stringify(skipped)],
});

const PUT: Statement = {
  name: "dag_schedule_put",
  text: `
insert into dagsmith.dag_schedule (${MEMORIES.names})
select * from ${MEMORIES.unnest}
on conflict (dag_id, name) do update set last_interval_start = excluded.last_interval_start,
  last_interval_end = excluded.last_interval_end, next_run_after = excluded.next_run_after,
  error = excluded.error, gaps = excluded.gaps, skipped = excluded.skipped`,
};

/** The memories of the schedules of these DAGs, by DAG; a new schedule has none. */
export async function scheduleMemories(
  db: Queryable,
  dagIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ScheduleMemory[]>> {
  const rows = await db.query<{
    dag_id: string;
    name: string;
    last_interval_start: Date | null;
    last_interval_end: Date | null;
    next_run_after: Date | null;
    error: string | null;
    gaps: readonly Stored<Gap>[];
    skipped: Stored<SkippedIntervals> | null;
  }>(GET, [dagIds]);
  const memories = rows.map((row) => ({
    dagId: row.dag_id,
    name: row.name,
    lastInterval:
      row.last_interval_start && row.last_interval_end
        ? { start: row.last_interval_start, end: row.last_interval_end }
        : null,
    nextRunAfter: row.next_run_after,
    error: row.error,
    gaps: row.gaps.map((gap) => ({
      after: gap.after && interval(gap.after),
      before: new Date(gap.before),
    })),
    skipped: row.skipped && {
      ...row.skipped,
      first: runInfo(row.skipped.first),
      last: runInfo(row.skipped.last),
    },
  }));
  return Map.groupBy(memories, ({ dagId }) => dagId);
}

export async function rememberSchedules(
  tx: Queryable,
  memories: readonly ScheduleMemory[],
): Promise<void> {
  if (memories.length > 0) await tx.query(PUT, MEMORIES.values(memories));
}

/** A value as JSON stores it: dates are texts. */
type Stored<Value> = Value extends Date
  ? string
  : Value extends object
    ? { readonly [Key in keyof Value]: Stored<Value[Key]> }
    : Value;

function interval({ start, end }: Stored<Interval>): Interval {
  return { start: new Date(start), end: new Date(end) };
}

function runInfo(stored: Stored<RunInfo>): RunInfo {
  return {
    ...stored,
    logicalDate: new Date(stored.logicalDate),
    dataInterval: interval(stored.dataInterval),
    runAfter: new Date(stored.runAfter),
    partition: stored.partition && { ...stored.partition, date: new Date(stored.partition.date) },
  };
}
