/**
 * Values of settings, parsed from text. Every refusal names the variable and what it may
 * hold.
 */
import { type Duration, durationMs } from "../../sdk/duration.ts";
import { errorMessage } from "../../sdk/error_message.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Setting } from "./environment.ts";

/** @throws DagsmithError INVALID_ARGUMENT, always */
export function refused(argument: string, reason: string): never {
  throw new DagsmithError("INVALID_ARGUMENT", { argument, reason });
}

/**
 * @param parse throws an Error whose message says what is wrong
 * @throws DagsmithError INVALID_ARGUMENT
 */
export function parsed<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    return refused(name, errorMessage(error));
  }
}

/** What a whole number may be, and what it is when the variable is not set. */
interface WholeNumber {
  readonly otherwise: number;
  readonly min: number;
  readonly max: number;
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function wholeNumber(
  setting: Setting,
  name: string,
  { otherwise, min, max }: WholeNumber,
): number {
  const text = setting(name);
  const value = Number(text ?? otherwise);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  return refused(name, `it is "${text}"; allowed: a whole number from ${min} to ${max}`);
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function trueOrFalse(setting: Setting, name: string, otherwise: boolean): boolean {
  const text = setting(name);
  if (text === null) return otherwise;
  if (text !== "true" && text !== "false") refused(name, `it is "${text}"; allowed: true, false`);
  return text === "true";
}

/** A day; timers of Node end at 24 days. */
const LONGEST_MS = 24 * 60 * 60_000;

/**
 * A duration up to a day, in milliseconds.
 * @throws DagsmithError INVALID_ARGUMENT
 */
export function milliseconds(setting: Setting, name: string, otherwise: number): number {
  const text = setting(name);
  if (text === null) return otherwise;
  const rule = `it is "${text}"; allowed: a duration from 0s to 24h, such as 30s or 10m`;
  const ms = parsedDuration(text);
  return ms !== null && ms <= LONGEST_MS ? ms : refused(name, rule);
}

function parsedDuration(text: string): number | null {
  try {
    return durationMs(text as Duration);
  } catch {
    return null;
  }
}
