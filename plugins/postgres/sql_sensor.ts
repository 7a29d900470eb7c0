/** The sensor that waits for what a query says. */
import {
  type FromContext,
  resolveField,
  type SensorBody,
  type Sql,
  type TaskContext,
} from "dagsmith";
import { postgresHook } from "./hook.ts";

type Row = Readonly<Record<string, unknown>>;

export interface SqlSensorOptions<Context extends TaskContext> extends QueryCondition<Context> {
  /** Id of a connection of type `postgres`. */
  readonly postgres: FromContext<string, Context>;
}

/** A query, and what its rows must be. */
export interface QueryCondition<Context extends TaskContext> {
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
 * @example d.sensor("orders_are_in", sqlSensor({ postgres: "lake", sql: ({ logicalDate }) => sql`select 1 from loads where day = ${logicalDate}` }));
 */
export function sqlSensor<Context extends TaskContext>(
  options: SqlSensorOptions<Context>,
): SensorBody<null, Context> {
  return async function sqlSensor(context) {
    const postgres = await context.hook(
      postgresHook(await resolveField(options.postgres, context)),
    );
    return isMet(postgres, options, context);
  };
}

/**
 * Whether the rows of a query meet its condition, for a sensor.
 * @param database of PostgreSQL, or any other that answers queries in this way
 * @example return isMet(await context.hook(postgresHook("lake")), options, context);
 */
export async function isMet<Context extends TaskContext>(
  database: { query(statement: Sql): Promise<readonly Row[]> },
  { sql, until }: QueryCondition<Context>,
  context: Context,
): Promise<boolean> {
  const rows = await database.query(await resolveField(sql, context));
  return until ? until(rows, context) : saysYes(rows);
}

/**
 * Whether there is a row whose first value is neither null, false, 0 nor empty. Numbers of
 * larger types arrive as text.
 * @example const isDone = saysYes(await postgres.query(sql`select count(*) from loads`));
 */
export function saysYes([first]: readonly Row[]): boolean {
  if (first === undefined) return false;
  const [value] = Object.values(first);
  return (
    value !== null && value !== undefined && value !== false && value !== "" && Number(value) !== 0
  );
}
