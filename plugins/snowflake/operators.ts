/** The operator that runs SQL on Snowflake, and the sensor that waits for a query. */
import {
  type FromContext,
  resolveField,
  type SensorBody,
  type Sql,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { isMet, type QueryCondition, runSql } from "dagsmith/plugins/postgres";
import { snowflakeHook } from "./hook.ts";

/** Options of {@link snowflakeSql}. */
export interface SnowflakeSqlOptions<Context extends TaskContext> {
  /** Id of a connection of type `snowflake`. */
  readonly snowflake: FromContext<string, Context>;
  /**
   * One statement, or several that run in one transaction. Snowflake commits at statements
   * that create, change or drop tables.
   */
  readonly sql: FromContext<Sql | readonly Sql[], Context>;
}

/**
 * Runs SQL; its values are bound, never put into the text.
 * @returns `rowCount`, the rows that the statements inserted, changed, deleted or read,
 *   together
 * @example d.task("clean", snowflakeSql({ snowflake: "lake", sql: ({ logicalDate }) => sql`delete from carts where day < ${logicalDate}` }));
 */
export function snowflakeSql<Context extends TaskContext>(
  options: SnowflakeSqlOptions<Context>,
): TaskBody<{ readonly rowCount: number }, Context> {
  return async function snowflakeSql(context) {
    const snowflake = await context.hook(
      snowflakeHook(await resolveField(options.snowflake, context)),
    );
    return runSql(snowflake, options.sql, context);
  };
}

/** Options of {@link snowflakeSensor}. */
export interface SnowflakeSensorOptions<Context extends TaskContext>
  extends QueryCondition<Context> {
  /** Id of a connection of type `snowflake`. */
  readonly snowflake: FromContext<string, Context>;
}

/**
 * Waits until a query's rows meet a condition.
 * @example d.sensor("orders_are_in", snowflakeSensor({ snowflake: "lake", sql: ({ logicalDate }) => sql`select 1 from loads where day = ${logicalDate}` }));
 */
export function snowflakeSensor<Context extends TaskContext>(
  options: SnowflakeSensorOptions<Context>,
): SensorBody<null, Context> {
  return async function snowflakeSensor(context) {
    const snowflake = await context.hook(
      snowflakeHook(await resolveField(options.snowflake, context)),
    );
    return isMet(snowflake, options, context);
  };
}
