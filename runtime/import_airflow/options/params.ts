/** The schema of a DAG's params. */
import { type Code, code, combine, objectOf } from "../code.ts";
import { lastName, NONE, textOf, type Value } from "../evaluate/value.ts";
import { tableOf } from "../table_of.ts";
import type { Carry } from "./carry.ts";
import { literal } from "./literal.ts";

/** The schema; undefined for a DAG without params. */
export function paramsSchema({ params }: Carry): Code | undefined {
  if (params.size === 0) return undefined;
  const fields = objectOf(
    Object.fromEntries([...params].map(([name, value]) => [name, fieldOf(value)])),
  );
  const schema = combine([fields], ([text]) => `z.object(${text})`);
  return { ...schema, imports: [...schema.imports, { name: "z", from: "zod" }] };
}

/** A param that only templates name may be missing. */
function fieldOf(value: Value | null): Code {
  if (value === null) return code("z.json().optional()");
  const { fallback, types } = paramOf(value);
  const schema = schemaOf(fallback, types);
  const known = fallback && literal(fallback);
  return code(known ? `${schema}.default(${known.text})` : `${schema}.nullable().default(null)`);
}

/** Whether a param is a text, a number or a truth value, which a script takes as it is. */
export function isScalar(value: Value | null | undefined): boolean {
  if (!value) return false;
  const { fallback, types } = paramOf(value);
  return (
    /^z\.(string|number|boolean)\(\)$/.test(schemaOf(fallback, types)) &&
    literal(fallback ?? NONE) !== undefined &&
    fallback !== undefined
  );
}

interface Param {
  /** Undefined when the param has no default. */
  readonly fallback: Value | undefined;
  readonly types: readonly string[];
}

/** `Param(5, type="integer")`, or a default alone. */
function paramOf(value: Value): Param {
  if (value.kind !== "call" || lastName(value.path) !== "Param")
    return { fallback: value, types: [] };
  const type = value.named.get("type");
  const types = type?.kind === "list" ? type.items.map(textOf) : [textOf(type)];
  return {
    fallback: value.args[0] ?? value.named.get("default"),
    types: types.filter((one) => one !== undefined),
  };
}

const SCHEMAS: Readonly<Record<string, string>> = tableOf({
  ...{ string: "z.string()", integer: "z.number()", number: "z.number()" },
  ...{
    boolean: "z.boolean()",
    array: "z.array(z.json())",
    object: "z.record(z.string(), z.json())",
  },
});

function schemaOf(fallback: Value | undefined, types: readonly string[]): string {
  const named = types.filter((type) => type !== "null");
  const [only] = named;
  const type = only && named.length === 1 ? only : typeOf(fallback);
  const schema = SCHEMAS[type] ?? "z.json()";
  const isNull = fallback?.kind === "plain" && fallback.value === null;
  return (types.includes("null") || isNull) && schema !== "z.json()"
    ? `${schema}.nullable()`
    : schema;
}

function typeOf(value: Value | undefined): string {
  if (value?.kind === "list") return "array";
  if (value?.kind === "dict") return "object";
  return value?.kind === "plain" && value.value !== null ? typeof value.value : "";
}
