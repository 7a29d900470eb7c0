/** The operator that runs SQL on MySQL, and the sensor that waits for a query. */
import {
  type FromContext,
  resolveField,
  type SensorBody,
  type Sql,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { isMet, type QueryCondition, runSql } from "dagsmith/plugins/postgres";
import { mysqlHook } from "./hook.ts";

/** Options of {@link mysqlSql}. */
export interface MysqlSqlOptions<Context extends TaskContext> {
  /** Id of a connection of type `mysql`. */
  readonly mysql: FromContext<string, Context>;
  /**
   * One statement, or several that run in one transaction. MySQL commits at statements
   * that create, change or drop tables.
   */
  readonly sql: FromContext<Sql | readonly Sql[], Context>;
}

/**
 * Runs SQL; its values are bound, never put into the text.
 * @returns `rowCount`, the rows that the statements inserted, changed, deleted or read,
 *   together
 * @example d.task("clean", mysqlSql({ mysql: "shop", sql: ({ logicalDate }) => sql`delete from carts where day < ${logicalDate}` }));
 */
export function mysqlSql<Context extends TaskContext>(
  options: MysqlSqlOptions<Context>,
): TaskBody<{ readonly rowCount: number }, Context> {
  return async function mysqlSql(context) {
    const mysql = await context.hook(mysqlHook(await resolveField(options.mysql, context)));
    return runSql(mysql, options.sql, context);
  };
}

/** Options of {@link mysqlSensor}. */
export interface MysqlSensorOptions<Context extends TaskContext> extends QueryCondition<Context> {
  /** Id of a connection of type `mysql`. */
  readonly mysql: FromContext<string, Context>;
}

/**
 * Waits until a query's rows meet a condition.
 * @example d.sensor("orders_are_in", mysqlSensor({ mysql: "shop", sql: ({ logicalDate }) => sql`select 1 from loads where day = ${logicalDate}` }));
 */
export function mysqlSensor<Context extends TaskContext>(
  options: MysqlSensorOptions<Context>,
): SensorBody<null, Context> {
  return async function mysqlSensor(context) {
    const mysql = await context.hook(mysqlHook(await resolveField(options.mysql, context)));
    return isMet(mysql, options, context);
  };
}
