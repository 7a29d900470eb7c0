/**
 * The message of a value that was thrown. Any value can be thrown, so a catch clause
 * cannot rely on `message`.
 * @example try { work(); } catch (error) { log(errorMessage(error)); }
 */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
