/** The operator that runs a Python script. */
import { join } from "node:path";
import {
  FailTask,
  type FromContext,
  type Json,
  resolveField,
  type TaskBody,
  type TaskContext,
  withCode,
} from "dagsmith";
import type { ProcessResult } from "./process_files.ts";
import type { ProcessOptions } from "./process_options.ts";
import { runProcessTask } from "./process_task.ts";
import { type PythonEnvironmentOptions, pythonEnvironment } from "./python_environment.ts";

/**
 * Options of {@link python}.
 * @example const options: PythonOptions = { script: starsPy, requirements: ["requests==2.32.3"] };
 */
export interface PythonOptions<
  Output = Json,
  Context extends TaskContext = TaskContext,
  Files extends string = never,
> extends ProcessOptions<Output, Context, Files>,
    PythonEnvironmentOptions {
  /** The text of the script, such as an imported `.py` file. */
  readonly script: string;
  /** Arguments of the script. Default: none. */
  readonly args?: FromContext<readonly (string | number)[], Context>;
}

/**
 * Runs a Python script. It reads its task's inputs and params as JSON from the file
 * `$DAGSMITH_INPUT`. With `requirements` it runs in a virtual environment that has just
 * these packages; an environment is made once on each machine, and removed when no task
 * used it for 30 days. Airflow: PythonVirtualenvOperator.
 * @returns a body whose output is what the script wrote to `$DAGSMITH_OUTPUT`
 * @throws FailTask when Python is absent, when the requirements do not resolve, or when
 *   the output does not fit; ProcessError when the script fails
 * @example
 * import starsPy from "./stars.py";
 * const stars = d.task(
 *   "stars",
 *   { inputs: { repo } },
 *   python({ script: starsPy, output: z.object({ stars: z.number() }) }),
 * );
 */
export function python<
  Output = Json,
  Context extends TaskContext = TaskContext,
  Files extends string = never,
>(options: PythonOptions<Output, Context, Files>): TaskBody<ProcessResult<Output, Files>, Context> {
  return async function python(context) {
    if (typeof options.script !== "string" || options.script.trim() === "")
      throw withCode(
        "INVALID_COMMAND",
        new FailTask("The script of python() is empty. Give it the text of a Python script."),
      );
    const args = ((await resolveField(options.args, context)) ?? []).map(String);
    context.rendered({ script: options.script, arguments: args.length > 0 ? args : undefined });
    const interpreter = await pythonEnvironment(options, context);
    const make = async (folder: string) => ({
      name: "The Python script",
      // Unbuffered: a line is in the log when it is printed, not when the script ends.
      command: [interpreter, "-u", join(folder, "script.py"), ...args] as const,
      files: { "script.py": options.script },
    });
    return runProcessTask(make, options, context);
  };
}
