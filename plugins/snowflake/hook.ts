/** The hook of Snowflake. The client is loaded when a task opens it. */
import { defineHook, type TaskContext } from "dagsmith";
import type { SnowflakeClient } from "./client.ts";
import { snowflakeConnection } from "./connection.ts";
import type { Snowflake } from "./session.ts";

/**
 * Snowflake through a connection of type `snowflake`: `extra.account`, login, a password or
 * `extra.private_key_content`, and database, warehouse and role in extra. Needs the package
 * snowflake-sdk.
 * @throws DagsmithError PACKAGE_MISSING
 * @example
 * const snowflake = await hook(snowflakeHook("lake"));
 * const rows = await snowflake.query<{ N: number }>(sql`select count(*) as n from trips where day = ${day}`);
 */
export const snowflakeHook = defineHook<Snowflake>({
  types: snowflakeConnection.ids,
  open: async (connection, { signal }) => {
    const { openSnowflake } = await import("./open.ts");
    return openSnowflake(snowflakeConnection.read(connection), signal);
  },
  close: (snowflake) => snowflake.close(),
});

/** The same with what only the operators of this plugin use. */
export async function clientOf(context: TaskContext, connection: string): Promise<SnowflakeClient> {
  return (await context.hook(snowflakeHook(connection))) as SnowflakeClient;
}
