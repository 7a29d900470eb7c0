/**
 * Writes the log of one try to the database: masked line by line, collected into chunks,
 * written a few times a second. The unwritten text of a try is bounded. When a try writes
 * faster than that, lines are dropped, and its log says so.
 */
import { once } from "../../sdk/once.ts";
import type { LogSource } from "../child/protocol.ts";
import type { LogLevel } from "../child/run_try.ts";
import type { Queryable } from "../store/database/database.ts";
import { appendLog, type LogEnd, logEnd } from "../store/values/log_chunk.ts";
import { LogLimit } from "./log_limit.ts";

/** Where a log is stored. */
export interface LogStore {
  /** What the log has already. Default: nothing. */
  readonly open?: () => Promise<LogEnd>;
  /** Stores one chunk: newline-delimited JSON {time, level, source, text}. */
  readonly append: (seq: number, lines: string) => Promise<void>;
}

export interface LogOptions {
  readonly mask: (text: string) => string;
  /** Most bytes of the log of a try. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Called with the bytes of each chunk that was stored. */
  readonly onStored?: ((bytes: number) => void) | undefined;
}

const FLUSH_AFTER_MS = 200;
const CHUNK_BYTES = 128 * 1024;
/** Most bytes that wait when the database is slower than the task. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;
const MAX_LOG_BYTES = 64 * 1024 * 1024;

/** The log, opened for writing. */
interface OpenLog {
  seq: number;
  readonly limit: LogLimit;
}

export class LogWriter {
  readonly #store: LogStore;
  readonly #options: LogOptions;
  #pending: string[] = [];
  #pendingBytes = 0;
  #dropped = 0;
  readonly #opened = once(() => this.#open());
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: LogStore, options: LogOptions) {
    this.#store = store;
    this.#options = options;
  }

  line(level: LogLevel, source: LogSource, text: string): void {
    if (this.#pendingBytes > MAX_PENDING_BYTES) {
      this.#dropped += 1;
      return;
    }
    const line = lineOf(level, source, this.#options.mask(text));
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    if (this.#pendingBytes >= CHUNK_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS);
  }

  /** Resolves when all lines are stored. */
  async end(): Promise<void> {
    this.#flush();
    this.#writing = this.#writing.then(() => this.#writeLast());
    await this.#writing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // One chunk at a time: the next chunk collects lines meanwhile.
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    if (this.#dropped > 0) this.#sayDropped();
    if (this.#pending.length === 0) return;
    const lines = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    // A log that cannot be stored must not fail the task.
    await this.#append((limit) => limit.take(lines)).catch(() => undefined);
  }

  #sayDropped(): void {
    const text = `${this.#dropped} lines were dropped: the task wrote faster than the database could store`;
    this.#dropped = 0;
    this.#pending.push(lineOf("warn", "dagsmith", text));
  }

  async #writeLast(): Promise<void> {
    if (this.#opened.begun() === undefined) return;
    await this.#append((limit) => [...this.#cutLine(limit), ...limit.takeLast()]).catch(
      () => undefined,
    );
  }

  #cutLine({ cutBytes }: LogLimit): readonly string[] {
    const { maxBytes = MAX_LOG_BYTES } = this.#options;
    const text = `${cutBytes} bytes were left out here: the log of a try has at most ${maxBytes} bytes (DAG_LOG_MAX_BYTES)`;
    return cutBytes > 0 ? [lineOf("warn", "dagsmith", text)] : [];
  }

  async #append(linesOf: (limit: LogLimit) => readonly string[]): Promise<void> {
    const log = await this.#opened();
    const lines = linesOf(log.limit).join("");
    if (lines === "") return;
    log.seq += 1;
    await this.#store.append(log.seq, lines);
    this.#options.onStored?.(Buffer.byteLength(lines));
  }

  async #open(): Promise<OpenLog> {
    const { maxBytes = MAX_LOG_BYTES } = this.#options;
    const { seq, bytes } = (await this.#store.open?.()) ?? { seq: 0, bytes: 0 };
    return { seq, limit: new LogLimit(maxBytes, bytes) };
  }
}

function lineOf(level: LogLevel, source: LogSource, text: string): string {
  return `${JSON.stringify({ time: new Date().toISOString(), level, source, text })}\n`;
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
  options: LogOptions,
): LogWriter {
  return new LogWriter(
    {
      ...(hasLog && { open: () => logEnd(db, instanceId, tryNumber) }),
      append: (seq, lines) => appendLog(db, instanceId, tryNumber, seq, lines),
    },
    options,
  );
}
