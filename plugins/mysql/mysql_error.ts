/** Errors of MySQL as those of a task: where, why, whether a retry can help. Pure. */
import { errorMessage, FailTask } from "dagsmith";
import { isTlsCode } from "dagsmith/plugins/tls";

/** Where a server is, for errors. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly database?: string | undefined;
}

/** What a later try may not meet: locks, lost connections, a server that is busy. */
const PASSING = [
  ...["ER_LOCK_DEADLOCK", "ER_LOCK_WAIT_TIMEOUT", "ER_CON_COUNT_ERROR", "ER_QUERY_INTERRUPTED"],
  ...["ER_TOO_MANY_USER_CONNECTIONS", "ER_SERVER_SHUTDOWN", "ER_NEW_ABORTING_CONNECTION"],
  ...[
    "ER_OPTION_PREVENTS_STATEMENT",
    "ER_DISK_FULL",
    "ER_RECORD_FILE_FULL",
    "ER_STATEMENT_TIMEOUT",
  ],
];

const REMEDIES: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR: "; check login and password of the connection",
  ER_DBACCESS_DENIED_ERROR: "; give the login rights to the database",
  ER_BAD_DB_ERROR: "; the schema of the connection names the database",
  HANDSHAKE_NO_SSL_SUPPORT: "; check extra.ssl_mode of the connection",
  ER_CON_COUNT_ERROR: "; the server has too many connections",
};

/** @returns FailTask where a retry cannot help; the `code` of the error stays */
export function mysqlError({ host, port, database }: Place, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (code === "") return error;
  const place = `MySQL at ${host}:${port} (database ${database ?? "none"})`;
  const reason = errorMessage(error) || code;
  const message = `${place}: ${reason}${remedy(code)} (${code})`;
  const isLasting = isTls(code) || (code.startsWith("ER_") && !PASSING.includes(code));
  const made = isLasting
    ? new FailTask(message, { cause: error })
    : new Error(message, { cause: error });
  return Object.assign(made, { code });
}

function remedy(code: string): string {
  if (REMEDIES[code]) return REMEDIES[code];
  return isTls(code) ? "; check extra.ssl_mode and extra.ssl_ca of the connection" : "";
}

/** The client has codes of its own for a handshake that fails. */
const isTls = (code: string): boolean => isTlsCode(code) || code.startsWith("HANDSHAKE_");
