/** The operators that run SQL of DuckDB: for rows, and for a file. */
import { join } from "node:path";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  FailTask,
  type FileRef,
  type FromContext,
  type Json,
  resolveField,
  type Sql,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { type DuckdbOptions, refuseMemory, withDuckdb } from "./database.ts";
import { formatOf } from "./format.ts";
import type { Duckdb } from "./session.ts";

/** Options of {@link duckdbSql}. */
export interface DuckdbSqlOptions<Output, Context extends TaskContext>
  extends DuckdbOptions<Context> {
  /** One statement, or several that run in one transaction. */
  readonly sql: FromContext<Sql | readonly Sql[], Context>;
  /** Checks the rows, and gives them their type, such as `z.array(z.object({ … }))`. */
  readonly output?: StandardSchemaV1<unknown, Output>;
}

/** Options of {@link duckdbFile}. */
export interface DuckdbFileOptions<Context extends TaskContext> extends DuckdbOptions<Context> {
  /** One query. */
  readonly sql: FromContext<Sql, Context>;
  /**
   * The name of the file. Its ending says the format, as those of `tables`; JSON is one
   * object a line.
   */
  readonly name: FromContext<string, Context>;
}

type Rows = readonly Readonly<Record<string, Json>>[];

/**
 * Runs SQL by DuckDB in the process of the task, over files and tables; its values are
 * bound, never put into the text. Needs the package @duckdb/node-api.
 * @returns a body whose output is the rows of the last statement: few, because the output
 *   of a task is stored as JSON. {@link duckdbFile} is for many
 * @throws FailTask for SQL or data that DuckDB refuses, and rows that do not fit the
 *   schema; DagsmithError INVALID_OPTION at once, PACKAGE_MISSING
 * @example
 * d.task(
 *   "brands",
 *   { inputs: { products } }, // a FileRef of CSV
 *   duckdbSql({
 *     tables: ({ inputs }) => ({ products: inputs.products }),
 *     sql: ({ params }) => sql`select brand, count(*)::int as n from products where price < ${params.limit} group by all`,
 *   }),
 * );
 */
export function duckdbSql<Output = Rows, Context extends TaskContext = TaskContext>(
  options: DuckdbSqlOptions<Output, Context>,
): TaskBody<Output, Context> {
  refuseMemory("duckdbSql()", options.memory);
  return async function duckdbSql(context) {
    const statements = [await resolveField(options.sql, context)].flat() as readonly Sql[];
    context.rendered({ sql: statements });
    const rows = await withDuckdb(options, context, (duckdb) => rowsOfLast(duckdb, statements));
    return options.output === undefined ? (rows as Output) : fitted(rows, options.output);
  };
}

/**
 * Stores the rows of a query as a file: CSV, JSON lines or Parquet. Needs the package
 * @duckdb/node-api.
 * @returns a body whose output is the reference of the file
 * @throws FailTask for SQL or data that DuckDB refuses, and an ending that names no
 *   format; DagsmithError INVALID_OPTION at once, PACKAGE_MISSING, FILES_NOT_SET
 * @example
 * d.task(
 *   "daily",
 *   { inputs: { trips } }, // a list of FileRefs, one for each month
 *   duckdbFile({
 *     tables: ({ inputs }) => ({ trips: inputs.trips }),
 *     sql: sql`select pickup::date as day, count(*) as trips from trips group by all`,
 *     name: "daily.parquet",
 *   }),
 * );
 */
export function duckdbFile<Context extends TaskContext = TaskContext>(
  options: DuckdbFileOptions<Context>,
): TaskBody<FileRef, Context> {
  refuseMemory("duckdbFile()", options.memory);
  return async function duckdbFile(context) {
    const name = await resolveField(options.name, context);
    const query = await resolveField(options.sql, context);
    context.rendered({ sql: query, file: name });
    const { ending } = formatOf(name);
    return withDuckdb(options, context, async (duckdb) => {
      const path = join(duckdb.folder, `result.${ending}`);
      await duckdb.copyTo(query, path);
      return context.files.put(name, { path });
    });
  };
}

/** Several statements are one transaction, so that a file keeps all of them or none. */
function rowsOfLast(duckdb: Duckdb, statements: readonly Sql[]): Promise<Rows> {
  const run = async (): Promise<Rows> => {
    let rows: Rows = [];
    for (const statement of statements) rows = await duckdb.query<Rows[number]>(statement);
    return rows;
  };
  return statements.length > 1 ? duckdb.transaction(run) : run();
}

async function fitted<Output>(
  rows: Rows,
  schema: StandardSchemaV1<unknown, Output>,
): Promise<Output> {
  const result = await schema["~standard"].validate(rows);
  if (!result.issues) return result.value;
  const [issue] = result.issues;
  const place = (issue?.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  throw new FailTask(
    `The rows of DuckDB do not fit: ${place.map(String).join(".")}: ${issue?.message}`,
  );
}
