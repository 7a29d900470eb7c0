/** The output of a process as lines of the task's log. */
import type { TaskLog } from "dagsmith";
import { ProcessLines } from "./process_lines.ts";

/** The level at which the lines of an output are logged. */
export type LogLevel = keyof TaskLog;

/**
 * Levels of log lines. Default: stdout `"info"`, stderr `"warn"`.
 * @example const quiet: LogLevels = { stdout: "debug" };
 */
export interface LogLevels {
  /** Default `"info"`. */
  readonly stdout?: LogLevel;
  /** Default `"warn"`. */
  readonly stderr?: LogLevel;
}

/**
 * What is kept of an output that was logged.
 * @example const { lastLines }: LoggedOutput = log.end();
 */
export interface LoggedOutput {
  /** The last lines of stdout and stderr, in the order in which they came. */
  readonly lastLines: readonly string[];
  /** The last line of stdout that is not empty; null when there was none. */
  readonly lastStdout: string | null;
}

/** Enough lines to see why a process failed. */
const KEPT_LINES = 10;

/**
 * Logs the output of a process line by line, and keeps its last lines.
 * @example
 * const log = new ProcessLog(context.log);
 * log.write("stdout", chunk);
 * const { lastStdout } = log.end();
 */
export class ProcessLog {
  readonly #log: TaskLog;
  readonly #levels: LogLevels;
  readonly #lines = {
    stdout: new ProcessLines((line) => this.#take("stdout", line)),
    stderr: new ProcessLines((line) => this.#take("stderr", line)),
  };
  #lastLines: readonly string[] = [];
  #lastStdout: string | null = null;

  /** @param levels of the two streams */
  constructor(log: TaskLog, levels: LogLevels = {}) {
    this.#log = log;
    this.#levels = levels;
  }

  /** Takes a part of an output. Lines and characters may be split over parts. */
  write(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    this.#lines[stream].push(chunk);
  }

  /** Logs lines without an end, and returns what is kept. */
  end(): LoggedOutput {
    for (const lines of Object.values(this.#lines)) lines.end();
    return { lastLines: this.#lastLines, lastStdout: this.#lastStdout };
  }

  #take(stream: "stdout" | "stderr", line: string): void {
    const level = this.#levels[stream] ?? (stream === "stdout" ? "info" : "warn");
    this.#log[level](line);
    if (line.trim() === "") return;
    this.#lastLines = [...this.#lastLines.slice(1 - KEPT_LINES), line];
    if (stream === "stdout") this.#lastStdout = line;
  }
}
