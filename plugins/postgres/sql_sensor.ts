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

export interface SqlSensorOptions<Context extends TaskContext> {
  /** Id of a connection of type `postgres`. */
  readonly postgres: FromContext<string, Context>;
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
    const rows = await postgres.query(await resolveField(options.sql, context));
    return options.until ? options.until(rows, context) : saysYes(rows);
  };
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
