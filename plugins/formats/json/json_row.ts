/** A JSON line as a row. Pure. */
import { FailTask, type Json } from "dagsmith";
import type { SourceRow } from "../source_row.ts";
import { countOfKeys, hasPlainNumbers, membersOf } from "./json_text.ts";

/** @param start the number of the first line */
export function jsonRows(lines: readonly string[], start: number): readonly SourceRow[] {
  return lines.flatMap((text, index) => (text.trim() === "" ? [] : [rowOf(text, start + index)]));
}

function rowOf(text: string, line: number): SourceRow {
  const object = objectOf(text, line);
  const keys = Object.keys(object);
  const hasLowerKeys = keys.every((key) => key === key.toLowerCase());
  // Nested objects and texts with colons make the counts differ without a doubled key.
  if (!hasLowerKeys || countOfKeys(text) !== keys.length) refuseDoubledKey(text, line);
  const values = hasLowerKeys
    ? object
    : Object.fromEntries(keys.map((key) => [key.toLowerCase(), object[key] ?? null]));
  return { line, values, written: writtenIn(text, values) };
}

/** Looks the text of a value up, and reads the line a second time only when it must. */
function writtenIn(
  text: string,
  values: Readonly<Record<string, Json>>,
): (name: string) => string | undefined {
  let isPlain: boolean | undefined;
  let members: ReadonlyMap<string, string> | undefined;
  return (name) => {
    const value = values[name];
    if (typeof value === "number") isPlain ??= hasPlainNumbers(text);
    if (typeof value === "number" && isPlain) return String(value);
    members ??= new Map(membersOf(text).map(([key, member]) => [key.toLowerCase(), member]));
    return members.get(name);
  };
}

function objectOf(text: string, line: number): Readonly<Record<string, Json>> {
  const value = parsed(text, line);
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, Json>>;
  const found = Array.isArray(value) ? "a list" : JSON.stringify(value).slice(0, 60);
  throw new FailTask(`line ${line} is ${found}; each line must be one JSON object`);
}

function parsed(text: string, line: number): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // The parser's message would quote the data.
    throw new FailTask(`line ${line} is not JSON`);
  }
}

/** JSON.parse keeps the last of two equal keys. */
function refuseDoubledKey(text: string, line: number): void {
  const seen = new Set<string>();
  for (const [key] of membersOf(text)) {
    const name = key.toLowerCase();
    if (seen.has(name))
      throw new FailTask(
        `line ${line}, column "${name}": the key stands twice in the line (upper and lower case are the same)`,
      );
    seen.add(name);
  }
}
