/**
 * Logs as pages read them: by chunk, forwards and backwards, never the whole of a try at
 * once.
 */
import type { TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

export interface LogChunk {
  readonly seq: number;
  /** Newline-delimited JSON. */
  readonly lines: string;
}

/**
 * Chunks read in one statement; with chunks of at most some 100 KB this bounds the memory
 * of a reader.
 */
const CHUNKS = 8;

const AFTER: Statement = {
  name: "log_after",
  text: `select seq, lines from dagsmith.log_chunk where task_instance_id = $1 and try_number = $2 and seq > $3 order by seq limit ${CHUNKS}`,
};

const BEFORE: Statement = {
  name: "log_before",
  text: `select seq, lines from dagsmith.log_chunk where task_instance_id = $1 and try_number = $2 and seq < $3 order by seq desc limit ${CHUNKS}`,
};

const STATUS: Statement = {
  name: "log_status",
  text: `select try_number as "tryNumber", state, (finished_at is not null) as "isFinal" from dagsmith.task_instance where id = $1`,
};

/** The next chunks, oldest first; none when there are no more yet. */
export function chunksAfter(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
  seq: number,
): Promise<readonly LogChunk[]> {
  return db.query<LogChunk & Record<string, unknown>>(AFTER, [instanceId, tryNumber, seq]);
}

/** The chunks before, newest first. */
export function chunksBefore(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
  seq: number,
): Promise<readonly LogChunk[]> {
  return db.query<LogChunk & Record<string, unknown>>(BEFORE, [instanceId, tryNumber, seq]);
}

/**
 * Whether a try can still write lines. Read it before the chunks: when the try had ended
 * by then, the chunks are complete.
 * @returns undefined when there is no such try
 */
export async function isTryOver(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
): Promise<boolean | undefined> {
  const [row] = await db.query<{ tryNumber: number; state: TaskState; isFinal: boolean }>(STATUS, [
    instanceId,
  ]);
  if (!row || tryNumber > row.tryNumber) return undefined;
  return row.isFinal || tryNumber < row.tryNumber;
}

/** One line as the worker stored it, already masked. */
export interface StoredLogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly level: string;
  /** The writer of the line, such as `log`, `stdout` or `stderr`. */
  readonly source: string;
  readonly text: string;
}

/** The position before the first line. */
export const LOG_START = -1;

/**
 * Reads the lines of a try that are stored now, after `position`. A log of any size needs
 * the memory of a few chunks.
 * @returns the position after the last line, from which the next call continues
 */
export async function readLog(
  db: Queryable,
  instanceId: number,
  tryNumber: number,
  position: number,
  onLine: (line: StoredLogLine) => void,
): Promise<number> {
  for (let at = position; ; ) {
    const chunks = await chunksAfter(db, instanceId, tryNumber, at);
    for (const { seq, lines } of chunks) {
      for (const line of lines.split("\n"))
        if (line !== "") onLine(JSON.parse(line) as StoredLogLine);
      at = seq;
    }
    if (chunks.length === 0) return at;
  }
}
