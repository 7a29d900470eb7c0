/** Opens MySQL, whose package may be absent. */
import { loadPackage } from "dagsmith";
import type { MysqlConfig } from "./config.ts";
import type { Mysql } from "./session.ts";

/** Connects when the first statement runs. `signal` kills whatever runs. */
export async function openMysql(config: MysqlConfig, signal: AbortSignal): Promise<Mysql> {
  await loadPackage("mysqlHook()", "mysql2", () => import("mysql2/promise"));
  const { MysqlClient } = await import("./client.ts");
  return new MysqlClient(config, signal);
}
