/**
 * Events that start runs: changes of rows in a PostgreSQL database, ends of runs of other
 * DAGs, and calls of a web address (webhook.ts). A DAG names its sources in `on`; its
 * tasks read the events with `triggeredBy`.
 */
import { type Duration, durationMs } from "../duration.ts";
import { refuseUnknownOptions, wrongValue } from "../option_values.ts";
import type { EventSpec } from "../spec/index.ts";

/**
 * A source of events that start runs. Made by {@link postgresChanges}, `webhook` and
 * {@link dagRun}.
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

/**
 * The key of a row: column name to value. Values are text as PostgreSQL writes it, so
 * that no value changes on the way; a statement can bind them unchanged.
 * @example const key: RowKey = { id: "12" };
 */
export type RowKey = Readonly<Record<string, string>>;

/**
 * A row that was inserted, updated or deleted.
 * @example
 * triggeredBy(readings).map(
 *   ({ operation, newKey }: RowChange) => `${operation} ${newKey?.id}`,
 * );
 */
export interface RowChange {
  /** The id of the change. A change that is delivered twice has the same id. */
  readonly id: string;
  /** What happened to the row. */
  readonly operation: "insert" | "update" | "delete";
  /** The schema of the table. */
  readonly schema: string;
  /** The name of the table. */
  readonly table: string;
  /** The key before the change; null for an insert. */
  readonly oldKey: RowKey | null;
  /** The key after the change, which an update may have changed; null for a delete. */
  readonly newKey: RowKey | null;
  /** When the change was made: ISO 8601 in UTC. */
  readonly at: string;
}

/**
 * The end of a run of another DAG.
 * @example
 * triggeredBy(loaded).map(({ runId, state }: DagRunEnd) => `${runId}: ${state}`);
 */
export interface DagRunEnd {
  /** The DAG whose run ended. */
  readonly dagId: string;
  /** The id of the run that ended. */
  readonly runId: string;
  /** The state in which the run ended. */
  readonly state: "success" | "failed";
  /** When the run ended: ISO 8601 in UTC. */
  readonly at: string;
}

const OPERATIONS = ["insert", "update", "delete"] as const;
const RUN_ENDS = ["success", "failed"] as const;
const MAX_NAME_LENGTH = 50;
const NAME = /^[\w-]{1,50}$/;
const MAX_BATCH = 1_000;

/**
 * Which changes of which table start runs; see {@link postgresChanges}.
 * @example
 * const options: PostgresChangesOptions = {
 *   connection: "shop",
 *   table: "orders",
 *   batch: 100,
 * };
 */
export interface PostgresChangesOptions {
  /** The id of a connection of type `postgres`. */
  readonly connection: string;
  /** The name of the table. */
  readonly table: string;
  /** The schema of the table. Default `"public"`. */
  readonly schema?: string;
  /** The changes that start runs. Default: all three. */
  readonly operations?: readonly ("insert" | "update" | "delete")[];
  /**
   * At most this many of the changes that wait make one run. From 1 to 1000. Default 1: a
   * run for each change.
   */
  readonly batch?: number;
  /**
   * The name of the source, unique within the DAG. Default: the table's name, with `_`
   * for characters that a name cannot have.
   */
  readonly name?: string;
}

/**
 * Changes of rows. `dag changes install <dag>` puts a trigger and an outbox into the
 * database of the connection, so that no change is lost while dagsmith is down. Each
 * change is delivered at least once. The table needs a primary key, or a unique index
 * over columns that are not null.
 * @throws DagsmithError INVALID_OPTION
 * @example
 * const readings = postgresChanges({
 *   connection: "raw",
 *   table: "precipitation",
 *   operations: ["insert"],
 * });
 * const d = dag("raw_to_cleansed", { on: [readings] });
 * d.task("cleanse", async ({ triggeredBy }) =>
 *   triggeredBy(readings).map(({ newKey }) => newKey?.id ?? null),
 * );
 */
export function postgresChanges(options: PostgresChangesOptions): EventSource<RowChange> {
  const { connection, table, schema = "public", batch = 1 } = options;
  const name = checkedName("postgresChanges", options.name ?? nameFrom([table]));
  const where = `postgresChanges "${name}"`;
  for (const [option, value] of Object.entries({ connection, table, schema }))
    refuseNoText(value, option, where);
  if (!Number.isInteger(batch) || batch < 1 || batch > MAX_BATCH)
    throw wrongValue(where, "batch", batch, `a whole number from 1 to ${MAX_BATCH}`);
  const operations = someOf(OPERATIONS, options.operations ?? OPERATIONS, "operations", where);
  return source({ type: "postgresChanges", name, connection, schema, table, operations, batch });
}

