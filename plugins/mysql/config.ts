/** What the client of MySQL is opened with. */
import type { PoolOptions } from "mysql2/promise";

/** Address, login, database and TLS. */
export interface MysqlConfig
  extends Pick<PoolOptions, "user" | "password" | "database" | "ssl" | "connectTimeout"> {
  readonly host: string;
  readonly port: number;
}
