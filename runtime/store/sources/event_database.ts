/**
 * A client of a user's PostgreSQL, in which DAGs listen for changes. Apart from
 * database.ts: this database may be away for long, and only the outbox in it is ours.
 */
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import type { Connection } from "../../../sdk/connection.ts";
import { DagsmithError } from "../../../sdk/errors.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** Longest time of a statement, and longest wait for a lock. */
const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 10_000;

export type EventClient = pg.Client;

/**
 * Connects. When the connection breaks later, the next statement fails.
 * @throws DagsmithError EVENT_DATABASE_FAILED, never with the password;
 *   WRONG_CONNECTION_TYPE; INVALID_CONNECTION
 */
export async function connectEventDatabase(connection: Connection): Promise<EventClient> {
  const { id, type, host, port, login, password, schema } = connection;
  if (type !== "postgres")
    throw new DagsmithError("WRONG_CONNECTION_TYPE", { id, found: type, expected: "postgres" });
  const client = new pg.Client({
    ...{
      host: host ?? "localhost",
      port: port ?? 5432,
      ssl: sslOptions(connection),
      application_name: "dagsmith events",
    },
    ...{
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      keepAlive: true,
    },
    ...(login !== null && { user: login }),
    ...(password !== null && { password }),
    ...(schema !== null && { database: schema }),
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw eventDatabaseFailed(id, cause);
  }
}

/** An error of that database as an error with a code. */
export function eventDatabaseFailed(connection: string, cause: unknown): DagsmithError {
  if (cause instanceof DagsmithError) return cause;
  const reason =
    cause instanceof Error
      ? cause.message || ((cause as { code?: string }).code ?? cause.name)
      : String(cause);
  return new DagsmithError(
    "EVENT_DATABASE_FAILED",
    { connection, reason: reason.replace(/\.$/, "") },
    { cause },
  );
}

/**
 * TLS by libpq's `sslmode` in `extra`: `require` encrypts, `verify-ca` and `verify-full`
 * also check the certificate. Default: no TLS.
 */
function sslOptions({ id, extra }: Connection): false | ConnectionOptions {
  const mode = String(extra.sslmode ?? "disable");
  const ca =
    typeof extra.sslrootcert === "string" ? extra.sslrootcert.replaceAll("\\n", "\n") : undefined;
  if (["disable", "allow", "prefer"].includes(mode)) return false;
  if (!["require", "verify-ca", "verify-full"].includes(mode)) {
    throw new DagsmithError("INVALID_CONNECTION", {
      id,
      reason: "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full",
    });
  }
  return {
    rejectUnauthorized: mode !== "require" || ca !== undefined,
    ...(mode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
    ...(ca !== undefined && { ca }),
  };
}
