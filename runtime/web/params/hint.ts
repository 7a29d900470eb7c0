/** What a field takes, in plain words. */
import type { Json } from "../../../sdk/json.ts";
import type { Control, ControlKind } from "./controls.ts";
import { asSchema, type Schema } from "./schema.ts";

/**
 * The description, then what is allowed, then the examples. Null when there is nothing to
 * say.
 */
export function hintOf(schema: Schema, control: Control): string | null {
  const allowed = [kindWords(schema, control), ...limits(schema)].filter((part) => part !== "");
  const sentences = [
    typeof schema.description === "string" ? schema.description : "",
    allowed.length === 0 ? "" : sentence(allowed.join(", ")),
    examples(schema),
  ].filter((part) => part !== "");
  return sentences.length === 0 ? null : sentences.join(" ");
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const FORMATS: Readonly<Record<string, string>> = {
  email: "e-mail address",
  uri: "address such as https://example.com",
  uuid: "UUID",
  ipv4: "IPv4 address",
  ipv6: "IPv6 address",
  duration: "length of time such as PT5M",
  base64: "Base64",
};
const KINDS: Readonly<Record<ControlKind, string>> = {
  line: "",
  lines: "",
  number: "number",
  choice: "",
  choices: "",
  list: "one item a line",
  json: "JSON",
};

function kindWords(schema: Schema, control: Control): string {
  if (schema.type === "integer") return "whole number";
  if (control.input === "datetime-local")
    return schema.format === undefined ? "without a time zone" : "in UTC";
  if (control.kind === "json" && schema.properties !== undefined)
    return `JSON with ${Object.keys(asSchema(schema.properties)).join(", ")}`;
  return KINDS[control.kind] || (FORMATS[String(schema.format)] ?? "");
}

function limits(schema: Schema): readonly string[] {
  const isSafe = (value: Json | undefined): value is number =>
    typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return [
    isSafe(schema.minimum) ? `at least ${schema.minimum}` : "",
    isSafe(schema.exclusiveMinimum) ? `more than ${schema.exclusiveMinimum}` : "",
    isSafe(schema.maximum) ? `at most ${schema.maximum}` : "",
    isSafe(schema.exclusiveMaximum) ? `less than ${schema.exclusiveMaximum}` : "",
    isSafe(schema.multipleOf) ? `a multiple of ${schema.multipleOf}` : "",
    isSafe(schema.minLength) ? `at least ${characters(schema.minLength)}` : "",
    isSafe(schema.maxLength) ? `at most ${characters(schema.maxLength)}` : "",
    isSafe(schema.minItems) ? `at least ${items(schema.minItems)}` : "",
    isSafe(schema.maxItems) ? `at most ${items(schema.maxItems)}` : "",
    pattern(schema),
  ];
}

const characters = (count: number): string => `${count} character${count === 1 ? "" : "s"}`;
const items = (count: number): string => `${count} item${count === 1 ? "" : "s"}`;

/** Patterns of known formats are long, and their names say more. */
const LONGEST_PATTERN = 60;
function pattern({ pattern: found, format }: Schema): string {
  return typeof found === "string" && format === undefined && found.length <= LONGEST_PATTERN
    ? `matching ${found}`
    : "";
}

function examples(schema: Schema): string {
  if (!Array.isArray(schema.examples) || schema.examples.length === 0) return "";
  const texts = schema.examples.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
  return `For example ${texts.join(", ")}.`;
}
