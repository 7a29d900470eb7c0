/** A statement as BigQuery takes it: its text, and its values as typed parameters. Pure. */
import { FailTask, type Sql, type SqlValue } from "dagsmith";
import { quoteName } from "./names.ts";

interface ParameterType {
  readonly type: string;
  readonly arrayType?: ParameterType;
}

export interface QueryParameter {
  readonly parameterType: ParameterType;
  readonly parameterValue: {
    readonly value?: string | null;
    readonly arrayValues?: readonly { readonly value: string | null }[];
  };
}

/** The text with `?` for each value. A null has no type, so it is written into the text. */
export function boundStatement(statement: Sql): {
  readonly text: string;
  readonly parameters: readonly QueryParameter[];
} {
  const { values } = statement.render();
  const place = (position: number): string => (values[position - 1] === null ? "null" : "?");
  const { text } = statement.render(place, quoteName);
  return { text, parameters: values.filter((value) => value !== null).map(parameterOf) };
}

function parameterOf(value: SqlValue): QueryParameter {
  if (Array.isArray(value)) return listOf(value as readonly Scalar[]);
  const { type, text } = scalarOf(value as Scalar | bigint | Uint8Array);
  return { parameterType: { type }, parameterValue: { value: text } };
}

type Scalar = string | number | boolean | null;

/** The items of a list have one type: numbers that are not all whole are FLOAT64. */
function listOf(items: readonly Scalar[]): QueryParameter {
  const scalars = items.map((item) => (item === null ? null : scalarOf(item)));
  const types = new Set(scalars.flatMap((scalar) => (scalar ? [scalar.type] : [])));
  if (types.has("FLOAT64")) types.delete("INT64");
  const [type = "STRING", other] = types;
  if (other !== undefined)
    throw new FailTask(`BigQuery cannot bind a list of ${type} and ${other}: give one type`);
  return {
    parameterType: { type: "ARRAY", arrayType: { type } },
    parameterValue: { arrayValues: scalars.map((scalar) => ({ value: scalar?.text ?? null })) },
  };
}

const MAX_INT64 = 2n ** 63n - 1n;

/** Dates are texts already, which BigQuery takes for DATE, DATETIME and TIMESTAMP. */
function scalarOf(value: string | number | boolean | bigint | Uint8Array | null): {
  readonly type: string;
  readonly text: string;
} {
  switch (typeof value) {
    case "boolean":
      return { type: "BOOL", text: String(value) };
    case "number":
      return { type: Number.isSafeInteger(value) ? "INT64" : "FLOAT64", text: String(value) };
    case "bigint":
      return { type: isInt64(value) ? "INT64" : "BIGNUMERIC", text: String(value) };
    case "string":
      return { type: "STRING", text: value };
    default:
      return { type: "BYTES", text: Buffer.from(value as Uint8Array).toString("base64") };
  }
}

const isInt64 = (value: bigint): boolean => value <= MAX_INT64 && value >= -MAX_INT64 - 1n;
