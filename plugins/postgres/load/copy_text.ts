/**
 * Rows as the text of a COPY: tab between columns, newline between rows, `\N` for null.
 */
import { FailTask } from "dagsmith";
import type {
  KeptEnd,
  SourceRow,
  SourceRows,
  SureCheck,
  TabbedColumn,
  TabbedLines,
} from "dagsmith/plugins/formats";
import { MisfitError, type ToText } from "../values/column_value.ts";
import type { ValueType } from "../values/value_type.ts";
import type { LineMap } from "./line_map.ts";

/** How the values of a column are written. */
export interface ColumnWriter {
  readonly name: string;
  readonly toText: ToText;
  /** Tells values that need no reading; undefined when all must be read. */
  readonly isSure: SureCheck | undefined;
  /** Tells values whose end means nothing; undefined when there are none. */
  readonly keptEnd: KeptEnd | undefined;
  /** Whether JSON has its values as texts, numbers and booleans, and COPY has no other form. */
  readonly isPlain: boolean;
  /** Why null is refused; undefined when it is not. */
  readonly whyNotNull: string | undefined;
}

/** What is wanted of the rows, and what was seen of them. */
export interface CopyOptions {
  readonly writers: readonly ColumnWriter[];
  /** Whether NUL characters, which PostgreSQL cannot store, are left out. */
  readonly removesNul: boolean;
  readonly lines: LineMap;
  /** Rows from which NUL characters were taken. */
  nulRows: number;
  /** The columns that no row had so far. */
  readonly absent: Set<string>;
}

/**
 * The text of the rows. A source that can tells which lines go to COPY as they are.
 * @throws FailTask naming line and column of a value that does not fit
 */
export async function* copyText(rows: SourceRows, options: CopyOptions): AsyncGenerator<string> {
  const parts = rows.tabbed?.(options.writers.map(tabbedColumn)) ?? rows;
  for await (const part of parts) {
    const text = "text" in part ? passed(part, options) : batchText(part, options);
    if (text !== "") yield text;
  }
}

function passed({ text, line, lines, seen }: TabbedLines, options: CopyOptions): string {
  options.lines.add(line, lines);
  if (options.absent.size > 0)
    for (const [index, { name }] of options.writers.entries())
      if (seen[index] === 1) options.absent.delete(name);
  return text;
}

function batchText(batch: readonly SourceRow[], options: CopyOptions): string {
  let text = "";
  for (const row of batch) text += copyLine(row, options);
  // Half of a surrogate pair would become a replacement character.
  if (!text.isWellFormed()) refuseHalfPairs(batch, options);
  return text;
}

/** Whether a value of JSON that is sure is also what COPY takes. */
export function isPlain(type: ValueType): boolean {
  return type.kind === "scalar" && !/^jsonb?$/.test(type.name);
}

function tabbedColumn(writer: ColumnWriter): TabbedColumn {
  const { name, keptEnd, isPlain, whyNotNull } = writer;
  const isSure = isPlain ? (writer.isSure ?? never) : never;
  return { name, isSure, keptEnd, takesNull: whyNotNull === undefined, takesAny: false };
}

const never: SureCheck = () => false;

function copyLine(row: SourceRow, options: CopyOptions): string {
  options.lines.add(row.line);
  const fields = textsOf(row, options).map((text) => (text === null ? "\\N" : escaped(text)));
  return `${fields.join("\t")}\n`;
}

/**
 * The texts of a row's values, in the order of the writers.
 * @throws FailTask naming line and column of a value that does not fit
 */
export function textsOf(row: SourceRow, options: CopyOptions): readonly (string | null)[] {
  for (const name of options.absent)
    if (Object.hasOwn(row.values, name)) options.absent.delete(name);
  const texts = options.writers.map((writer) => textOf(row, writer, options.lines));
  return texts.some((text) => text?.includes("\0")) ? withoutNul(texts, row, options) : texts;
}

function textOf(
  row: SourceRow,
  { name, toText, whyNotNull }: ColumnWriter,
  lines: LineMap,
): string | null {
  const value = Object.hasOwn(row.values, name) ? row.values[name] : null;
  try {
    if (value === null || value === undefined)
      return whyNotNull === undefined ? null : refuseNull(whyNotNull);
    const written = row.written && ((): string => row.written?.(name) ?? "null");
    return toText(value, written);
  } catch (error) {
    throw error instanceof MisfitError ? at(lines, row, name, error.message) : error;
  }
}

function refuseNull(why: string): never {
  throw new MisfitError(why);
}

function withoutNul(
  texts: readonly (string | null)[],
  row: SourceRow,
  options: CopyOptions,
): readonly (string | null)[] {
  const index = texts.findIndex((text) => text?.includes("\0"));
  if (!options.removesNul)
    throw at(
      options.lines,
      row,
      options.writers[index]?.name ?? "",
      'the value holds the character NUL, which PostgreSQL cannot store; load with nul: "remove" to leave it out',
    );
  options.nulRows += 1;
  return texts.map((text) => text?.replaceAll("\0", "") ?? null);
}

function refuseHalfPairs(batch: readonly SourceRow[], { writers, lines }: CopyOptions): never {
  for (const row of batch)
    for (const writer of writers)
      if (!(textOf(row, writer, lines) ?? "").isWellFormed())
        throw at(
          lines,
          row,
          writer.name,
          "the value holds half of a surrogate pair, which is no character",
        );
  throw new FailTask("the rows hold half of a surrogate pair, which is no character");
}

function at({ unit }: LineMap, row: SourceRow, column: string, reason: string): FailTask {
  return new FailTask(`${unit} ${row.line}, column "${column}": ${reason}`);
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
