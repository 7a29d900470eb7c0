/**
 * The fields of a form for params: one for each param, and one for each field of an
 * object.
 */
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../../sdk/json.ts";
import {
  fieldOf,
  firstGiven,
  type ParamField,
  type ParamGroup,
  type Presence,
} from "./param_field.ts";
import { asSchema, resolved, type Schema, withoutNull } from "./schema.ts";
import { sentAtFirst, sentParams } from "./sent_params.ts";

/**
 * One field for each property that the schema declares, or for each property of an object
 * there; none for a DAG without params. What is nested deeper is JSON.
 * @param values what the fields show at first instead of their defaults
 */
export function paramFields(
  paramsSchema: Json | null,
  values: Readonly<Record<string, Json>> = {},
): readonly ParamField[] {
  if (paramsSchema === null) return [];
  const root = asSchema(paramsSchema);
  const whole = resolved(root, root);
  if (whole.properties === undefined) return [fieldOf(root, "", whole, true, undefined)];
  const properties = asSchema(whole.properties);
  return Object.entries(properties).flatMap(([name, property]) => {
    const given = resolved(root, property);
    const isNamed = requiredOf(whole).includes(name);
    const nested = nestedFields(root, name, given, isNamed, values[name]);
    const isClear = nested?.every((field) => !Object.hasOwn(properties, field.name));
    return nested && isClear ? nested : [fieldOf(root, name, given, isNamed, values[name])];
  });
}

const requiredOf = ({ required }: Schema): readonly Json[] =>
  Array.isArray(required) ? required : [];

/**
 * Undefined for a param that is no such object, or whose value the fields cannot show.
 */
function nestedFields(
  root: Schema,
  name: string,
  given: Schema,
  isNamed: boolean,
  value: Json | undefined,
): readonly ParamField[] | undefined {
  const { schema, isNullable } = withoutNull(root, given);
  const properties = Object.entries(asSchema(schema.properties));
  const isOpen = ![undefined, false].includes(schema.additionalProperties as undefined);
  if (schema.type !== "object" || properties.length === 0 || isOpen) return undefined;
  const initial = firstGiven(value, given.default);
  const group = groupOf(name, given, isNamed, isNullable, initial);
  const shown = isObject(initial) ? initial : {};
  const fields = properties.map(([key, property]) => {
    const inner = resolved(root, property);
    const own = fieldOf(
      root,
      `${name}/${key}`,
      inner,
      requiredOf(schema).includes(key),
      shown[key],
    );
    const label = typeof inner.title === "string" ? inner.title : key;
    return { ...own, key, group, label };
  });
  return showsExactly(fields, name, initial) ? fields : undefined;
}

function groupOf(
  name: string,
  given: Schema,
  isNamed: boolean,
  isNullable: boolean,
  initial: Json | undefined,
): ParamGroup {
  const isRequired = isNamed && given.default === undefined;
  const presences: Presence[] = [
    "value",
    ...(isNullable ? ["null" as const] : []),
    ...(!isNamed && given.default === undefined ? ["left_out" as const] : []),
  ];
  const atFirst = initial === null ? "null" : initial === undefined ? "left_out" : "value";
  return {
    ...{ name, isRequired, presences },
    label: typeof given.title === "string" ? given.title : name,
    hint: typeof given.description === "string" ? given.description : null,
    initial: presences.find((presence) => presence === atFirst) ?? "value",
  };
}

/**
 * Fields that would send another value than the one they begin with must not be shown.
 */
function showsExactly(
  fields: readonly ParamField[],
  name: string,
  initial: Json | undefined,
): boolean {
  if (initial === undefined || initial === null) return true;
  const { params } = sentParams(fields, sentAtFirst(fields));
  return isDeepStrictEqual(params, { [name]: initial });
}

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
