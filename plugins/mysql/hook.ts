/** The hook of MySQL. The client is loaded when a task opens it. */
import { defineHook } from "dagsmith";
import { mysqlConnection } from "./connection.ts";
import type { Mysql } from "./session.ts";

/**
 * MySQL or MariaDB through a connection of type `mysql`: login, password, host, port,
 * schema = database, TLS by `extra.ssl_mode`. Needs the package mysql2.
 * @throws DagsmithError PACKAGE_MISSING
 * @example
 * const shop = await hook(mysqlHook("shop"));
 * const rows = await shop.query<{ id: number }>(sql`select id from orders where day = ${day}`);
 */
export const mysqlHook = defineHook<Mysql>({
  types: mysqlConnection.ids,
  open: async (connection, { signal }) => {
    const { openMysql } = await import("./open.ts");
    return openMysql(mysqlConnection.read(connection), signal);
  },
  close: (mysql) => mysql.close(),
});
