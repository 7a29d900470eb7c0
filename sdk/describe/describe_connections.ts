/** Turns the list of connections that a DAG may use into its plain form. */
import type { DagOptions } from "../dag/dag_options.ts";
import { invalidOption, wrongValue } from "../option_values.ts";
import type { DagSpec, EventSpec } from "../spec/index.ts";

const ID = /^[^\s]{1,200}$/;

/**
 * The plain form; empty when the option is not set.
 * @param on the events of the DAG: their connections must be in the list
 * @throws DagsmithError INVALID_OPTION
 */
export function describeConnections(
  { connections }: DagOptions,
  on: readonly EventSpec[],
  where: string,
): Pick<DagSpec, "connections"> {
  if (connections === undefined) return {};
  if (
    !Array.isArray(connections) ||
    !connections.every((id) => typeof id === "string" && ID.test(id))
  )
    throw wrongValue(where, "connections", connections, 'a list of ids, such as ["lake"]');
  const missing = on.flatMap((event) =>
    "connection" in event && !connections.includes(event.connection) ? [event.connection] : [],
  );
  if (missing[0] !== undefined)
    throw invalidOption(
      where,
      "connections",
      JSON.stringify(connections),
      `a list with "${missing[0]}" too, which the option "on" names`,
    );
  return { connections: [...new Set<string>(connections)] };
}
