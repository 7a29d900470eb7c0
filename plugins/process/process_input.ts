/** What a process gets of its task: a file with its inputs, and variables. */
import { resolveField, type TaskContext } from "dagsmith";
import { type PathOf, withPaths } from "./process_files.ts";
import type { ProcessOptions } from "./process_options.ts";

/**
 * Where a process reads its input and writes its output, as the process sees it.
 * @example const places: ProcessPlaces = { input: "/in/input.json", output: "/out/output" };
 */
export interface ProcessPlaces {
  /** The file of `$DAGSMITH_INPUT`. */
  readonly input: string;
  /** The file of `$DAGSMITH_OUTPUT`. */
  readonly output: string;
}

/**
 * The text of the file `$DAGSMITH_INPUT`: the inputs, params and dates of the task as
 * JSON. Each file reference in it has a `path`.
 * @param pathOf where the process finds a file
 * @example const text = await processInput(context, (file) => context.files.path(file));
 */
export async function processInput(
  { inputs, params, item, ...context }: TaskContext,
  pathOf: PathOf,
): Promise<string> {
  const { dagId, taskId, runId, tryNumber, mapIndex, logicalDate, dataInterval } = context;
  const given = { inputs: inputs ?? {}, params, item: item ?? null };
  return JSON.stringify({
    ...((await withPaths(given, pathOf)) as typeof given),
    ...{ dagId, taskId, runId, tryNumber, mapIndex, logicalDate, dataInterval },
  });
}

/**
 * The environment variables of a process: those of the option `env`, and those that tell
 * the process of its task.
 * @returns undefined for a variable that is to be removed
 * @example const env = await processEnvironment(options, context, places);
 */
export async function processEnvironment<Context extends TaskContext>(
  { env = {} }: Pick<ProcessOptions<unknown, Context>, "env">,
  context: Context,
  places: ProcessPlaces,
): Promise<NodeJS.ProcessEnv> {
  const given: NodeJS.ProcessEnv = {};
  for (const [name, field] of Object.entries(env)) {
    const value = await resolveField(field, context);
    given[name] = value === null ? undefined : String(value);
  }
  return {
    ...given,
    DAGSMITH_INPUT: places.input,
    DAGSMITH_OUTPUT: places.output,
    DAGSMITH_DAG_ID: context.dagId,
    DAGSMITH_TASK_ID: context.taskId,
    DAGSMITH_RUN_ID: context.runId,
    DAGSMITH_TRY_NUMBER: String(context.tryNumber),
    DAGSMITH_LOGICAL_DATE: context.logicalDate.toISO(),
    ...(context.traceparent !== null && { TRACEPARENT: context.traceparent }),
  };
}
