/**
 * Events that start runs: what the sources (postgres_changes.ts, dag_run.ts, messages.ts,
 * webhook.ts) share. A DAG names its sources in `on`; its tasks read the events with `triggeredBy`.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Json } from "../json.ts";
import { jsonSchemaOf } from "../json_schema.ts";
import { wrongValue } from "../option_values.ts";
import type { EventSpec } from "../spec/index.ts";

/**
 * A source of events that start runs. Made by `postgresChanges`, `webhook`,
 * `messages` and `dagRun`.
 * @typeParam Event what tasks read of an event
 * @example const loaded: EventSource<DagRunEnd> = dagRun({ dag: "load" });
 */
export interface EventSource<Event = unknown> {
  /** Tells it from assets. */
  readonly type: "event_source";
  /** The source as plain data. */
  readonly spec: EventSpec;
  /** Carries the type of its events; has no value. */
  readonly event?: Event;
}

const MAX_NAME_LENGTH = 50;
const NAME = /^[\w-]{1,50}$/;

/** The source that a spec describes. */
export function source<Event>(spec: EventSpec): EventSource<Event> {
  return Object.freeze({ type: "event_source", spec: Object.freeze(spec) });
}

/** The default name of a source: texts joined by `_`, with `_` for other characters. */
export function nameFrom(texts: readonly unknown[]): string {
  const parts = texts.map((text) => String(text).replace(/[^\w-]/g, "_"));
  return parts.join("_").slice(0, MAX_NAME_LENGTH);
}

/** The given values in the order of the known ones, each once. */
export function someOf<Known extends string>(
  known: readonly Known[],
  given: readonly Known[],
  option: string,
  where: string,
): readonly Known[] {
  const isSome = Array.isArray(given) && given.length > 0;
  if (isSome && given.every((one) => known.includes(one)))
    return known.filter((one) => given.includes(one));
  throw wrongValue(where, option, given, `a list of ${known.join(", ")}`);
}

/** @throws DagsmithError INVALID_OPTION */
export function checkedName(kind: string, name: string): string {
  if (typeof name === "string" && NAME.test(name)) return name;
  throw wrongValue(kind, "name", name, "1 to 50 letters, digits, _ and -");
}

/**
 * A schema as JSON Schema: processes that check events never load user code.
 * @throws DagsmithError INVALID_OPTION
 */
export function writtenSchema(schema: StandardSchemaV1, option: string, where: string): Json {
  const words = { found: "one without a JSON form", allowed: "a schema of JSON values" };
  const written = jsonSchemaOf(schema, option, where, words);
  if (written !== undefined) return written;
  const found = "one that cannot tell its JSON Schema";
  throw wrongValue(where, option, found, "a schema such as zod's");
}

/** The `when` of a source as part of its spec; nothing without one. */
export function whenOf(
  when: StandardSchemaV1 | undefined,
  where: string,
): { readonly when?: Json } {
  return when === undefined ? {} : { when: writtenSchema(when, "when", where) };
}
