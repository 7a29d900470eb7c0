/** The operator that runs SQL on BigQuery. */
import {
  type FromContext,
  joinSql,
  resolveField,
  type Sql,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { bigqueryHook } from "./hook.ts";
import { boundStatement } from "./parameters.ts";
import type { StatementResult } from "./session.ts";
import { type TaskJobOptions, taskJob } from "./task_job.ts";

/** Options of {@link bigquerySql}. */
export interface BigquerySqlOptions<Context extends TaskContext> extends TaskJobOptions {
  /** Id of a connection of type `google_cloud_platform`. */
  readonly bigquery: FromContext<string, Context>;
  /**
   * One statement, or several that run one after the other as one script. They are no
   * transaction unless they say `begin transaction` and `commit transaction`.
   */
  readonly sql: FromContext<Sql | readonly Sql[], Context>;
  /** A statement that would read more fails and costs nothing. Default: no limit. */
  readonly maxBytesBilled?: number;
}

/**
 * Runs SQL as a job of BigQuery; its values are bound, never put into the text. A retry
 * joins the job of the try before while that runs, or has succeeded.
 * @returns counts of rows, and the bytes that were read
 * @example
 * d.task("daily", bigquerySql({ bigquery: "lake", sql: ({ logicalDate }) => sql`insert into taxi.daily
 *   select date(pickup), count(*) from taxi.trips where date(pickup) = ${logicalDate.toISODate()} group by 1` }));
 */
export function bigquerySql<Context extends TaskContext>(
  options: BigquerySqlOptions<Context>,
): TaskBody<StatementResult, Context> {
  return async function bigquerySql(context) {
    const bigquery = await context.hook(
      bigqueryHook(await resolveField(options.bigquery, context)),
    );
    const statements = [await resolveField(options.sql, context)].flat() as readonly Sql[];
    const statement = joinSql(statements, ";\n");
    context.rendered({ sql: statement });
    const job = await taskJob(context, options, boundStatement(statement));
    const { maxBytesBilled } = options;
    return bigquery.execute(statement, {
      ...job,
      ...(maxBytesBilled !== undefined && { maxBytesBilled }),
    });
  };
}
