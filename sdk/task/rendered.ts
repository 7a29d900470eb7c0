/** What a task really ran, for people: SQL, commands and requests with their values. */
import type { Json } from "../json.ts";
import { joinSql, Sql, type SqlValue } from "../sql.ts";

/**
 * The value of a rendered field. Of SQL, people see the text, and the bound values as a
 * field of its own. A field that is undefined is left out.
 * @example const value: RenderedValue = sql`delete from trips where day < ${day}`;
 */
export type RenderedValue = Json | Sql | readonly Sql[] | undefined;

/**
 * Reports what the task really runs, before it runs. The page shows it for each try, with
 * secrets masked. A later report adds fields, and replaces fields of the same name. A
 * report never fails a task. Airflow: rendered templates.
 * @param fields by name, at most 20; of each, people see the first 20,000 characters
 * @example
 * d.task("count", async ({ rendered, params }) => {
 *   const path = `/v1/orders/${params.day}`;
 *   rendered({ path });
 *   return (await fetch(`https://shop.example.com${path}`)).json();
 * });
 */
export type Rendered = (fields: Readonly<Record<string, RenderedValue>>) => void;

/** The fields as JSON. */
export function renderedJson(
  fields: Readonly<Record<string, RenderedValue>>,
): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]): readonly (readonly [string, Json])[] => {
      if (value === undefined) return [];
      const statement = statementOf(value);
      return statement ? ofStatement(name, statement) : [[name, value as Json]];
    }),
  );
}

function statementOf(value: Exclude<RenderedValue, undefined>): Sql | undefined {
  if (value instanceof Sql) return value;
  const isList = Array.isArray(value) && value.length > 0;
  return isList && value.every((one) => one instanceof Sql) ? joinSql(value, ";\n") : undefined;
}

function ofStatement(name: string, statement: Sql): readonly (readonly [string, Json])[] {
  const { text, values } = statement.render();
  if (values.length === 0) return [[name, text]];
  return [
    [name, text],
    [`${name} values`, values.map(shownValue)],
  ];
}

function shownValue(value: SqlValue): Json {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  return typeof value === "bigint" ? String(value) : (value as Json);
}
