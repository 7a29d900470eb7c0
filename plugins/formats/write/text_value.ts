/** A value as a text of CSV or JSON lines, and the errors of values that do not fit. Pure. */
import { FailTask, type Json } from "dagsmith";

/** Why a value does not fit its column. The writer adds row and column. */
class UnfitError extends Error {}

/** @throws FailTask naming row and column */
export function atRow<Result>(row: number, column: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error;
    throw new FailTask(`row ${row}, column "${column}": ${error.message}`, { cause: error });
  }
}

/** Refuses a value. @throws UnfitError */
export function unfit(value: unknown, allowed: string): never {
  const found = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? typeof value);
  throw new UnfitError(`${found.length > 60 ? `${found.slice(0, 60)}…` : found} is not ${allowed}`);
}

/** A value as JSON has it: a bigint becomes a text, bytes base64, a date ISO 8601. */
export function jsonValue(value: unknown): Json {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "function" || typeof value === "symbol")
    return unfit(typeof value, "a value");
  return value as Json;
}
