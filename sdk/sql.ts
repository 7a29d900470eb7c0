/**
 * SQL with its values kept apart from its text. A value never becomes part of the text, so no value can change what a statement does.
 */
import { Liquid } from "liquidjs";
import { DateTime } from "luxon";

/** What a statement may bind. Dates are bound as ISO 8601 text. */
export type SqlValue =
  | string
  | number
  | boolean
  | bigint
  | null
  | Date
  | DateTime
  | Uint8Array
  | readonly (string | number | boolean | null)[];

const placeholder = Symbol("a value or an identifier");
type Piece = string | { readonly [placeholder]: true; readonly value: SqlValue };

/** A statement, or a part of one. Made by {@link sql}, {@link identifier} or {@link sqlFromTemplate}. */
export class Sql {
  readonly #pieces: readonly Piece[];

  /** Called by this file only. */
  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /**
   * The text and the values to bind, in order.
   * @param name how the n-th placeholder is written, counted from 1; default PostgreSQL's `$n`
   */
  render(name: (position: number) => string = (position) => `$${position}`): {
    readonly text: string;
    readonly values: readonly SqlValue[];
  } {
    const values: SqlValue[] = [];
    const text = this.#pieces.map((piece) => (typeof piece === "string" ? piece : name(values.push(piece.value)))).join("");
    return { text, values };
  }
}

/**
 * A statement whose interpolated values are bound, and whose interpolated statements and identifiers are put in place.
 * @example sql`select * from ${identifier("lake", "trips")} where pickup >= ${dataInterval.start}`
 */
export function sql(strings: TemplateStringsArray, ...values: readonly (SqlValue | Sql)[]): Sql {
  return new Sql(
    strings.flatMap((text, index): Piece[] => {
      if (index === values.length) return [text];
      const value = values[index] as SqlValue | Sql;
      return value instanceof Sql ? [text, ...value.pieces] : [text, bound(value)];
    }),
  );
}

/**
 * A name (table, column, schema) quoted as PostgreSQL and Redshift do it; several parts are joined by a dot.
 * @example identifier("lake", "trips") // "lake"."trips"
 */
export function identifier(...parts: readonly string[]): Sql {
  return new Sql([parts.map((part) => `"${part.replaceAll('"', '""')}"`).join(".")]);
}

/** Statements one after the other. */
export function joinSql(statements: readonly Sql[], separator: string): Sql {
  return new Sql(statements.flatMap((statement, index) => (index === 0 ? statement.pieces : [separator, ...statement.pieces])));
}

const MARK = "\u0001";

/**
 * A statement from a Liquid template, for SQL kept in `.sql` files. Each `{{ … }}` is bound as a value; `{{ name | identifier }}` is put
 * in place as a quoted name.
 * @example
 * import query from "./report.sql";
 * postgresSql({ postgres: "lake", sql: ({ logicalDate }) => sqlFromTemplate(query, { day: logicalDate }) })
 */
export function sqlFromTemplate(template: string, variables: Readonly<Record<string, SqlValue>>): Sql {
  const pieces: Piece[] = [];
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    outputEscape: (value: unknown) =>
      `${MARK}${pieces.push(value instanceof Sql ? (value.pieces[0] as Piece) : bound(value as SqlValue)) - 1}${MARK}`,
  });
  engine.registerFilter("identifier", (name: unknown) => identifier(String(name)));
  const text: string = engine.parseAndRenderSync(template, { ...variables });
  return new Sql(text.split(MARK).map((part, index) => (index % 2 === 0 ? part : (pieces[Number(part)] as Piece))));
}

function bound(value: SqlValue): Piece {
  const iso = DateTime.isDateTime(value) ? (value.toISO() ?? null) : value instanceof Date ? value.toISOString() : value;
  return { [placeholder]: true, value: iso };
}
