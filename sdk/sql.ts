/**
 * SQL with its values apart from its text. A value never becomes part of the text, so
 * that no value can change what a statement does.
 */
import { Liquid } from "liquidjs";
import { DateTime } from "luxon";
import { errorMessage } from "./error_message.ts";
import { DagsmithError } from "./errors.ts";

/**
 * A value that a statement can bind. Dates are bound as ISO 8601 text.
 * @example const day: SqlValue = logicalDate;
 */
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

const placeholder = Symbol("a value");
const quotable = Symbol("a name");
type Piece =
  | string
  | { readonly [placeholder]: true; readonly value: SqlValue; readonly isDate: boolean }
  | { readonly [quotable]: true; readonly parts: readonly string[] };

/**
 * A statement, or a part of one. Made by {@link sql}, {@link identifier}, {@link joinSql}
 * or {@link sqlFromTemplate}.
 * @example const statement: Sql = sql`select count(*) from ${identifier("trips")}`;
 */
export class Sql {
  readonly #pieces: readonly Piece[];

  /** Called by this file only. */
  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Text, values and names, in order. */
  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /**
   * The text, and the values to bind in order.
   * @param name writes the n-th placeholder, counted from 1; default PostgreSQL's `$n`
   * @param quote writes one part of an {@link identifier}; default in double quotes, as
   *   PostgreSQL, Redshift and DuckDB read it
   * @param date writes the ISO 8601 text of a date; default as it is
   */
  render(
    name: (position: number) => string = (position) => `$${position}`,
    quote: (part: string) => string = doubleQuoted,
    date: (iso: string) => string = (iso) => iso,
  ): {
    readonly text: string;
    readonly values: readonly SqlValue[];
  } {
    const values: SqlValue[] = [];
    const written = this.#pieces.map((piece) => {
      if (typeof piece === "string") return piece;
      if (quotable in piece) return piece.parts.map(quote).join(".");
      return name(values.push(piece.isDate ? date(String(piece.value)) : piece.value));
    });
    return { text: written.join(""), values };
  }
}

const doubleQuoted = (part: string): string => `"${part.replaceAll('"', '""')}"`;

/**
 * A statement. Interpolated values are bound; interpolated statements and identifiers
 * become part of the text.
 * @throws DagsmithError INVALID_DATE for a date that is invalid
 * @example
 * sql`select * from ${identifier("lake", "trips")} where pickup >= ${dataInterval.start}`;
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
 * A name (of a table, column or schema). The database that runs the statement decides how
 * the name is quoted. Several parts are joined by a dot.
 * @example identifier("lake", "trips") // "lake"."trips", in MySQL `lake`.`trips`
 */
export function identifier(...parts: readonly string[]): Sql {
  return new Sql([{ [quotable]: true, parts }]);
}

/**
 * Several statements as one, in their order.
 * @param separator SQL between the statements, unchanged
 * @example
 * sql`select ${joinSql(
 *   columns.map((name) => identifier(name)),
 *   ", ",
 * )} from ${identifier("trips")}`;
 */
export function joinSql(statements: readonly Sql[], separator: string): Sql {
  return new Sql(
    statements.flatMap((statement, index) =>
      index === 0 ? statement.pieces : [separator, ...statement.pieces],
    ),
  );
}

/** Marks a value or a name in the rendered text. */
const MARK = "\u0001";

/** Tags that would read files, or that would keep rendered text as a value. */
const WITHHELD_TAGS = ["capture", "include", "render", "layout", "block"];

/**
 * A statement from a Liquid template, for SQL in `.sql` files. Each `{{ … }}` is bound as
 * a value; `{{ name | identifier }}` becomes a quoted name. An unknown variable or filter
 * is an error. The filter `raw` and the tags `capture`, `include`, `render`, `layout` and
 * `block` do not exist.
 * @throws DagsmithError INVALID_SQL_TEMPLATE
 * @example
 * import query from "./report.sql";
 * postgresSql({
 *   postgres: "lake",
 *   sql: ({ logicalDate }) => sqlFromTemplate(query, { day: logicalDate }),
 * });
 */
export function sqlFromTemplate(
  template: string,
  variables: Readonly<Record<string, SqlValue>>,
): Sql {
  if (template.includes(MARK))
    throw new DagsmithError("INVALID_SQL_TEMPLATE", {
      reason: "it contains the control character U+0001",
    });
  const parts: Sql[] = [];
  const text = renderTemplate(
    template,
    variables,
    (part) => `${MARK}${parts.push(part) - 1}${MARK}`,
  );
  return new Sql(
    text
      .split(MARK)
      .flatMap((piece, index) =>
        index % 2 === 0 ? [piece] : (parts[Number(piece)]?.pieces ?? []),
      ),
  );
}

function renderTemplate(template: string, variables: object, mark: (part: Sql) => string): string {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    outputEscape: (value: unknown) =>
      mark(value instanceof Sql ? value : new Sql([bound(value as SqlValue)])),
  });
  engine.registerFilter("identifier", (name: unknown) => identifier(String(name)));
  delete engine.filters.raw;
  for (const tag of WITHHELD_TAGS) delete engine.tags[tag];
  try {
    return engine.parseAndRenderSync(template, { ...variables });
  } catch (cause) {
    throw new DagsmithError("INVALID_SQL_TEMPLATE", { reason: errorMessage(cause) }, { cause });
  }
}

function bound(value: SqlValue): Piece {
  const isDate = DateTime.isDateTime(value) || value instanceof Date;
  return { [placeholder]: true, value: isDate ? isoText(value) : value, isDate };
}

/**
 * An invalid date must not be bound as null, which a condition may read as "no limit".
 */
function isoText(date: DateTime | Date): string {
  const valid = date instanceof Date ? !Number.isNaN(date.getTime()) : date.isValid;
  const iso = valid ? (date instanceof Date ? date.toISOString() : date.toISO()) : null;
  if (iso === null)
    throw new DagsmithError("INVALID_DATE", {
      found: String(date),
      where: "a value of an SQL statement",
    });
  return iso;
}
