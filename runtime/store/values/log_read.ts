/** Reads the log of one try, chunk by chunk, so that a log of any size needs the memory of one chunk. */
import type { Queryable, Statement } from "../database/database.ts";

/** One line as it was written; already masked. */
export interface StoredLogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly level: string;
  /** Who wrote it, such as `log`, `stdout`, `stderr`. */
  readonly source: string;
  readonly text: string;
}

const NEXT: Statement = {
  name: "log_chunks_after",
  text: `
select seq, lines from dagsmith.log_chunk
where task_instance_id = $1 and try_number = $2 and seq > $3 order by seq limit 20`,
};

/**
 * The lines that are stored now, behind `position`.
 * @returns the position behind the last line, to go on from
 */
export async function readLog(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
  position: number,
  onLine: (line: StoredLogLine) => void,
): Promise<number> {
  for (let at = position; ; ) {
    const chunks = await db.query<{ seq: number; lines: string }>(NEXT, [
      instanceId,
      tryNumber,
      at,
    ]);
    for (const { seq, lines } of chunks) {
      for (const line of lines.split("\n"))
        if (line !== "") onLine(JSON.parse(line) as StoredLogLine);
      at = seq;
    }
    if (chunks.length === 0) return at;
  }
}

/** The position before the first line. */
export const LOG_START = -1;
