/**
 * The control that fits a schema: the first of several that can show the initial value.
 */
import type { Json } from "../../../sdk/json.ts";
import {
  type Control,
  choice,
  choices,
  json,
  line,
  lines,
  list,
  moment,
  number,
} from "./controls.ts";
import { asSchema, choicesOf, resolved, type Schema } from "./schema.ts";

/** Names of params whose value should not be read over a shoulder. */
const SECRET_NAME = /passw(or)?d|passphrase|secret|token|api_?key|private_?key|credential/i;

/**
 * @param schema without its null
 * @param isNullable whether null is a choice, too
 * @param initial undefined when the form begins without a value
 */
export function controlFor(
  root: Schema,
  name: string,
  schema: Schema,
  isNullable: boolean,
  initial: Json | undefined,
): Control {
  const fitting = candidates(root, name, schema, isNullable);
  const fits = (control: Control): boolean =>
    initial === undefined || control.show(initial) !== undefined;
  return fitting.find(fits) ?? json;
}

function candidates(
  root: Schema,
  name: string,
  schema: Schema,
  isNullable: boolean,
): readonly Control[] {
  const values = choicesOf(schema);
  if (values) return [choice(isNullable ? withNull(values) : values)];
  if (schema.type === "integer" || schema.type === "number")
    return [number(schema.type === "integer")];
  if (schema.type === "string") return textControls(name, schema);
  if (schema.type === "array") return listControls(resolved(root, schema.items));
  return [];
}

const withNull = (values: readonly Json[]): readonly Json[] =>
  values.includes(null) ? values : [...values, null];

function listControls(items: Schema): readonly Control[] {
  const values = choicesOf(items);
  if (values) return [choices(values)];
  if (items.type === "string") return [list(line("text"))];
  if (items.type === "integer" || items.type === "number")
    return [list(number(items.type === "integer"))];
  return [];
}

function textControls(name: string, schema: Schema): readonly Control[] {
  const plain = [line("text"), lines];
  if (schema.format === "password" || schema.writeOnly === true || SECRET_NAME.test(name))
    return [line("password"), ...plain];
  if (schema.format === "multiline" || schema.format === "textarea") return [lines];
  if (schema.format === "email") return [line("email"), ...plain];
  if (schema.format === "uri") return [line("url"), ...plain];
  const picked = momentOf(schema);
  return picked ? [picked, ...plain] : plain;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d\d:\d\d(:\d\d)?$/;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/;

/** Schemas of times without a zone have no format, but a pattern that only times fit. */
function momentOf(schema: Schema): Control | undefined {
  const { pattern: written } = asSchema(schema);
  const pattern = typeof written === "string" ? written : "";
  if (!isQuick(pattern)) return undefined;
  const fits = (text: string): boolean => pattern === "" || new RegExp(pattern, "u").test(text);
  const isOnly = (text: string): boolean =>
    schema.format === undefined && pattern !== "" && fits(text) && !fits("x") && !fits("1");
  if (schema.format === "date") return moment("date", DATE, (day) => [day], fits);
  if (schema.format === "time" || isOnly("04:05:06"))
    return moment("time", TIME, (time) => [time, `${time}:00`], fits);
  if (schema.format === "date-time" || isOnly("2026-01-31T04:05:06"))
    return moment("datetime-local", DATE_TIME, (time) => instants(time, schema.format), fits);
  return undefined;
}

/**
 * Whether a pattern is quick on a text of 24 characters, whatever it matches: the page
 * tries it in its own thread. Patterns of times repeat no group, and little else.
 */
function isQuick(pattern: string): boolean {
  const quantifiers = pattern.replace(/\\.|\[(?:\\.|[^\]])*\]|\(\?/g, (part) =>
    part === "(?" ? "(" : "x",
  );
  const repeated = quantifiers.match(/[*+]|\{\d*,/g) ?? [];
  const optional = quantifiers.match(/\?/g) ?? [];
  const repeatsGroup = /\)[*+{]/.test(quantifiers);
  return !repeatsGroup && repeated.length <= MAX_REPEATED && optional.length <= MAX_OPTIONAL;
}

const MAX_REPEATED = 2;
const MAX_OPTIONAL = 8;

/**
 * A picked time as the schema may want it: with seconds or without, and in UTC or local.
 */
function instants(picked: string, format: Json | undefined): readonly string[] {
  const exact = TIME.test(picked.slice(11)) && picked.length > 16 ? picked : `${picked}:00`;
  const zone = format === undefined ? "" : "Z";
  return [`${exact}${zone}`, `${exact.slice(0, 16)}${zone}`, `${exact}.000${zone}`];
}
