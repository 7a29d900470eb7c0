/**
 * Runs one process to its end. `shell`, `exec` and `python` use it, and operators may.
 */
import { FailTask, type TaskContext, withCode } from "dagsmith";
import { ProcessGroup } from "./process_group.ts";
import { type LoggedOutput, type LogLevels, ProcessLog } from "./process_log.ts";

/** What to run. */
export interface ProcessSpec {
  /** The program, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** The folder in which the process starts. */
  readonly cwd: string;
  /**
   * Environment variables, besides those of the task process. Undefined removes a
   * variable. Default: none.
   */
  readonly env?: NodeJS.ProcessEnv;
  /** What the process reads from its standard input. Default: nothing. */
  readonly stdin?: string;
  /** Levels of log lines. Default: stdout `"info"`, stderr `"warn"`. */
  readonly logLevels?: LogLevels;
}

/** How a process ended. */
export interface ProcessEnd extends LoggedOutput {
  /** Null when a signal ended the process. */
  readonly exitCode: number | null;
  /** The signal that ended the process; null when it exited. */
  readonly signal: NodeJS.Signals | null;
}

/**
 * How long output may take after the end of the process. A program that left the group
 * may hold it open.
 */
const OUTPUT_AFTER_EXIT_MS = 500;

/**
 * Runs a process and logs its output line by line. When the try is stopped, the process
 * and all that it started get SIGTERM, and SIGKILL after 4 seconds. When the task process
 * dies, they die with it. What the process leaves running is killed at its end.
 * @throws the reason of the abort when the try was stopped; FailTask when its folder does
 *   not exist, or its arguments are too long; Error when the system has no room for it
 * @example
 * const { exitCode } = await runProcess({ command: ["make"], cwd: "/src" }, context);
 */
export async function runProcess(
  spec: ProcessSpec,
  { log, signal }: Pick<TaskContext, "log" | "signal">,
): Promise<ProcessEnd> {
  signal.throwIfAborted();
  const output = new ProcessLog(log, spec.logLevels);
  const group = started(spec);
  const stop = (): void => group.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (const stream of ["stdout", "stderr"] as const)
      group.process[stream]?.on("data", (chunk: Uint8Array) => output.write(stream, chunk));
    group.process.stdin?.end(spec.stdin ?? "");
    const end = await ended(group).catch((error: Error) => {
      throw startError(spec, error);
    });
    signal.throwIfAborted();
    return { ...end, ...output.end() };
  } finally {
    signal.removeEventListener("abort", stop);
    group.kill();
  }
}

/** A command that is too long is refused at once, not by an event. */
function started(spec: ProcessSpec): ProcessGroup {
  try {
    return new ProcessGroup(spec.command, spec.cwd, spec.env ?? {});
  } catch (error) {
    throw startError(spec, error as NodeJS.ErrnoException);
  }
}

/** Waits for the end of the process, and for the rest of its output. */
function ended(group: ProcessGroup): Promise<Pick<ProcessEnd, "exitCode" | "signal">> {
  return new Promise((resolve, reject) => {
    group.process.once("error", reject);
    group.process.once("exit", (exitCode, signal) => {
      group.kill();
      const rest = setTimeout(() => resolve({ exitCode, signal }), OUTPUT_AFTER_EXIT_MS);
      group.process.once("close", () => {
        clearTimeout(rest);
        resolve({ exitCode, signal });
      });
    });
  });
}

/**
 * The shell that starts the command is always there, so its folder is what is missing.
 */
function startError({ command, cwd }: ProcessSpec, error: NodeJS.ErrnoException): Error {
  const what = `The process ${command[0]} cannot be started`;
  if (error.code === "ENOENT")
    return notStarted(
      new FailTask(`${what}: its folder ${cwd} does not exist. Create it, or leave out cwd.`),
    );
  if (error.code === "E2BIG")
    return notStarted(
      new FailTask(`${what}: its arguments and its environment are too long. Use stdin.`),
    );
  return notStarted(new Error(`${what}: ${error.message}`, { cause: error }));
}

const notStarted = (error: Error): Error => withCode("COMMAND_NOT_STARTED", error);
