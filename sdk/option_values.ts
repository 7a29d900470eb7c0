/**
 * Checks of options that are the same wherever an option is read, so that a mistake is refused in the same words everywhere. Checks that know
 * one option only stand beside that option.
 */
import { type Duration, durationMs } from "./duration.ts";
import { DagsmithError } from "./errors.ts";

/** @param where what messages call the thing that has the option @param found the value in words */
export function invalidOption(
  where: string,
  option: string,
  found: string,
  allowed: string,
  cause?: ErrorOptions,
): DagsmithError {
  return new DagsmithError("INVALID_OPTION", { where, option, found, allowed }, cause);
}

/** An option whose value is of a wrong kind altogether: the message tells the kind, not the value. */
export function wrongKind(
  where: string,
  option: string,
  value: unknown,
  allowed: string,
): DagsmithError {
  return invalidOption(where, option, value === null ? "null" : typeof value, allowed);
}

/** @throws DagsmithError UNKNOWN_OPTION for a key that is not allowed: most likely a slip of the pen, which would do nothing */
export function refuseUnknownOptions(
  kind: "DAG" | "group" | "task" | "schedule",
  options: object,
  allowed: readonly string[],
  where: string,
): void {
  const option = Object.keys(options).find((key) => !allowed.includes(key));
  if (option !== undefined)
    throw new DagsmithError("UNKNOWN_OPTION", { kind, option, where, allowed: allowed.join(", ") });
}

/** @throws DagsmithError INVALID_OPTION */
export function wholeNumber(value: number, min: number, option: string, where: string): number {
  if (Number.isInteger(value) && value >= min) return value;
  throw invalidOption(where, option, String(value), `a whole number of at least ${min}`);
}

/** What delays and intervals are multiplied by. @throws DagsmithError INVALID_OPTION */
export function backoffFactor(value: number, option: string, where: string): number {
  if (Number.isFinite(value) && value >= 1) return value;
  throw invalidOption(where, option, String(value), "a number of at least 1");
}

/** A length of time in milliseconds. @throws DagsmithError INVALID_OPTION, INVALID_DURATION */
export function moreThanZero(duration: Duration, option: string, where: string): number {
  const ms = durationMs(duration);
  if (ms > 0) return ms;
  throw invalidOption(where, option, JSON.stringify(duration), "more than zero");
}
