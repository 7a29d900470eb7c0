/** The fields of a connection type as its JSON Schema has them. Pure. */
import type { Json } from "../../sdk/json.ts";
import type { DescribedType } from "./connection_types.ts";

/** One field, in words for people. */
export interface ConnectionField {
  readonly name: string;
  readonly title: string;
  /** Empty when there is none. */
  readonly help: string;
  /** A type of JSON Schema, or the values that are allowed. */
  readonly kind: string;
  readonly isSecret: boolean;
  readonly isRequired: boolean;
  /** Empty when there is none. */
  readonly standard: string;
}

type Property = Readonly<Record<string, Json>>;

export function fieldsOf({ schema }: Pick<DescribedType, "schema">): readonly ConnectionField[] {
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, Property>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, field]) => ({
    name,
    title: textOf(field.title ?? name),
    help: textOf(field.description),
    kind: Array.isArray(field.enum) ? field.enum.join(" | ") : textOf(field.type ?? "any"),
    isSecret: field.writeOnly === true,
    isRequired: required.includes(name) && field.default === undefined,
    standard: textOf(field.default),
  }));
}

function textOf(value: Json | undefined): string {
  return value === undefined ? "" : String(value);
}
