/** Errors of Snowflake as those of a task: where, why, whether a retry can help. Pure. */
import { errorMessage, FailTask } from "dagsmith";
import type { SnowflakeConfig } from "./config.ts";

/**
 * Classes of SQL states that a retry meets again: data, constraints, logins, syntax and
 * rights, what Snowflake cannot do.
 */
const LASTING_STATES = /^(?:0A|22|23|28|42)/;
/** Refused logins: password, user, account, key, network policy, locked user. */
const REFUSED_LOGIN = /^(?:390100|390101|390102|390144|390190|390422|390192|390195|390197)$/;
/** The statement was cancelled, and may run again. */
const CANCELLED = "000604";

const REMEDIES: Readonly<Record<string, string>> = {
  "390100": "; check login and password of the connection",
  "390144": "; check login and private_key_content of the connection",
  "390422": "; allow this machine in the network policy of Snowflake",
  "000606": "; name a warehouse in the connection",
  "002003": "; check the name, its database and schema, and the rights of the role",
};

/** @returns FailTask where a retry cannot help; the `code` of the error stays */
export function snowflakeError(config: SnowflakeConfig, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const code = String(error.code);
  const state = "sqlState" in error ? String(error.sqlState) : "";
  const reason = `${reasonOf(error)}${REMEDIES[code] ?? ""} (${code})`;
  const message = `Snowflake ${placeOf(config)}: ${reason}`;
  const isLasting = REFUSED_LOGIN.test(code) || (LASTING_STATES.test(state) && code !== CANCELLED);
  const made = isLasting
    ? new FailTask(message, { cause: error })
    : new Error(message, { cause: error });
  return Object.assign(made, { code });
}

/** Where a statement runs, for errors. */
export function placeOf({ account, database }: SnowflakeConfig): string {
  return `${account} (database ${database ?? "none"})`;
}

/** The client says only that a request failed; its cause says why. */
function reasonOf(error: Error): string {
  const cause = "cause" in error ? error.cause : undefined;
  const reason = errorMessage(error).trim();
  return cause instanceof Error ? `${reason} ${errorMessage(cause)}` : reason;
}
