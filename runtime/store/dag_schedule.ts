/** What the schedules of DAGs remember: one row for each schedule that has been looked at. */
import type { Interval } from "../timetable/index.ts";
import { columns } from "./columns.ts";
import type { Queryable, Statement } from "./database.ts";

export interface ScheduleMemory {
  readonly dagId: string;
  /** Empty for the only schedule of a DAG. */
  readonly name: string;
  /** Of the last automated run. */
  readonly lastInterval: Interval | null;
  /** Null: never again. */
  readonly nextRunAfter: Date | null;
}

const GET: Statement = {
  name: "dag_schedule_get",
  text: "select dag_id, name, last_interval_start, last_interval_end, next_run_after from dagsmith.dag_schedule where dag_id = any($1)",
};

const PUT: Statement = {
  name: "dag_schedule_put",
  text: `
insert into dagsmith.dag_schedule (dag_id, name, last_interval_start, last_interval_end, next_run_after)
select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
on conflict (dag_id, name) do update set last_interval_start = excluded.last_interval_start,
  last_interval_end = excluded.last_interval_end, next_run_after = excluded.next_run_after`,
};

/** The memories of these DAGs' schedules, by DAG; those that were never looked at are missing. */
export async function scheduleMemories(db: Queryable, dagIds: readonly string[]): Promise<ReadonlyMap<string, readonly ScheduleMemory[]>> {
  const rows = await db.query<{
    dag_id: string;
    name: string;
    last_interval_start: Date | null;
    last_interval_end: Date | null;
    next_run_after: Date | null;
  }>(GET, [dagIds]);
  const memories = rows.map((row) => ({
    dagId: row.dag_id,
    name: row.name,
    lastInterval: row.last_interval_start && row.last_interval_end ? { start: row.last_interval_start, end: row.last_interval_end } : null,
    nextRunAfter: row.next_run_after,
  }));
  return Map.groupBy(memories, ({ dagId }) => dagId);
}

export async function rememberSchedules(tx: Queryable, memories: readonly ScheduleMemory[]): Promise<void> {
  if (memories.length === 0) return;
  await tx.query(
    PUT,
    columns(memories, ({ dagId, name, lastInterval, nextRunAfter }) => [
      ...[dagId, name],
      ...[lastInterval?.start ?? null, lastInterval?.end ?? null, nextRunAfter],
    ]),
  );
}
