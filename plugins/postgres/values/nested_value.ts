/**
 * A list or an object of JSON as the text of an array or a composite type. From CSV these
 * types come in PostgreSQL's own text form. Pure.
 */
import type { Json } from "dagsmith";
import { itemsOf, membersOf } from "dagsmith/plugins/formats";
import { misfit, type ToText, toTextOf, type Value } from "./column_value.ts";
import type { ValueType } from "./value_type.ts";

/** How a column reads its values. */
export function readerOf(type: ValueType): ToText {
  switch (type.kind) {
    case "scalar":
      return toTextOf(type.name);
    case "list":
      return listReader(type);
    case "object":
      return objectReader(type);
  }
}

function listReader(type: Extract<ValueType, { kind: "list" }>): ToText {
  const ofItem = readerOf(type.of);
  const isJson = type.of.kind === "scalar" && /^jsonb?$/.test(type.of.name);
  const item = (text: string): string => {
    const value = JSON.parse(text) as Json;
    if (value === null) return "NULL";
    // A list within a list is a further dimension of the same array.
    return Array.isArray(value) && !isJson
      ? list(text)
      : quoted(
          ofItem(value, () => text),
          "\\",
        );
  };
  const list = (text: string): string => `{${itemsOf(text).map(item).join(type.delimiter)}}`;
  return (value, written) => {
    if (typeof value === "string") return value;
    return Array.isArray(value) ? list(jsonOf(value, written)) : misfit(value, "a list");
  };
}

function objectReader({ fields }: Extract<ValueType, { kind: "object" }>): ToText {
  const readers = fields.map(({ name, type }) => ({ name, read: readerOf(type) }));
  return (value, written) => {
    if (typeof value === "string") return value;
    if (typeof value !== "object" || Array.isArray(value)) return misfit(value, "an object");
    const members = new Map(membersOf(jsonOf(value, written)));
    const unknown = [...members.keys()].find((key) => !fields.some(({ name }) => name === key));
    if (unknown !== undefined) misfit(value, `an object without a field "${unknown}"`);
    return `(${readers.map(({ name, read }) => field(members.get(name), read)).join(",")})`;
  };
}

function field(text: string | undefined, read: ToText): string {
  const value = text === undefined ? null : (JSON.parse(text) as Json);
  return value === null
    ? ""
    : quoted(
        read(value, () => text ?? ""),
        '"',
      );
}

/** @param doubling what stands before a quote within the quotes */
function quoted(text: string, doubling: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', `${doubling}"`)}"`;
}

function jsonOf(value: Value, written: (() => string) | undefined): string {
  return written?.() ?? JSON.stringify(value);
}
