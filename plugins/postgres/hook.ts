/** The PostgreSQL hook. The client library is loaded when a task opens it. */
import { defineHook } from "dagsmith";
import { postgresConnection } from "./connection.ts";
import type { Postgres } from "./session.ts";

/**
 * PostgreSQL through a connection of type `postgres`: login, password, host, port, schema
 * = database, TLS by `extra.sslmode`.
 * @example
 * const lake = await hook(postgresHook("lake"));
 * const rows = await lake.query<{ day: string; trips: string }>(sql`select day, trips from daily where day >= ${dataInterval.start}`);
 */
export const postgresHook = defineHook<Postgres>({
  types: postgresConnection.ids,
  open: async (connection, { signal }) => {
    const config = postgresConnection.read(connection);
    const { openPostgres } = await import("./client.ts");
    return openPostgres(config, signal);
  },
  close: async ({ pool }) => pool.end(),
});
