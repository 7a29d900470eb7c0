/** Rows as the text of a COPY: tab between columns, newline between rows, `\N` for null. Pure but for the stream it reads. */
import { FailTask } from "dagsmith";
import { MisfitError, type ToText, toTextOf } from "./column_value.ts";
import type { Column } from "./columns.ts";
import type { SourceRow, SourceRows } from "./source_row.ts";

/** What was seen on the way. */
export interface CopyCount {
  rows: number;
  /** Rows from which NUL characters were taken. */
  nulRows: number;
}

interface ColumnWriter {
  readonly name: string;
  readonly required: boolean;
  readonly isNumber: boolean;
  readonly toText: ToText;
}

/**
 * The text of the rows, with the line number of each as the last column.
 * NUL characters, which PostgreSQL's text cannot hold, are left out; `count.nulRows` tells from how many rows.
 * @param required columns in which null is an error: the primary key
 * @throws FailTask naming line and column of a value that does not fit
 */
export async function* copyText(
  rows: SourceRows,
  columns: readonly Column[],
  required: readonly string[],
  count: CopyCount,
): AsyncGenerator<string> {
  const writers = columns.map(({ name, type }): ColumnWriter => {
    const isNumber = type === "bigint" || type.startsWith("numeric");
    return { name, isNumber, required: required.includes(name), toText: toTextOf(type) };
  });
  for await (const batch of rows) {
    let text = "";
    for (const row of batch) text += copyLine(row, writers, count);
    count.rows += batch.length;
    if (text !== "") yield text;
  }
}

function copyLine(row: SourceRow, writers: readonly ColumnWriter[], count: CopyCount): string {
  let line = "";
  for (const writer of writers) line += `${field(row, writer)}\t`;
  if (line.includes("\0")) {
    count.nulRows += 1;
    line = line.replaceAll("\0", "");
  }
  return `${line}${row.line}\n`;
}

function field(row: SourceRow, { name, required, isNumber, toText }: ColumnWriter): string {
  const value = Object.hasOwn(row.values, name) ? row.values[name] : null;
  try {
    if (value === null || value === undefined) return required ? refuseNull() : "\\N";
    const rounded = isNumber && typeof value === "number" && !isExact(value);
    return escaped(toText(rounded ? (row.exact?.(name) ?? value) : value));
  } catch (error) {
    if (error instanceof MisfitError)
      throw new FailTask(`line ${row.line}, column "${name}": ${error.message}`);
    throw error;
  }
}

function refuseNull(): never {
  throw new MisfitError("null is not allowed in the primary key");
}

/** Whether a double surely is the number that was written: a whole one below 2^53, or a decimal of 15 digits or fewer. */
function isExact(value: number): boolean {
  return Number.isInteger(value)
    ? Number.isSafeInteger(value)
    : String(value).replace(/[-.]/g, "").length <= 15;
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

function escaped(text: string): string {
  return SPECIAL.test(text)
    ? text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character)
    : text;
}
