/**
 * dagsmith/plugins/mysql: MySQL and MariaDB as a client, an operator and a sensor. On
 * mysql2, an optional package.
 */
import type { ConnectionType } from "dagsmith";
import { mysqlConnection } from "./connection.ts";

export { mysqlHook } from "./hook.ts";
export {
  type MysqlSensorOptions,
  type MysqlSqlOptions,
  mysqlSensor,
  mysqlSql,
} from "./operators.ts";
export type { Mysql, MysqlSession } from "./session.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [mysqlConnection];
