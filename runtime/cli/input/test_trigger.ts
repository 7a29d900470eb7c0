/** The events that a person gives to `dag test`, as the events that made a run. */

import type { Dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";

/**
 * @param given the events by the name of their source; of one source
 * @throws DagsmithError INVALID_ARGUMENT for another source, or for events that are no list
 */
export function testTrigger(dag: Dag<unknown>, given: Readonly<Record<string, Json>>): RunTrigger {
  const sources = describeDag(dag).on;
  const [name = "", events] = Object.entries(given)[0] ?? [];
  const source = sources.find((one) => one.name === name);
  if (!source || Object.keys(given).length > 1) {
    const names = sources.map((one) => one.name).join(", ") || "none";
    throw refused(`give the events of one source of the DAG; its sources are: ${names}`);
  }
  if (!Array.isArray(events)) throw refused(`write a list, such as '${name}=[{…}]'`);
  const chain = source.type === "dagRun" ? { chain: [] } : {};
  return { type: source.type, name, events, ...chain } as unknown as RunTrigger;
}

const refused = (reason: string): DagsmithError =>
  new DagsmithError("INVALID_ARGUMENT", { argument: "--trigger", reason });
