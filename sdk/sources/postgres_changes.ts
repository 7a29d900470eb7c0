/** Changes of rows in a PostgreSQL database that start runs. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { refuseUnknownOptions, wrongValue } from "../option_values.ts";
import { checkedName, type EventSource, nameFrom, someOf, source, whenOf } from "./event.ts";

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

const OPERATIONS = ["insert", "update", "delete"] as const;
const OPTIONS = ["connection", "table", "schema", "operations", "batch", "name", "when"];
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
   * A schema of the change: a change that does not fit it makes no run, and `dag
   * decisions` says so. It is data, because the process that reads changes loads no code
   * of DAGs. Default: each change counts.
   */
  readonly when?: StandardSchemaV1<WhenChange>;
  /**
   * The name of the source, unique within the DAG. Default: the table's name, with `_`
   * for characters that a name cannot have.
   */
  readonly name?: string;
}

/**
 * The parts of a change that `when` of `postgresChanges` may look at.
 * @example const big: WhenChange = { operation: "update", newKey: { region: "eu" } };
 */
export interface WhenChange {
  /** What happened to the row. */
  readonly operation?: string | undefined;
  /** The key before the change; null for an insert. */
  readonly oldKey?: Readonly<Record<string, string | undefined>> | null | undefined;
  /** The key after the change; null for a delete. */
  readonly newKey?: Readonly<Record<string, string | undefined>> | null | undefined;
}

/**
 * Changes of rows. `dag changes install <dag>` puts a trigger and an outbox into the
 * database of the connection, so that no change is lost while dagsmith is down. Each
 * change is delivered at least once. The table needs a primary key, or a unique index
 * over columns that are not null.
 * @throws DagsmithError INVALID_OPTION, UNKNOWN_OPTION
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
  const { connection, table, schema = "public", batch = 1, when } = options;
  const name = checkedName("postgresChanges", options.name ?? nameFrom([table]));
  const where = `postgresChanges "${name}"`;
  refuseUnknownOptions("event source", options, OPTIONS, where);
  for (const [option, value] of Object.entries({ connection, table, schema }))
    refuseNoText(value, option, where);
  if (!Number.isInteger(batch) || batch < 1 || batch > MAX_BATCH)
    throw wrongValue(where, "batch", batch, `a whole number from 1 to ${MAX_BATCH}`);
  const operations = someOf(OPERATIONS, options.operations ?? OPERATIONS, "operations", where);
  const plain = { name, connection, schema, table, operations, batch };
  return source({ ...plain, type: "postgresChanges", ...whenOf(when, where) });
}

function refuseNoText(value: unknown, option: string, where: string): void {
  if (typeof value !== "string" || !/^[^\0]{1,200}$/.test(value))
    throw wrongValue(where, option, value, "a text of 1 to 200 characters");
}
