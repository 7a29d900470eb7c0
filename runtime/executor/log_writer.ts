/**
 * Writes the log of one try to the database: masked line by line, collected into chunks,
 * written a few times a second. The unwritten text of a try is bounded. When a try writes
 * faster than that, lines are dropped, and its log says so.
 */
import type { LogSource } from "../child/protocol.ts";
import type { LogLevel } from "../child/run_try.ts";
import type { Queryable } from "../store/database/database.ts";
import { appendLog, lastChunk } from "../store/values/log_chunk.ts";

/** Stores one chunk: newline-delimited JSON {time, level, source, text}. */
type StoreChunk = (seq: number, lines: string) => Promise<void>;

const FLUSH_AFTER_MS = 200;
const CHUNK_BYTES = 128 * 1024;
/** Most bytes that wait when the database is slower than the task. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

export class LogWriter {
  readonly #store: StoreChunk;
  readonly #mask: (text: string) => string;
  #pending: string[] = [];
  #pendingBytes = 0;
  #dropped = 0;
  #seq = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: StoreChunk, mask: (text: string) => string) {
    this.#store = store;
    this.#mask = mask;
  }

  line(level: LogLevel, source: LogSource, text: string): void {
    if (this.#pendingBytes > MAX_PENDING_BYTES) {
      this.#dropped += 1;
      return;
    }
    const line = `${JSON.stringify({ time: new Date().toISOString(), level, source, text: this.#mask(text) })}\n`;
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    if (this.#pendingBytes >= CHUNK_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS);
  }

  /** Resolves when all lines are stored. */
  async end(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // One chunk at a time: the next chunk collects lines meanwhile.
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    if (this.#dropped > 0) {
      const text = `${this.#dropped} lines were dropped: the task wrote faster than the database could store`;
      this.#dropped = 0;
      this.#pending.push(
        `${JSON.stringify({ time: new Date().toISOString(), level: "warn", source: "dagsmith", text })}\n`,
      );
    }
    if (this.#pending.length === 0) return;
    const lines = this.#pending.join("");
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#seq += 1;
    // A log that cannot be stored must not fail the task.
    await this.#store(this.#seq, lines).catch(() => undefined);
  }
}

/** A try whose log is written. */
export interface LoggedTry {
  readonly instanceId: number;
  readonly tryNumber: number;
  /**
   * Whether the try may have a log already: from its earlier pokes, or from its task when
   * a callback writes.
   */
  readonly hasLog: boolean;
}

/** Appends to the log of a try. */
export function tryLog(
  db: Queryable,
  { instanceId, tryNumber, hasLog }: LoggedTry,
  mask: (text: string) => string,
): LogWriter {
  let written: Promise<number> | undefined;
  return new LogWriter(async (seq, lines) => {
    written ??= hasLog ? lastChunk(db, instanceId, tryNumber) : Promise.resolve(0);
    await appendLog(db, instanceId, tryNumber, (await written) + seq, lines);
  }, mask);
}
