/**
 * Parses the texts of options. Each function throws an Error whose message completes the
 * sentence "the value is invalid: …".
 */
import type { Json } from "../../../sdk/json.ts";
import { ROUTE_NAME } from "../../../sdk/spec/index.ts";

/** A whole number within bounds, inclusive. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`write a whole number from ${min} to ${max}.`);
  };
}

/** A JSON object. */
export function jsonObject(text: string): Readonly<Record<string, Json>> {
  const value = parseJson(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, Json>>;
  throw new Error(`write a JSON object, such as '{"day": "2026-01-31"}'.`);
}

/**
 * An ISO 8601 date or time, kept as text: without an offset, the DAG's timezone applies.
 */
export function isoDate(text: string): string {
  // Date accepts more than ISO 8601. A shifted day shows a date in another order, or a
  // typing error.
  if (
    /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
    return text;
  throw new Error("write ISO 8601, such as 2026-01-31 or 2026-01-31T04:00:00Z.");
}

/** An ISO 8601 date or time; without an offset it is in UTC. */
export function instant(text: string): Date {
  const iso = isoDate(text);
  return new Date(/T.*(Z|[+-]\d{2}:?\d{2})$/.test(iso) || !iso.includes("T") ? iso : `${iso}Z`);
}

/** Any JSON value. */
export const jsonValue = parseJson;

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`it is not JSON: ${(error as Error).message}.`);
  }
}

/** Names of queues, separated by commas. */
export function queueNames(text: string): readonly string[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  if (names.every((name) => ROUTE_NAME.test(name))) return names;
  throw new Error(
    'write names of letters, digits, "_", "-" or ".", separated by commas, such as gpu,default.',
  );
}

/** One of a few words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((known) => known === text);
    if (word !== undefined) return word;
    throw new Error(`write one of ${words.join(", ")}.`);
  };
}

/** Some of a few words, separated by commas. */
export function listOf<Word extends string>(
  words: readonly Word[],
): (text: string) => readonly Word[] {
  return (text) => [...new Set(text.split(",").map((word) => oneOf(...words)(word.trim())))];
}

/** `key=value`, added to those given before. */
export function label(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at > 0) return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  throw new Error("write key=value, such as reviewed=yes.");
}

/** `id=JSON`, added to those given before. */
export function jsonById(
  text: string,
  before: Readonly<Record<string, Json>> = {},
): Readonly<Record<string, Json>> {
  const at = text.indexOf("=");
  if (at > 0) return { ...before, [text.slice(0, at)]: parseJson(text.slice(at + 1)) };
  throw new Error(`write id=JSON, such as 'approve={"publish": true}'.`);
}
