/**
 * A JSON Schema as the form reads it: references followed, null apart, choices as a list.
 */
import type { Json } from "../../../sdk/json.ts";

export type Schema = { readonly [key: string]: Json };

export function asSchema(value: Json | undefined): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Schema)
    : {};
}

/** References of references end here, so that a schema that names itself ends. */
const MOST_REFERENCES = 10;

/** The schema that `$ref` names, with what stands next to the reference. */
export function resolved(root: Schema, value: Json | undefined, depth = 0): Schema {
  const { $ref, ...own } = asSchema(value);
  const name = typeof $ref === "string" ? /^#\/\$defs\/(.+)$/.exec($ref)?.[1] : undefined;
  if (name === undefined || depth > MOST_REFERENCES) return asSchema(value);
  return { ...resolved(root, asSchema(root.$defs)[name], depth + 1), ...own };
}

/** A schema without its null, and whether it had one. */
export function withoutNull(
  root: Schema,
  schema: Schema,
): { readonly schema: Schema; readonly isNullable: boolean } {
  if (Array.isArray(schema.type) && schema.type.includes("null"))
    return { schema: { ...schema, type: only(others(schema.type, "null")) }, isNullable: true };
  if (!Array.isArray(schema.anyOf)) return { schema, isNullable: false };
  const branches = schema.anyOf.map((branch) => resolved(root, branch));
  const left = branches.filter(({ type }) => type !== "null");
  const { anyOf: _, ...around } = schema;
  const inner = left.length === 1 ? { ...left[0], ...around } : { ...around, anyOf: left };
  return { schema: inner, isNullable: left.length < branches.length };
}

const others = (list: readonly Json[], left: Json): Json[] => list.filter((one) => one !== left);
const only = (list: Json[]): Json => (list.length === 1 ? (list[0] as Json) : list);

/**
 * The values that an enum, a literal or a union of literals allows; undefined for others.
 */
export function choicesOf(schema: Schema): readonly Json[] | undefined {
  if (schema.const !== undefined) return [schema.const];
  if (Array.isArray(schema.enum)) return schema.enum;
  if (schema.type === "boolean") return [true, false];
  if (!Array.isArray(schema.anyOf) || schema.anyOf.length === 0) return undefined;
  const each = schema.anyOf.map((branch) => choicesOf(asSchema(branch)));
  return each.every((list) => list !== undefined) ? each.flat() : undefined;
}
