/**
 * What every session of ours sets, so that no setting of a server, a database or a role
 * changes what is read or written, and no session holds others up when its process falls
 * silent.
 */

/** Settings that decide how values are written and read. */
export const FORMATS = {
  // A DateStyle other than ISO would turn every timestamp into an unreadable one.
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  timezone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "1",
  // Off, the server reads NULL within an array as the text "NULL".
  array_nulls: "on",
  standard_conforming_strings: "on",
  transform_null_equals: "off",
} as const;

/**
 * A host that vanishes is noticed after 10 s and three unanswered probes, or 19 s without
 * a receipt.
 */
const SIGNS_OF_LIFE = {
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "3",
  tcp_keepalives_count: "3",
  tcp_user_timeout: "19s",
  // Idle sessions are kept on purpose.
  idle_session_timeout: "0",
} as const;

/**
 * Limits of a pooled session. A process that stops inside a transaction keeps its row
 * locks until the server ends the session, so the server does it within seconds. Values
 * with their units.
 */
const LIMITS = {
  statement_timeout: "60s",
  lock_timeout: "10s",
  idle_in_transaction_session_timeout: "10s",
} as const;

/** For sessions that wait on purpose, whatever the server says. */
const UNLIMITED = { statement_timeout: "0", lock_timeout: "0" } as const;

function setAll(settings: Readonly<Record<string, string>>, isLocal = false): string {
  const calls = Object.entries(settings).map(
    ([setting, value]) => `set_config('${setting}', '${value}', ${isLocal})`,
  );
  return `select ${calls.join(", ")}`;
}

/**
 * The statement for a session of the pool.
 * @param name the application_name, by which all sessions of a process can be found
 */
export const poolSession = (name: string): string =>
  setAll({ application_name: name, ...FORMATS, ...SIGNS_OF_LIFE, ...LIMITS });

/** The statement for a session that waits on purpose: for notifications or for a lock. */
export const waitingSession = (name: string): string =>
  setAll({ application_name: name, ...FORMATS, ...SIGNS_OF_LIFE, ...UNLIMITED });

/**
 * The begin of a transaction behind a pooler in transaction mode, where each transaction
 * may get a session that another client has set.
 */
export const POOLED_BEGIN = `begin; ${setAll({ ...FORMATS, ...LIMITS }, true)}`;
