/** The operator that runs a program without a shell. */
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

/**
 * Runs a program with its arguments. No shell reads them.
 * @param command the program and its arguments, at least one element
 * @returns a body whose output is what the program wrote to `$DAGSMITH_OUTPUT`
 * @throws FailTask when the program does not exist, or the output does not fit;
 *   ProcessError for another exit code
 * @example
 * d.task("unzip", exec(({ params }) => ["unzip", "-o", params.path], { cwd: "/data" }));
 */
export function exec<
  Output = Json,
  Context extends TaskContext = TaskContext,
  Files extends string = never,
>(
  command: FromContext<readonly (string | number)[], Context>,
  options: ProcessOptions<Output, Context, Files> = {},
): TaskBody<ProcessResult<Output, Files>, Context> {
  return async function exec(context) {
    const words = (await resolveField(command, context)).map(String);
    const [program, ...rest] = words;
    if (program === undefined)
      throw withCode(
        "INVALID_COMMAND",
        new FailTask("The command of exec() is an empty list. It must name a program."),
      );
    context.rendered({ command: words });
    const make = async () => ({ name: program, command: [program, ...rest] as const });
    return runProcessTask(make, options, context);
  };
}
