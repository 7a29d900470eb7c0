/** Values on their way into statements of MySQL and out of results. Pure. */
import { FailTask, type Json, type Sql, type SqlValue } from "dagsmith";

/** A value as the client binds it. */
export type BoundValue = string | number | boolean | bigint | null | Buffer;

/** The text with `?` for each value, names in backticks, dates in UTC. */
export function boundStatement(statement: Sql): {
  readonly text: string;
  readonly values: BoundValue[];
} {
  const { text, values } = statement.render(() => "?", quoteName, utcText);
  return { text, values: values.map(boundValue) };
}

const quoteName = (part: string): string => `\`${part.replaceAll("`", "``")}\``;

/** MySQL takes no `Z`, and MariaDB no offset: a date is written in UTC without one. */
function utcText(iso: string): string {
  return new Date(iso).toISOString().replace("T", " ").replace("Z", "");
}

function boundValue(value: SqlValue): BoundValue {
  if (Array.isArray(value))
    throw new FailTask("MySQL cannot bind a list: write one value for each item, by joinSql()");
  if (typeof value === "number" && !Number.isFinite(value))
    throw new FailTask(`MySQL cannot bind ${value}`);
  return value instanceof Uint8Array ? Buffer.from(value) : (value as BoundValue);
}

/** A column of a result. */
export interface ResultColumn {
  readonly name: string;
  readonly columnType?: number | undefined;
}

/** The types of the protocol whose text differs from ISO 8601. */
const TIMESTAMP = [7, 17];
const DATETIME = [12, 18];

/** A row as JSON. @param row with dates and large numbers as texts */
export function jsonRow(
  row: Readonly<Record<string, unknown>>,
  columns: readonly ResultColumn[],
): Readonly<Record<string, Json>> {
  const types = new Map(columns.map(({ name, columnType = -1 }) => [name, columnType]));
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, jsonOf(value, types.get(name) ?? -1)]),
  );
}

function jsonOf(value: unknown, type: number): Json {
  if (Buffer.isBuffer(value)) return value.toString("base64");
  if (typeof value !== "string") return value as Json;
  if (TIMESTAMP.includes(type)) return `${value.replace(" ", "T")}+00:00`;
  return DATETIME.includes(type) ? value.replace(" ", "T") : value;
}
