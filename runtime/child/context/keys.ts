/**
 * The keys of a try's limits, when the task computes them with a function. They are
 * computed where the task's code is loaded, before its body runs.
 */

import { limitKey } from "../../../sdk/describe/describe_routing.ts";
import type { LateKeys } from "../../../sdk/spec/index.ts";
import { resolveField, type TaskContext } from "../../../sdk/task/context.ts";
import { definitionOf } from "../../../sdk/task/task_definition.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";

/**
 * @throws DagsmithError INVALID_OPTION for a value that is no key; and whatever the
 *   function throws
 */
export async function keysOf(
  dag: { readonly dagId: string },
  ref: TaskRef<unknown>,
  context: TaskContext,
): Promise<LateKeys> {
  const { options, inherited } = definitionOf(ref);
  const { concurrencyKey, rateLimit } = { ...inherited, ...defined(options) };
  const where = `task "${ref.taskId}" of DAG "${dag.dagId}"`;
  const ask = async (field: typeof concurrencyKey, option: string): Promise<string | null> =>
    typeof field === "function"
      ? limitKey(await resolveField(field, context), option, where)
      : null;
  return {
    concurrency: await ask(concurrencyKey, "concurrencyKey"),
    rate: await ask(rateLimit?.key, "rateLimit.key"),
  };
}

/** An option of undefined does not hide the DAG's default. */
function defined<Options extends object>(options: Options): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Options;
}
