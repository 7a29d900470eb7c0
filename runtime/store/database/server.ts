/**
 * A PostgreSQL server for `npm start`: creates the database of the warehouse and shows
 * its tables.
 */
import pg from "pg";
import { withClient } from "./probe.ts";

/** Creates a database unless it exists. @returns its address */
export async function ensureDatabase(serverUrl: string, name: string): Promise<string> {
  await withClient(serverUrl, async (client) => {
    const { rows } = await client.query("select from pg_database where datname = $1", [name]);
    if (rows.length === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  });
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** The first rows of a table, every value as text. */
export interface TablePreview {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Whether the table has more rows. */
  readonly hasMore: boolean;
}

/**
 * Reads the first rows. @throws the server's error, for instance when there is no such
 * table
 */
export function previewTable(
  url: string,
  schema: string,
  table: string,
  limit: number,
): Promise<TablePreview> {
  const name = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
  return withClient(url, async (client) => {
    const { fields, rows } = await client.query({
      text: `select * from ${name} order by 1, 2 limit ${Math.trunc(limit) + 1}`,
      rowMode: "array",
    });
    const texts = (rows as unknown[][]).map((row) => row.map((value) => cellText(value)));
    return {
      columns: fields.map((field) => field.name),
      rows: texts.slice(0, limit),
      hasMore: texts.length > limit,
    };
  });
}

function cellText(value: unknown): string {
  if (value === null) return "";
  return value instanceof Date ? value.toISOString() : String(value);
}
