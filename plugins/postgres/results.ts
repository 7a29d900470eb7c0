/**
 * Reads the rows of a result. Arrays, and arrays of enums or other types of a database,
 * are known by the catalog only, which is asked once for each type.
 */
import type { ClientBase, FieldDef, QueryResult } from "pg";
import { listOf } from "./values/array_text.ts";
import { type ResultParser, scalarParser } from "./values/result_value.ts";

/** Types of the system catalog that are no arrays, and so need no question. */
const SCALARS = [
  ...[16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 700, 701, 790, 869, 1042, 1043, 1082],
  ...[1083, 1114, 1184, 1186, 1266, 1560, 1562, 1700, 2950, 3802],
];

interface ArrayType {
  readonly oid: string;
  readonly item: string;
  readonly delimiter: string;
}

/** The rows as PostgreSQL sends them. */
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/** The parsers of one database. */
export class ResultTypes {
  readonly #parsers = new Map<number, ResultParser>(SCALARS.map((oid) => [oid, scalarParser(oid)]));

  /**
   * Runs a statement. @returns its result, with the values of its rows as JSON has them
   */
  async query(client: ClientBase, text: string, values: unknown[]): Promise<QueryResult> {
    const found = await client.query({ text, values, types: AS_TEXT as never });
    // Several statements in one text give several results; the last one counts.
    const result: QueryResult = Array.isArray(found) ? found.at(-1) : found;
    if ((result.rows?.length ?? 0) === 0) return result;
    await this.#learn(client, result.fields);
    for (const row of result.rows) this.#read(row, result.fields);
    return result;
  }

  #read(row: Record<string, unknown>, fields: readonly FieldDef[]): void {
    for (const { name, dataTypeID } of fields) {
      const text = row[name];
      if (typeof text === "string") row[name] = this.#parsers.get(dataTypeID)?.(text) ?? text;
    }
  }

  async #learn(client: ClientBase, fields: readonly FieldDef[]): Promise<void> {
    const unknown = fields
      .map(({ dataTypeID }) => dataTypeID)
      .filter((oid) => !this.#parsers.has(oid));
    if (unknown.length === 0) return;
    const { rows } = await client.query<ArrayType>({
      text: `select list.oid::text, coalesce(nullif(item.typbasetype, 0), item.oid)::text as item, item.typdelim as delimiter
        from pg_type list join pg_type item on item.oid = list.typelem and item.typarray = list.oid where list.oid = any($1)`,
      values: [unknown],
      types: AS_TEXT as never,
    });
    for (const oid of unknown) this.#parsers.set(oid, scalarParser(oid));
    for (const { oid, item, delimiter } of rows) {
      const read = scalarParser(Number(item));
      this.#parsers.set(Number(oid), (text) => listOf(text, read, delimiter));
    }
  }
}
