/** An upsert: rows are loaded into a staging table, and merged from there. */
import { createHash } from "node:crypto";
import type { Step, TaskContext } from "dagsmith";
import type { BigqueryClient } from "./client.ts";
import { mergeStatement } from "./merge_sql.ts";
import type { BigqueryColumn, TableLayout } from "./session.ts";
import { type TaskJobOptions, taskJob } from "./task_job.ts";

/** What a load did. */
export interface LoadCounts {
  /** Rows that were read. */
  readonly rows: number;
  /** Rows that the table did not have. */
  readonly inserted: number;
  /** Rows that were changed. */
  readonly updated: number;
}

interface Upsert extends TaskJobOptions, TableLayout {
  readonly primaryKey?: string | readonly string[];
  readonly incrementalKey?: string;
  readonly columns?: readonly BigqueryColumn[];
}

/** BigQuery deletes a staging table that was left behind. */
const STAGING_MS = 24 * 3_600_000;
/** An older one may be deleted before its rows are merged. */
const USABLE_MS = 20 * 3_600_000;

/**
 * @param load loads into the table that it is given
 */
export async function mergeLoaded(
  context: TaskContext,
  options: Upsert,
  { bigquery, table }: { readonly bigquery: BigqueryClient; readonly table: string },
  load: (staging: string) => Promise<LoadCounts>,
): Promise<LoadCounts> {
  const number = await stagingNumber(context.step, table, Date.now());
  // The same in each try with this number, which joins the same jobs.
  const { id } = await taskJob(context, options, ["stage", table, number]);
  const staging = `${table.slice(0, table.lastIndexOf("."))}.dagsmith_staging_${digestOf(id)}`;
  await bigquery.createTableWith(staging, { expirationTime: String(Date.now() + STAGING_MS) });
  const { rows } = await load(staging);
  // Kept, because a retry may come after the staging table was dropped.
  const columns = await context.step(
    `BigQuery columns ${digestOf(staging)}`,
    async () => (await bigquery.columns(staging)) ?? [],
  );
  await bigquery.createTable(table, options.columns ?? columns, options);
  const statement = mergeStatement({
    ...{ from: staging, into: table, columns: columns.map(({ name }) => name) },
    primaryKey: [options.primaryKey ?? []].flat(),
    incrementalKey: options.incrementalKey,
  });
  const job = await taskJob(context, options, ["merge", staging]);
  const { inserted, updated } = await bigquery.execute(statement, job);
  await bigquery.dropTable(staging);
  return { rows, inserted, updated };
}

/**
 * Which staging table a try uses: that of the try before, unless it has expired or soon
 * will. Its rows would be gone, and their load would not run again.
 * @param now in milliseconds
 */
export async function stagingNumber(step: Step, table: string, now: number): Promise<number> {
  for (let number = 0; ; number++) {
    const begun = await step(`BigQuery staging ${number} ${digestOf(table)}`, () => now);
    if (now - begun < USABLE_MS) return number;
  }
}

const digestOf = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 16);
