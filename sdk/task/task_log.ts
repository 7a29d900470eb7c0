/** The log that a task and its hooks write to. */

/**
 * Writes lines to the log of one try. Secrets, and the passwords of connections, are
 * masked. Details are written after the message, as text or JSON.
 * @example d.task("load", ({ log }) => log.info("rows loaded", { rows: 12 }));
 */
export interface TaskLog {
  /** Writes a line of level debug. */
  debug(message: string, ...details: readonly unknown[]): void;
  /** Writes a line of level info. */
  info(message: string, ...details: readonly unknown[]): void;
  /** Writes a line of level warn. */
  warn(message: string, ...details: readonly unknown[]): void;
  /** Writes a line of level error. The try goes on; throw an error to fail it. */
  error(message: string, ...details: readonly unknown[]): void;
}
