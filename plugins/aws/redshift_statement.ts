/**
 * Statements in the form that the Redshift Data API takes: text with named parameters
 * whose values are text. Pure.
 */
import { FailTask, type Sql, type SqlValue } from "dagsmith";

/** A named parameter of the Data API; its value must not be empty. */
export interface DataParameter {
  readonly name: string;
  readonly value: string;
}

/**
 * Renders statements that share one list of parameters `:p1`, `:p2`…
 *
 * Text (dates too) is bound. The Data API hands every parameter over as text, refuses
 * null and the empty text, and leaves the type to the server's guess: so null, numbers,
 * booleans and the empty text are written as literals, which have the right type in any
 * place and, made of digits and fixed words only, cannot change the statement.
 * @throws FailTask for lists and bytes, which Redshift has no type for
 */
export function renderStatements(statements: readonly Sql[]): {
  readonly texts: readonly string[];
  readonly parameters: readonly DataParameter[];
} {
  const parameters: DataParameter[] = [];
  const texts = statements.map((statement) => {
    const { values } = statement.render();
    return statement.render((position) => rendered(values[position - 1] ?? null, parameters)).text;
  });
  return { texts, parameters };
}

function rendered(value: SqlValue, parameters: DataParameter[]): string {
  if (value === null) return "null";
  if (value === "") return "''";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number" || typeof value === "bigint") return numeral(value);
  if (typeof value !== "string")
    throw new FailTask(
      "Redshift cannot bind a list or bytes; bind texts, numbers, booleans, dates or null",
    );
  const name = `p${parameters.length + 1}`;
  parameters.push({ name, value });
  return `:${name}`;
}

function numeral(value: number | bigint): string {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new FailTask(`Redshift cannot bind ${value}`);
  // In parentheses, because "x -" before a bare "-1" would begin a comment.
  return value < 0 || Object.is(value, -0) ? `(${value})` : String(value);
}
