/** The log of a try, in chunks of newline-delimited JSON {time, level, source, text}. */
import type { Queryable, Statement } from "../database/database.ts";

const APPEND: Statement = {
  name: "log_chunk_append",
  text: `
insert into dagsmith.log_chunk (task_instance_id, try_number, seq, lines) values ($1, $2, $3, $4)
on conflict (task_instance_id, try_number, seq) do nothing`,
};

/** Stores a chunk. A repeat after a broken connection changes nothing. */
export async function appendLog(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
  seq: number,
  lines: string,
): Promise<void> {
  await db.query(APPEND, [instanceId, tryNumber, seq, lines]);
}

const END: Statement = {
  name: "log_chunk_end",
  text: `
select coalesce(max(seq), 0)::int as seq, coalesce(sum(octet_length(lines)), 0)::bigint as bytes
from dagsmith.log_chunk where task_instance_id = $1 and try_number = $2`,
};

/** How far a log is written. */
export interface LogEnd {
  /** The number of the last chunk; 0 without chunks. */
  readonly seq: number;
  readonly bytes: number;
}

export async function logEnd(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
): Promise<LogEnd> {
  const [end] = await db.query<LogEnd & Record<string, unknown>>(END, [instanceId, tryNumber]);
  return end ?? { seq: 0, bytes: 0 };
}
