/** Why a server could not be reached, by its address; whether a retry can help. Pure. */
import { errorMessage, FailTask } from "dagsmith";
import { isTlsCode } from "dagsmith/plugins/tls";
import type { PoolConfig } from "pg";

/**
 * A wrong login, a database that does not exist, or a server that refuses this address.
 */
const LASTING_STATES = ["28P01", "28000", "3D000"];

/** An error of a connection that did not come about; its `code` stays. */
export function connectError(config: PoolConfig, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { host, port, database, user } = config;
  const code = "code" in error ? String(error.code) : "";
  const reason = errorMessage(error) || code;
  const message = `PostgreSQL at ${host}:${port} (database ${database ?? user ?? "of the login"}): ${reason}${remedy(code, error)}`;
  const isLasting =
    LASTING_STATES.includes(code) || isTlsCode(code) || /does not support SSL/.test(reason);
  return isLasting
    ? new FailTask(message, { cause: error })
    : Object.assign(new Error(message, { cause: error }), { code });
}

function remedy(code: string, { message }: Error): string {
  if (code === "28P01") return "; check login and password of the connection";
  if (code === "28000") return "; check the login of the connection and pg_hba.conf of the server";
  if (code === "3D000") return "; the schema of the connection names the database";
  if (isTlsCode(code)) return "; check extra.sslmode and extra.sslrootcert of the connection";
  if (/does not support SSL/.test(message)) return "; check extra.sslmode of the connection";
  return "";
}
