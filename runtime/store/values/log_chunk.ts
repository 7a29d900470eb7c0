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

const LAST: Statement = {
  name: "log_chunk_last",
  text: `
select coalesce(max(seq), 0) as seq from dagsmith.log_chunk
where task_instance_id = $1 and try_number = $2`,
};

/** The number of the last chunk of a try; 0 without chunks. */
export async function lastChunk(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
): Promise<number> {
  return (await db.query<{ seq: number }>(LAST, [instanceId, tryNumber]))[0]?.seq ?? 0;
}