/**
 * Which runs of which DAG start a run.
 * @example const failed: SourceDag = { dag: "load", states: ["failed"] };
 */
export interface SourceDag {
  /** The id of the other DAG. */
  readonly dag: string;
  /** The states in which its runs may end. Default `["success"]`. */
  readonly states?: readonly ("success" | "failed")[];
}

/**
 * Which runs of any DAG start a run, the DAG that listens excepted.
 * @example const failed: AnyDag = { any: true, states: ["failed"], tags: ["prod"] };
 */
export interface AnyDag {
  /** Listens to every DAG, also to those that are deployed later. */
  readonly any: true;
  /** The states in which the runs may end. Default `["success"]`. */
  readonly states?: readonly ("success" | "failed")[];
  /** Only DAGs with one of these tags. Default: all DAGs. */
  readonly tags?: readonly string[];
  /** Ids of DAGs that are not listened to. Default: none. */
  readonly exclude?: readonly string[];
}

/**
 * Ends of runs of other DAGs; each end makes a run. With several DAGs, a run is made of
 * one end of each DAG, no further apart than `within`. An end that has no partner by then
 * is dropped.
 * @param options.within only with several DAGs; default `"1d"`
 * @param options.name the name of the source, unique within the DAG. Default: the ids of
 *   the DAGs joined by `_`, cut at 50 characters; `any` for any DAG
 * @throws DagsmithError INVALID_OPTION
 * @example
 * dag("report", { on: [dagRun({ dag: "load" })] });
 * dag("join", {
 *   on: [
 *     dagRun({
 *       all: [{ dag: "orders" }, { dag: "customers", states: ["success", "failed"] }],
 *       within: "2h",
 *     }),
 *   ],
 * });
 * dag("alerts", { on: [dagRun({ any: true, states: ["failed"], tags: ["prod"] })] });
 */
export function dagRun(
  options: (SourceDag | AnyDag | { readonly all: readonly SourceDag[] }) & {
    readonly within?: Duration;
    readonly name?: string;
  },
): EventSource<DagRunEnd> {
  if ("any" in options) return anyDagRun(options);
  const sources = "all" in options ? options.all : [options];
  const ids = Array.isArray(sources) ? sources.map(({ dag }) => dag) : [];
  const name = checkedName("dagRun", options.name ?? nameFrom(ids));
  const where = `dagRun "${name}"`;
  if (ids.length === 0 || new Set(ids).size < ids.length)
    throw wrongValue(where, "all", ids.join(", "), "one or more DAGs, each once");
  const runs = sources.map(({ dag, states = ["success"] }) => ({
    dagId: dag,
    states: someOf(RUN_ENDS, states, "states", where),
  }));
  return source({ type: "dagRun", name, runs, withinMs: durationMs(options.within ?? "1d") });
}

function anyDagRun(options: AnyDag & { readonly name?: string }): EventSource<DagRunEnd> {
  const { any, states = ["success"], tags = [], exclude = [] } = options;
  const name = checkedName("dagRun", options.name ?? "any");
  const where = `dagRun "${name}"`;
  if (any !== true) throw wrongValue(where, "any", any, "true, or no such option");
  refuseUnknownOptions("event source", options, ANY_DAG, where);
  const of = {
    states: someOf(RUN_ENDS, states, "states", where),
    tags: texts(tags, "tags", where),
    exclude: texts(exclude, "exclude", where),
  };
  return source({ type: "dagRun", name, runs: [], withinMs: 0, any: of });
}

const ANY_DAG = ["any", "states", "tags", "exclude", "name"];

function texts(values: readonly string[], option: string, where: string): readonly string[] {
  if (Array.isArray(values) && values.every((one) => typeof one === "string")) return [...values];
  throw wrongValue(where, option, values, "a list of texts");
}

/** The source that a spec describes. */
export function source<Event>(spec: EventSpec): EventSource<Event> {
  return Object.freeze({ type: "event_source", spec: Object.freeze(spec) });
}

/** The default name of a source: texts joined by `_`, with `_` for other characters. */
function nameFrom(texts: readonly unknown[]): string {
  const parts = texts.map((text) => String(text).replace(/[^\w-]/g, "_"));
  return parts.join("_").slice(0, MAX_NAME_LENGTH);
}

function refuseNoText(value: unknown, option: string, where: string): void {
  if (typeof value !== "string" || !/^[^\0]{1,200}$/.test(value))
    throw wrongValue(where, option, value, "a text of 1 to 200 characters");
}

/** The given values in the order of the known ones, each once. */
function someOf<Known extends string>(
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
