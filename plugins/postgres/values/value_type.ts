/** How a value of a column is built: from one text, from items, or from fields. Pure. */
import { canonicalType } from "./type_name.ts";

/**
 * A type whose value is one text, by PostgreSQL's name with its modifier: `varchar(3)`.
 */
interface ScalarType {
  readonly kind: "scalar";
  readonly name: string;
}

/** A type that JSON writes as a list, or as an object. */
export type ValueType =
  | ScalarType
  | { readonly kind: "list"; readonly of: ValueType; readonly delimiter: string }
  | {
      readonly kind: "object";
      readonly fields: readonly { readonly name: string; readonly type: ValueType }[];
    };

/** A type as the catalog describes it. */
export interface TypeRow {
  readonly oid: string;
  readonly kind: "scalar" | "list" | "domain" | "object";
  /** Between the items of a list. */
  readonly delimiter: string;
  /** The type of the items of a list, or the one that a domain limits. */
  readonly of: string;
  /** Its name, with the modifier that a domain gives it. */
  readonly of_name: string;
  readonly fields: readonly {
    readonly name: string;
    readonly oid: string;
    readonly type: string;
  }[];
}

/** @param name the name of the type with its modifier, which the catalog keeps apart */
export function valueType(
  oid: string,
  name: string,
  types: ReadonlyMap<string, TypeRow>,
): ValueType {
  const row = types.get(oid);
  switch (row?.kind) {
    case "domain":
      return valueType(row.of, row.of_name, types);
    case "list":
      return {
        kind: "list",
        of: valueType(row.of, name.endsWith("[]") ? name.slice(0, -2) : row.of_name, types),
        delimiter: row.delimiter,
      };
    case "object":
      return {
        kind: "object",
        fields: row.fields.map((field) => ({
          name: field.name,
          type: valueType(field.oid, field.type, types),
        })),
      };
    default:
      return { kind: "scalar", name: canonicalType(name) };
  }
}
