/**
 * What a value that was thrown says. Any value can be thrown, so a catch clause cannot
 * rely on `message`. An AggregateError says what each of its errors says: one for each
 * address of a service that is down.
 * @example try { work(); } catch (error) { log.warn(errorMessage(error)); }
 */
export function errorMessage(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (!(thrown instanceof AggregateError)) return thrown.message;
  const messages = [...new Set(thrown.errors.map(errorMessage))].join("; ");
  return [thrown.message, messages].filter((text) => text !== "").join(": ");
}

/**
 * An error as one line: its name, its code as Node shows codes, and its message. The name
 * of a DagsmithError says less than its code, so the code stands in its place.
 * @example log.error(errorTitle(error)); // FailTask [NO_ORDERS]: the shop has no orders
 */
export function errorTitle({
  name,
  message,
  code,
}: {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}): string {
  if (code === undefined) return `${name}: ${message}`;
  return name === "DagsmithError" ? `${code}: ${message}` : `${name} [${code}]: ${message}`;
}
