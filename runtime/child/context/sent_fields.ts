/** Rendered fields as they are sent to the worker: short enough for one message. Pure. */
import type { Json } from "../../../sdk/json.ts";

/** Longer values are not sent whole. Characters. */
const MAX_SENT = 200_000;

/** A value, and how many of its characters are not sent. */
export interface SentField {
  readonly value: Json;
  readonly leftOut: number;
}

/** @returns a JSON object of {@link SentField} by name */
export function sentFields(fields: Readonly<Record<string, Json>>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, sentField(value)])),
  );
}

function sentField(value: Json): SentField {
  if (typeof value === "string")
    return { value: value.slice(0, MAX_SENT), leftOut: Math.max(0, value.length - MAX_SENT) };
  // Never cut: the part of an object is a text, in which no name tells what is secret.
  const { length } = JSON.stringify(value);
  return { value: length <= MAX_SENT ? value : notShown(length), leftOut: 0 };
}

function notShown(length: number): string {
  return `${length.toLocaleString("en-US")} characters of JSON, which is too long to be shown`;
}
