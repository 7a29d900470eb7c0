/** What tasks see of BigQuery: the contract between the hook and its client. */
import type { BigQuery } from "@google-cloud/bigquery";
import type { Sql } from "dagsmith";

/**
 * How a job is named and found.
 * @example const options: JobOptions = { location: "EU", labels: { team: "taxi" } };
 */
export interface JobOptions {
  /**
   * The id of the job. A job of this id that runs, or has succeeded, is joined and not run
   * again; after a failed one the id gets a number. Default: a random id.
   */
  readonly id?: string;
  /** Labels of the job; their characters are changed to those that BigQuery takes. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where the job runs, such as `EU`. Default: as BigQuery finds it. */
  readonly location?: string;
}

/**
 * Options of a query.
 * @example const options: QueryOptions = { maxBytesBilled: 10 * 1024 ** 3 };
 */
export interface QueryOptions extends JobOptions {
  /** A query that would read more fails and costs nothing. Default: that of the project. */
  readonly maxBytesBilled?: number;
}

/**
 * A column of a table, with BigQuery's own names of types.
 * @example const column: BigqueryColumn = { name: "tags", type: "STRING", mode: "REPEATED" };
 */
export interface BigqueryColumn {
  /** The name of the column. */
  readonly name: string;
  /** Such as `STRING`, `INT64`, `NUMERIC(10, 2)`, `TIMESTAMP` or `RECORD`. */
  readonly type: string;
  /** Default `NULLABLE`. */
  readonly mode?: "NULLABLE" | "REQUIRED" | "REPEATED";
  /** The fields of a `RECORD`. */
  readonly fields?: readonly BigqueryColumn[];
}

/**
 * How a table is stored that a task creates.
 * @example const layout: TableLayout = { partitionBy: "pickup", clusterBy: ["vendor"] };
 */
export interface TableLayout {
  /** A column of dates or timestamps: one partition for each day. */
  readonly partitionBy?: string;
  /** Up to four columns by which rows lie together. */
  readonly clusterBy?: readonly string[];
}

/** What a statement did. */
export interface StatementResult {
  /** Rows inserted, updated or deleted; for a query, the rows of its result. */
  readonly rowCount: number;
  /** Rows that a MERGE or an INSERT inserted. */
  readonly inserted: number;
  /** Rows that a MERGE or an UPDATE changed. */
  readonly updated: number;
  /** Bytes that were read. */
  readonly bytes: number;
}

/**
 * BigQuery. When the try is aborted, the job that runs is cancelled and the call rejects.
 * Tables are named `dataset.table` or `project.dataset.table`.
 *
 * Values of rows are JSON: INT64 are numbers, or strings when a double cannot hold them;
 * NUMERIC and BIGNUMERIC strings; dates and times ISO 8601 strings (TIMESTAMP in UTC);
 * BYTES base64; NaN and the infinities strings; JSON its text. RECORDs are objects,
 * repeated columns lists.
 * @example
 * const bigquery: Bigquery = await hook(bigqueryHook("lake"));
 * const rows = await bigquery.query(sql`select day, trips from taxi.daily where day >= ${day}`);
 */
export interface Bigquery {
  /** The rows of a statement, all pages of them. */
  query<Row extends object = Readonly<Record<string, unknown>>>(
    statement: Sql,
    options?: QueryOptions,
  ): Promise<readonly Row[]>;
  /** Runs a statement, or a script of several, whose rows are not read. */
  execute(statement: Sql, options?: QueryOptions): Promise<StatementResult>;
  /** How many bytes a statement would read. It is checked and not run. */
  dryRun(statement: Sql, options?: QueryOptions): Promise<{ readonly bytes: number }>;
  /** Creates a dataset if it is absent. @param options.location default `US` */
  createDataset(name: string, options?: { readonly location?: string }): Promise<void>;
  /** Creates a table if it is absent; one that is there stays as it is. */
  createTable(
    name: string,
    columns: readonly BigqueryColumn[],
    layout?: TableLayout,
  ): Promise<void>;
  /** The columns of a table; null when there is no such table. */
  columns(table: string): Promise<readonly BigqueryColumn[] | null>;
  /** Google's client, for everything else; what it does is not cancelled with the try. */
  readonly client: BigQuery;
  /** Called by the hook. */
  close(): void;
}
