/** The log of a try, in chunks of newline-delimited JSON {time, level, source, text}. */
import type { Queryable, Statement } from "./database.ts";

const APPEND: Statement = {
  name: "log_chunk_append",
  text: `
insert into dagsmith.log_chunk (task_instance_id, try_number, seq, lines) values ($1, $2, $3, $4)
on conflict (task_instance_id, try_number, seq) do nothing`,
};

/** Stores a chunk; storing it again (after a broken connection) changes nothing. */
export async function appendLog(db: Queryable, instanceId: number, tryNumber: number, seq: number, lines: string): Promise<void> {
  await db.query(APPEND, [instanceId, tryNumber, seq, lines]);
}
