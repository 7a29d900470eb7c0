/** Values on their way into statements of Snowflake and out of results. Pure. */
import { FailTask, type Json, type Sql, type SqlValue } from "dagsmith";

/** A value as the client binds it. */
type BoundValue = string | number | boolean | null;

/** A statement with `?` for each value. */
export interface BoundStatement {
  readonly text: string;
  readonly values: readonly BoundValue[];
}

export function boundStatement(statement: Sql): BoundStatement {
  const { text, values } = statement.render(() => "?");
  return { text, values: values.map(boundValue) };
}

function boundValue(value: SqlValue): BoundValue {
  if (Array.isArray(value))
    throw new FailTask("Snowflake cannot bind a list: write one value for each item, by joinSql()");
  if (typeof value === "number" && !Number.isFinite(value))
    throw new FailTask(`Snowflake cannot bind ${value}`);
  // Snowflake reads a text as the type of its place: BINARY as hexadecimal digits.
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return typeof value === "bigint" ? String(value) : (value as BoundValue);
}

/** A column of a result. */
export interface ResultColumn {
  readonly name: string;
  readonly type: string;
  readonly scale: number;
}

/** A row as JSON. @param row the values in the order of the columns, numbers as texts */
export function jsonRow(
  row: readonly unknown[],
  columns: readonly ResultColumn[],
): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    columns.map((column, index) => [column.name, jsonOf(row[index] ?? null, column)]),
  );
}

function jsonOf(value: unknown, { type, scale }: ResultColumn): Json {
  if (value === null) return null;
  if (type === "fixed") return scale > 0 ? String(value) : wholeNumber(String(value));
  if (type === "real") return double(String(value));
  if (value instanceof Date) return moment(value.toISOString(), type);
  return Buffer.isBuffer(value) ? value.toString("base64") : (value as Json);
}

/** A double cannot hold every NUMBER. */
function wholeNumber(text: string): Json {
  return Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

/** JSON has no NaN and no infinities. */
function double(text: string): Json {
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

/** A date has no time, and a timestamp without a zone no Z. */
function moment(iso: string, type: string): string {
  if (type === "date") return iso.slice(0, 10);
  return type === "timestamp_ntz" ? iso.slice(0, -1) : iso;
}
