/** The options that `shell`, `exec` and `python` share. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { FromContext, Json, TaskContext } from "dagsmith";
import type { LogLevels } from "./process_log.ts";

/**
 * Options of an operator that runs a process.
 * @typeParam Output what the schema of the output gives
 * @typeParam Files the names of the files that other tasks get
 * @example
 * shell(sh`wc -l < trips.csv`, { cwd: "/data", output: z.coerce.number() });
 */
export interface ProcessOptions<
  Output = Json,
  Context extends TaskContext = TaskContext,
  Files extends string = never,
> {
  /**
   * Environment variables, besides those of the task process. A null removes a variable.
   * The process also gets `DAGSMITH_INPUT`, `DAGSMITH_OUTPUT`, `DAGSMITH_DAG_ID`,
   * `DAGSMITH_TASK_ID`, `DAGSMITH_RUN_ID`, `DAGSMITH_TRY_NUMBER` and
   * `DAGSMITH_LOGICAL_DATE`.
   */
  readonly env?: Readonly<Record<string, FromContext<string | number | boolean | null, Context>>>;
  /** The folder in which the process starts. Default: an empty folder of this try. */
  readonly cwd?: FromContext<string, Context>;
  /** What the process reads from its standard input. Default: nothing. */
  readonly stdin?: FromContext<string, Context>;
  /**
   * Checks the output, and gives it its type. The output is what the process wrote to the
   * file `$DAGSMITH_OUTPUT`: JSON, or else text. With a schema, a process that wrote
   * nothing there has the last line of its stdout as output. Without a schema, such a
   * process has the output null. Any Standard Schema, such as one of zod.
   */
  readonly output?: StandardSchemaV1<unknown, Output>;
  /**
   * Files that the process makes, relative to its folder, and that other tasks get. The
   * task then returns `{ output, files }`, with a reference to each file by its name.
   * Default: none, the task returns its output.
   */
  readonly files?: readonly Files[];
  /** Exit codes that skip the task. Default `[99]`, as in Airflow. */
  readonly skipOn?: readonly number[];
  /**
   * Exit codes that fail the task whatever retries are left. Default `[126, 127]`: the
   * command is not executable, or does not exist.
   */
  readonly failOn?: readonly number[];
  /** The only exit codes that are retried. Default: all that no other option names. */
  readonly retryOn?: readonly number[];
  /** Levels of log lines. Default: stdout `"info"`, stderr `"warn"`. */
  readonly logLevels?: LogLevels;
}
