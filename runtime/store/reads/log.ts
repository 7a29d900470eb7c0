/** Logs as pages read them: by chunk, forwards and backwards, never the whole of a try at once. */
import type { TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

export interface LogChunk {
  readonly seq: number;
  /** Newline-delimited JSON. */
  readonly lines: string;
}

/** Chunks read in one statement; with chunks of at most some 100 KB this bounds the memory of a reader. */
const CHUNKS = 8;

const AFTER: Statement = {
  name: "page_log_after",
  text: `select seq, lines from dagsmith.log_chunk where task_instance_id = $1 and try_number = $2 and seq > $3 order by seq limit ${CHUNKS}`,
};

const BEFORE: Statement = {
  name: "page_log_before",
  text: `select seq, lines from dagsmith.log_chunk where task_instance_id = $1 and try_number = $2 and seq < $3 order by seq desc limit ${CHUNKS}`,
};

const STATUS: Statement = {
  name: "page_log_status",
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
 * Whether a try can still write lines. Read it before the chunks: a log whose try was over before its chunks were read is complete.
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
