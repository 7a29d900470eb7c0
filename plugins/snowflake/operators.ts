/** The operator that runs SQL on Snowflake, and the sensor that waits for a query. */
import {
  type FromContext,
  resolveField,
  type SensorBody,
  type Sql,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { runStatements, saysYes } from "dagsmith/plugins/postgres";
import { snowflakeHook } from "./hook.ts";

type Row = Readonly<Record<string, unknown>>;

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
    const statements = await resolveField(options.sql, context);
    context.rendered({ sql: statements });
    return runStatements(snowflake, statements);
  };
}

/** Options of {@link snowflakeSensor}. */
export interface SnowflakeSensorOptions<Context extends TaskContext> {
  /** Id of a connection of type `snowflake`. */
  readonly snowflake: FromContext<string, Context>;
  /** One query. */
  readonly sql: FromContext<Sql, Context>;
  /**
   * What the rows must be. Default: there is a row, and its first value is neither null,
   * false, 0 (as a number or text) nor empty.
   */
  readonly until?: (rows: readonly Row[], context: Context) => boolean | Promise<boolean>;
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
    const rows = await snowflake.query(await resolveField(options.sql, context));
    return options.until ? options.until(rows, context) : saysYes(rows);
  };
}
