/** Turns the kind of a task and the rules that few tasks have into their plain form. */
import { invalidOption } from "../option_values.ts";
import type { TaskRules } from "../spec/index.ts";
import type { TaskDefinition } from "../task/task_definition.ts";
import type { TaskDefaults } from "../task/task_options.ts";

/** @throws DagsmithError INVALID_OPTION */
export function describeRules(
  { options: { allowFailure }, kind }: TaskDefinition,
  { dependsOnPast, waitForDownstream }: TaskDefaults,
  where: string,
): TaskRules {
  const given = { allowFailure, dependsOnPast, waitForDownstream };
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined || typeof value === "boolean") continue;
    throw invalidOption(where, option, JSON.stringify(value), "true or false");
  }
  return {
    ...(kind && { kind }),
    ...(allowFailure && { allowFailure }),
    ...((dependsOnPast || waitForDownstream) && { dependsOnPast: true }),
    ...(waitForDownstream && { waitForDownstream }),
  };
}
