/**
 * How far retention has come with logs. Their runs stay, so without this every pass would
 * check again every run whose log is deleted.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { FIRST, type RunPosition } from "./expired_runs.ts";

const GET: Statement = {
  name: "retention_progress_get",
  text: `
select done_until::text as "doneUntil" from dagsmith.retention_progress where kind = 'logs'`,
};

// It never goes back: another scheduler may be further.
const PUT: Statement = {
  name: "retention_progress_put",
  text: `
insert into dagsmith.retention_progress as p (kind, done_until) values ('logs', $1::timestamptz)
on conflict (kind) do update set done_until = greatest(p.done_until, excluded.done_until)`,
};

const COUNT: Statement = {
  name: "retention_log_count",
  text: `
select count(*)::int as rows from dagsmith.log_chunk where task_instance_id = any($1)`,
};

/** The first run whose log may still exist. */
export async function logProgress(db: Queryable): Promise<RunPosition> {
  const [row] = await db.query<{ doneUntil: string }>(GET);
  return row ? { finishedAt: row.doneUntil, id: 0 } : FIRST;
}

/** Records that the logs of all runs that finished before a position are gone. */
export async function recordLogProgress(db: Queryable, { finishedAt }: RunPosition): Promise<void> {
  await db.query(PUT, [finishedAt]);
}

/** How many rows the logs of these instances have. */
export async function countLogs(db: Queryable, slice: readonly number[]): Promise<number> {
  return (await db.query<{ rows: number }>(COUNT, [slice]))[0]?.rows ?? 0;
}
