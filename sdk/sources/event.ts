/**
 * Events that start runs: changes of rows in a PostgreSQL, calls of a web address, ends of other DAGs' runs. A DAG names them in `on`, and its
 * tasks read what happened with `triggeredBy`.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Duration, durationMs } from "../duration.ts";
import type { DagsmithError } from "../errors.ts";
import type { Json } from "../json.ts";
import { jsonSchemaOf } from "../json_schema.ts";
import { invalidOption } from "../option_values.ts";
import type { EventSpec } from "../spec/index.ts";

/**
 * Something that starts runs. Made by {@link postgresChanges}, {@link webhook} and {@link dagRun}.
 * @typeParam Event what tasks read of it
 */
export interface EventSource<Event = unknown> {
  readonly type: "event_source";
  readonly spec: EventSpec;
  /** Carries the type of its events; has no value. */
  readonly event?: Event;
}

/** The values of a row's key by column, as PostgreSQL writes them as text, so that none is changed on the way: bind them as they are. */
export type RowKey = Readonly<Record<string, string>>;

/** One row that was inserted, updated or deleted. */
export interface RowChange {
  /** The same when the change is told twice. */
  readonly id: string;
  readonly operation: "insert" | "update" | "delete";
  readonly schema: string;
  readonly table: string;
  /** The key before; null for an insert. */
  readonly oldKey: RowKey | null;
  /** The key after, which an update may have changed; null for a delete. */
  readonly newKey: RowKey | null;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

/** One call of a webhook. */
export interface WebhookCall<Body = Json> {
  /** The caller's idempotency key; null when it sent none. */
  readonly id: string | null;
  readonly body: Body;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

/** The end of a run of another DAG. */
export interface DagRunEnd {
  readonly dagId: string;
  readonly runId: string;
  readonly state: "success" | "failed";
  /** ISO 8601 in UTC. */
  readonly at: string;
}

const OPERATIONS = ["insert", "update", "delete"] as const;
const NAME = /^[\w-]{1,50}$/;
const MAX_BATCH = 1_000;

/** Which rows of which table; see {@link postgresChanges}. */
export interface PostgresChangesOptions {
  /** Of a connection of type `postgres`. */
  readonly connection: string;
  readonly table: string;
  /** Default `"public"`. */
  readonly schema?: string;
  /** Default: all three. */
  readonly operations?: readonly ("insert" | "update" | "delete")[];
  /** At most this many changes make one run, those that wait when it is made. Default 1: a run for each change. At most 1000. */
  readonly batch?: number;
  /** Its name within the DAG. Default: the table's, with `_` for what a name cannot hold. */
  readonly name?: string;
}

/**
 * Changes of rows. `dag changes install <dag>` puts a trigger and an outbox into the database of the connection, so that no change is lost while
 * nobody listens; each is told at least once. The table needs a primary key, or a unique one without nulls.
 * @throws DagsmithError INVALID_OPTION
 * @example
 * const readings = postgresChanges({ connection: "raw", table: "precipitation", operations: ["insert"] });
 * const d = dag("raw_to_cleansed", { on: [readings] });
 * d.task("cleanse", async ({ triggeredBy }) => triggeredBy(readings).map(({ newKey }) => newKey?.id ?? null));
 */
export function postgresChanges(options: PostgresChangesOptions): EventSource<RowChange> {
  const { connection, table, schema = "public", operations = OPERATIONS, batch = 1 } = options;
  const name = checkedName(
    "postgresChanges",
    options.name ??
      String(table)
        .replace(/[^\w-]/g, "_")
        .slice(0, 50),
  );
  const where = `postgresChanges "${name}"`;
  for (const [option, value] of Object.entries({ connection, table, schema })) {
    if (typeof value !== "string" || !/^[^\0]{1,200}$/.test(value))
      throw invalid(where, option, value, "a text of 1 to 200 characters");
  }
  if (
    !Array.isArray(operations) ||
    operations.length === 0 ||
    !operations.every((one) => OPERATIONS.includes(one))
  ) {
    throw invalid(where, "operations", operations, `a list of ${OPERATIONS.join(", ")}`);
  }
  if (!Number.isInteger(batch) || batch < 1 || batch > MAX_BATCH)
    throw invalid(where, "batch", batch, `a whole number from 1 to ${MAX_BATCH}`);
  const chosen = OPERATIONS.filter((one) => operations.includes(one));
  return source({
    type: "postgresChanges",
    name,
    connection,
    schema,
    table,
    operations: chosen,
    batch,
  });
}

/**
 * Calls of `POST /hooks/<dag>/<name>`, each of which makes a run. The caller proves that it knows a secret: by an HMAC-SHA256 of the body in
 * `X-Hub-Signature-256` (as GitHub sends it), or by `Authorization: Bearer`. A call that is repeated with its `Idempotency-Key` makes one run.
 * @param options.secret the key of the variable that holds the secret; never the secret itself
 * @param options.schema any schema that can tell its JSON Schema (zod 4 can); a body that does not fit is refused. Default: any JSON
 * @param options.name the end of the address. Default `"webhook"`
 * @throws DagsmithError INVALID_OPTION
 * @example
 * const pushed = webhook({ secret: "github_webhook_secret", schema: z.object({ ref: z.string() }) });
 * const d = dag("build", { on: [pushed] });
 * d.task("checkout", async ({ triggeredBy }) => triggeredBy(pushed)[0]?.body.ref ?? "main");
 */
export function webhook<Schema extends StandardSchemaV1 = StandardSchemaV1<Json>>(options: {
  readonly secret: string;
  readonly schema?: Schema;
  readonly name?: string;
}): EventSource<WebhookCall<StandardSchemaV1.InferInput<Schema>>> {
  const name = checkedName("webhook", options.name ?? "webhook");
  const { secret, schema } = options;
  const where = `webhook "${name}"`;
  if (typeof secret !== "string" || !/^[\w.-]{1,200}$/.test(secret)) {
    throw invalid(
      where,
      "secret",
      "not the key of a variable",
      "the key of the variable that holds the secret",
    );
  }
  return source({
    type: "webhook",
    name,
    secret,
    bodySchema: schema === undefined ? null : bodySchema(schema, where),
  });
}

/** A run of another DAG that ends. */
export interface SourceDag {
  readonly dag: string;
  /** Default `["success"]`. */
  readonly states?: readonly ("success" | "failed")[];
}

/**
 * Ends of other DAGs' runs: each makes a run. Of several DAGs, a run is made of one end of each, no further apart than `within`; an end that
 * finds no partner in time is dropped.
 * @param options.within default `"1d"`; counts only where there are several
 * @param options.name its name within the DAG. Default: the DAGs' ids, joined by `_`, cut to 50 characters
 * @throws DagsmithError INVALID_OPTION
 * @example
 * dag("report", { on: [dagRun({ dag: "load" })] });
 * dag("join", { on: [dagRun({ all: [{ dag: "orders" }, { dag: "customers", states: ["success", "failed"] }], within: "2h" })] });
 */
export function dagRun(
  options: (SourceDag | { readonly all: readonly SourceDag[] }) & {
    readonly within?: Duration;
    readonly name?: string;
  },
): EventSource<DagRunEnd> {
  const heard = "all" in options ? options.all : [options];
  const ids = Array.isArray(heard) ? heard.map(({ dag }) => dag) : [];
  const name = checkedName(
    "dagRun",
    options.name ??
      ids
        .map((id) => String(id).replace(/[^\w-]/g, "_"))
        .join("_")
        .slice(0, 50),
  );
  const where = `dagRun "${name}"`;
  if (ids.length === 0 || new Set(ids).size < ids.length)
    throw invalid(where, "all", ids.join(", "), "one or more DAGs, each once");
  const runs = heard.map(({ dag, states = ["success"] }) => {
    const known = ["success", "failed"] as const;
    if (
      !Array.isArray(states) ||
      states.length === 0 ||
      !states.every((state) => known.includes(state))
    ) {
      throw invalid(where, "states", states, "a list of success, failed");
    }
    return { dagId: dag, states: known.filter((state) => states.includes(state)) };
  });
  return source({ type: "dagRun", name, runs, withinMs: durationMs(options.within ?? "1d") });
}

/**
 * The plain form of a DAG's `on`.
 * @throws DagsmithError INVALID_OPTION for what is no event source, two of one name, or a DAG that would start itself
 */
export function describeEvents(
  on: readonly EventSource[] | undefined,
  dagId: string,
): readonly EventSpec[] {
  const where = `DAG "${dagId}"`;
  if (on === undefined) return [];
  if (!Array.isArray(on) || !on.every(isSource))
    throw invalid(where, "on", on, "a list of postgresChanges(), webhook() and dagRun()");
  const specs = on.map(({ spec }: EventSource) => spec);
  const names = specs.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw invalid(
      where,
      "on",
      `two sources named "${twice}"`,
      "sources of different names; give one of them a `name`",
    );
  if (
    specs.some((spec) => spec.type === "dagRun" && spec.runs.some((run) => run.dagId === dagId))
  ) {
    throw invalid(
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

function source<Event>(spec: EventSpec): EventSource<Event> {
  return Object.freeze({ type: "event_source", spec: Object.freeze(spec) });
}

function checkedName(kind: string, name: string): string {
  if (typeof name === "string" && NAME.test(name)) return name;
  throw invalid(kind, "name", name, "1 to 50 letters, digits, _ and -");
}

/** A body whose schema cannot be written down could not be refused where it arrives. */
function bodySchema(schema: StandardSchemaV1, where: string): Json {
  const words = { found: "one without a JSON form", allowed: "a schema of JSON values" };
  const written = jsonSchemaOf(schema, "schema", where, words);
  if (written !== undefined) return written;
  throw invalid(where, "schema", "one that cannot tell its JSON Schema", "a schema such as zod's");
}

function invalid(where: string, option: string, found: unknown, allowed: string): DagsmithError {
  const text = typeof found === "string" ? found : (JSON.stringify(found) ?? typeof found);
  return invalidOption(where, option, text.slice(0, 100), allowed);
}
