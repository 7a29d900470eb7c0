/** What the schedules of DAGs remember: one row for each schedule that has been looked at. */
import type { Interval, RunInfo } from "../../timetable/index.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { columns, storableText } from "../database/unnest.ts";
import type { SkippedIntervals } from "./schedule_decision.ts";

/** Intervals that are owed and lie before the last run: after an interval (null: from the start date), and due before an instant. */
export interface Gap {
  readonly after: Interval | null;
  readonly before: Date;
}

export interface ScheduleMemory {
  readonly dagId: string;
  /** Empty for the only schedule of a DAG. */
  readonly name: string;
  /** Of the last automated run. */
  readonly lastInterval: Interval | null;
  /** Null: never again. */
  readonly nextRunAfter: Date | null;
  /** Why it stands still, when its timetable threw. */
  readonly error: string | null;
  /** Newest first. Only a catchup that begins with the newest leaves any. */
  readonly gaps: readonly Gap[];
  /** The intervals skipped since the last run, or the last of them where the reason changed. */
  readonly skipped: SkippedIntervals | null;
  /** The interval that {@link nextRunAfter} is of, if the reader is who asked for it; it is not stored. */
  readonly coming?: RunInfo | null;
}

const GET: Statement = {
  name: "dag_schedule_get",
  text: `
select dag_id, name, last_interval_start, last_interval_end, next_run_after, error, gaps, skipped
from dagsmith.dag_schedule where dag_id = any($1)`,
};

const PUT: Statement = {
  name: "dag_schedule_put",
  text: `
insert into dagsmith.dag_schedule (dag_id, name, last_interval_start, last_interval_end, next_run_after, error, gaps, skipped)
select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::json[], $8::json[])
on conflict (dag_id, name) do update set last_interval_start = excluded.last_interval_start,
  last_interval_end = excluded.last_interval_end, next_run_after = excluded.next_run_after, error = excluded.error,
  gaps = excluded.gaps, skipped = excluded.skipped`,
};

/** The memories of these DAGs' schedules, by DAG; those that were never looked at are missing. */
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
  if (memories.length === 0) return;
  await tx.query(
    PUT,
    columns(memories, ({ dagId, name, lastInterval, nextRunAfter, error, gaps, skipped }) => [
      ...[
        dagId,
        name,
        lastInterval?.start ?? null,
        lastInterval?.end ?? null,
        nextRunAfter,
        storableText(error),
      ],
      ...[JSON.stringify(gaps), skipped && JSON.stringify(skipped)],
    ]),
  );
}

/** As JSON keeps it: dates are texts. */
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
