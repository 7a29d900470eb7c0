/**
 * Checks of options that several options share, so that a mistake is refused in the same
 * words everywhere. A check of a single option is in the file of that option.
 */
import { type Duration, durationMs } from "./duration.ts";
import { DagsmithError } from "./errors.ts";

/**
 * The error for an option with a wrong value.
 * @param where the owner of the option, as messages name it
 * @param found the value, in words
 */
export function invalidOption(
  where: string,
  option: string,
  found: string,
  allowed: string,
  cause?: ErrorOptions,
): DagsmithError {
  return new DagsmithError("INVALID_OPTION", { where, option, found, allowed }, cause);
}

/**
 * The error for an option whose value is of a wrong kind. The message names the kind, not
 * the value.
 */
export function wrongKind(
  where: string,
  option: string,
  value: unknown,
  allowed: string,
): DagsmithError {
  return invalidOption(where, option, value === null ? "null" : typeof value, allowed);
}

/**
 * The error for an option with a wrong value. The message shows at most 100 characters of
 * the value: the contents of a file that was passed by mistake must not fill the screen.
 */
export function wrongValue(
  where: string,
  option: string,
  value: unknown,
  allowed: string,
): DagsmithError {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? typeof value);
  return invalidOption(where, option, text.slice(0, 100), allowed);
}

/**
 * Refuses an option that does not exist: a misspelt option would have no effect.
 * @throws DagsmithError UNKNOWN_OPTION
 */
export function refuseUnknownOptions(
  kind: "DAG" | "group" | "task" | "schedule" | "event source",
  options: object,
  allowed: readonly string[],
  where: string,
): void {
  const option = Object.keys(options).find((key) => !allowed.includes(key));
  if (option !== undefined)
    throw new DagsmithError("UNKNOWN_OPTION", { kind, option, where, allowed: allowed.join(", ") });
}

/** A whole number of at least `min`. @throws DagsmithError INVALID_OPTION */
export function wholeNumber(value: number, min: number, option: string, where: string): number {
  if (Number.isInteger(value) && value >= min) return value;
  throw invalidOption(where, option, String(value), `a whole number of at least ${min}`);
}

/** A factor of delays or intervals. @throws DagsmithError INVALID_OPTION */
export function backoffFactor(value: number, option: string, where: string): number {
  if (Number.isFinite(value) && value >= 1) return value;
  throw invalidOption(where, option, String(value), "a number of at least 1");
}

/**
 * A length of time in milliseconds.
 * @throws DagsmithError INVALID_OPTION, INVALID_DURATION
 */
export function moreThanZero(duration: Duration, option: string, where: string): number {
  const ms = durationMs(duration);
  if (ms > 0) return ms;
  throw invalidOption(where, option, JSON.stringify(duration), "more than zero");
}
