/** Turns the event sources of a DAG into their plain form. */
import { wrongValue } from "../option_values.ts";
import type { EventSource } from "../sources/event.ts";
import type { EventSpec } from "../spec/index.ts";

/**
 * The plain form of a DAG's `on`.
 * @throws DagsmithError INVALID_OPTION for a value that is no event source, two sources
 *   with one name, or a DAG that would start itself
 */
export function describeEvents(
  on: readonly EventSource[] | undefined,
  dagId: string,
): readonly EventSpec[] {
  const where = `DAG "${dagId}"`;
  if (on === undefined) return [];
  if (!Array.isArray(on) || !on.every(isSource))
    throw wrongValue(
      where,
      "on",
      on,
      "a list of postgresChanges(), messages(), webhook() and dagRun()",
    );
  const specs = on.map(({ spec }: EventSource) => spec);
  const names = specs.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw wrongValue(
      where,
      "on",
      `two sources named "${twice}"`,
      "sources of different names; give one of them a `name`",
    );
  if (
    specs.some((spec) => spec.type === "dagRun" && spec.runs.some((run) => run.dagId === dagId))
  ) {
    throw wrongValue(
      where,
      "on",
      "a run of the DAG itself",
      "runs of other DAGs: each of its runs would make the next",
    );
  }
  return specs;
}

function isSource(value: unknown): value is EventSource {
  return (
    typeof value === "object" && value !== null && "type" in value && value.type === "event_source"
  );
}
