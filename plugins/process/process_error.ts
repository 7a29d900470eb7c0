/** What the exit code of a process means for its task. */
import { FailTask, SkipTask, withCode } from "dagsmith";
import type { ProcessOptions } from "./process_options.ts";
import type { ProcessEnd } from "./run_process.ts";

/** Airflow's code for "skip". */
const SKIP_CODES = [99];
/** What shells answer for a command that is not executable, or that does not exist. */
const NO_COMMAND_CODES = [126, 127];

/**
 * A process that failed. Its message has the last lines of the output.
 * @example if (error instanceof ProcessError && error.exitCode === 3) return null;
 */
export class ProcessError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ProcessError";
  /** Null when a signal ended the process. */
  readonly exitCode: number | null;
  /** The last lines of stdout and stderr, in the order in which they came. */
  readonly lastLines: readonly string[];

  /** Called by this plugin only. */
  constructor(message: string, { exitCode, lastLines }: ProcessEnd) {
    super(message);
    this.exitCode = exitCode;
    this.lastLines = lastLines;
  }
}

/**
 * Returns for a process that succeeded.
 * @param what the process, as messages name it
 * @throws SkipTask, FailTask or ProcessError, by the exit code and the options
 * @example checkEnd("The script", { exitCode: 1, signal: null, ...log.end() }, {});
 */
export function checkEnd(
  what: string,
  end: ProcessEnd,
  options: Pick<ProcessOptions<unknown>, "skipOn" | "failOn" | "retryOn">,
): void {
  const { exitCode } = end;
  if (exitCode === 0) return;
  const skips = exitCode !== null && (options.skipOn ?? SKIP_CODES).includes(exitCode);
  if (skips) throw new SkipTask(`${what} exited with code ${exitCode}`);
  const message = messageOf(what, end);
  const isLast = isFinal(exitCode, options);
  throw withCode(codeOf(end), isLast ? new FailTask(message) : new ProcessError(message, end));
}

function codeOf({ exitCode }: ProcessEnd): string {
  if (exitCode === null) return "COMMAND_KILLED";
  if (exitCode === 126) return "COMMAND_NOT_EXECUTABLE";
  return exitCode === 127 ? "COMMAND_NOT_FOUND" : "COMMAND_FAILED";
}

function isFinal(
  exitCode: number | null,
  { failOn, retryOn }: Pick<ProcessOptions<unknown>, "failOn" | "retryOn">,
): boolean {
  if (exitCode === null) return false;
  if (retryOn !== undefined) return !retryOn.includes(exitCode);
  return (failOn ?? NO_COMMAND_CODES).includes(exitCode);
}

function messageOf(what: string, { exitCode, signal, lastLines }: ProcessEnd): string {
  const how =
    exitCode === null
      ? `was ended by ${signal}${signal === "SIGKILL" ? " (the system may be out of memory)" : ""}`
      : `exited with code ${exitCode}${meaningOf(exitCode)}`;
  const output = lastLines.length === 0 ? "It wrote nothing." : lastLines.join("\n");
  return `${what} ${how}. ${lastLines.length === 0 ? output : `Its last lines:\n${output}`}`;
}

function meaningOf(exitCode: number): string {
  if (exitCode === 126) return " (the command is not executable)";
  if (exitCode === 127) return " (the command does not exist)";
  return exitCode > 128 ? ` (signal ${exitCode - 128})` : "";
}
