/** The operator that runs a bash script. */
import { join } from "node:path";
import { FailTask, type Json, type TaskBody, type TaskContext, withCode } from "dagsmith";
import type { ProcessResult } from "./process_files.ts";
import type { ProcessOptions } from "./process_options.ts";
import { runProcessTask } from "./process_task.ts";
import { Sh } from "./sh.ts";

/**
 * Runs a bash script with `-euo pipefail`: it ends at the first command that fails, also
 * within a pipe, and at a variable that is not set. Airflow: BashOperator.
 * @param script made by {@link sh}, or plain text without values, such as an imported
 *   `.sh` file. A function of the context returns what {@link sh} made.
 * @returns a body whose output is what the script wrote to `$DAGSMITH_OUTPUT`
 * @throws FailTask when a command does not exist, or the output does not fit;
 *   ProcessError for another exit code
 * @example
 * d.task(
 *   "count",
 *   shell(({ params }) => sh`curl -fsS ${params.url} | wc -l`, { output: z.coerce.number() }),
 * );
 */
export function shell<
  Output = Json,
  Context extends TaskContext = TaskContext,
  Files extends string = never,
>(
  script: string | Sh | ((context: Context) => Sh | Promise<Sh>),
  options: ProcessOptions<Output, Context, Files> = {},
): TaskBody<ProcessResult<Output, Files>, Context> {
  return async function shell(context) {
    const text = textOf(typeof script === "function" ? await script(context) : script, script);
    context.rendered({ script: text });
    const make = async (folder: string) => ({
      name: "The script",
      command: ["bash", "-euo", "pipefail", join(folder, "script.sh")] as const,
      files: { "script.sh": text },
    });
    return runProcessTask(make, options, context);
  };
}

/**
 * @throws FailTask for a script that a function made of text, where values may be pasted
 */
function textOf(script: unknown, given: unknown): string {
  try {
    if (script instanceof Sh) return script.render();
  } catch (error) {
    throw withCode("INVALID_COMMAND", new FailTask((error as Error).message, { cause: error }));
  }
  if (typeof script === "string" && script === given) return script;
  throw withCode(
    "INVALID_COMMAND",
    new FailTask(
      "The function given to shell() returned no script. Return one that is made with sh`…`, which quotes its values.",
    ),
  );
}
