/**
 * SQL with its values kept apart from its text. A value never becomes part of the text, so no value can change what a statement does.
 */
import { Liquid } from "liquidjs";
import { DateTime } from "luxon";
import { errorMessage } from "./error_message.ts";
import { DagsmithError } from "./errors.ts";

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
    const text = this.#pieces
      .map((piece) => (typeof piece === "string" ? piece : name(values.push(piece.value))))
      .join("");
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

/**
 * Statements one after the other.
 * @param separator SQL, put between them as it is
 * @example sql`select ${joinSql(columns.map((name) => identifier(name)), ", ")} from ${identifier("trips")}`
 */
export function joinSql(statements: readonly Sql[], separator: string): Sql {
  return new Sql(
    statements.flatMap((statement, index) =>
      index === 0 ? statement.pieces : [separator, ...statement.pieces],
    ),
  );
}

/** Stands in the rendered text for a value or a name. */
const MARK = "\u0001";

/** Tags that would read files, or keep rendered text as if it were a value. */
const WITHHELD_TAGS = ["capture", "include", "render", "layout", "block"];

/**
 * A statement from a Liquid template, for SQL kept in `.sql` files. Each `{{ … }}` is bound as a value; `{{ name | identifier }}` is put
 * in place as a quoted name. An unknown variable or filter is an error; the filter `raw` and the tags `capture`, `include`, `render`,
 * `layout` and `block` do not exist here.
 * @throws DagsmithError INVALID_SQL_TEMPLATE
 * @example
 * import query from "./report.sql";
 * postgresSql({ postgres: "lake", sql: ({ logicalDate }) => sqlFromTemplate(query, { day: logicalDate }) })
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
  return {
    [placeholder]: true,
    value: DateTime.isDateTime(value) || value instanceof Date ? isoText(value) : value,
  };
}

/** An invalid date must not be bound as null, which many a condition takes for "no limit". */
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
