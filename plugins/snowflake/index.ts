/**
 * dagsmith/plugins/snowflake: Snowflake as a client, an operator, a load from stages and a
 * sensor. On snowflake-sdk, an optional package.
 */
import type { ConnectionType } from "dagsmith";
import { snowflakeConnection } from "./connection.ts";

export { type SnowflakeCopyOptions, snowflakeCopy } from "./copy.ts";
export type { SnowflakeFormat } from "./copy_text.ts";
export { snowflakeHook } from "./hook.ts";
export {
  type SnowflakeSensorOptions,
  type SnowflakeSqlOptions,
  snowflakeSensor,
  snowflakeSql,
} from "./operators.ts";
export type { Snowflake, SnowflakeSession } from "./session.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [snowflakeConnection];
