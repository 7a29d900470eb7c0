/** Reads CSV with a header line (RFC 4180) as rows. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Parser } from "csv-parse";
import { FailTask } from "dagsmith";
import { MAX_LINE_BYTES, type SourceRow, type SourceRows } from "./source_row.ts";

export interface CsvOptions {
  /** Default `","`. */
  readonly delimiter?: string;
}

const BATCH = 500;

/**
 * The rows of a CSV file. The header names the columns, folded to lower case; an empty field is null unless it is quoted.
 * @param required columns that the header must have
 * @throws FailTask naming the line that is malformed, or the column that is missing
 * @example loadTable(lake, target, readCsv(createReadStream("trips.csv")), log)
 */
export async function* readCsv(
  source: AsyncIterable<Uint8Array | string>,
  options: CsvOptions = {},
  required: readonly string[] = [],
): SourceRows & AsyncGenerator<readonly SourceRow[]> {
  const parser = parserOf(source, await csvParser(options, required));
  let batch: SourceRow[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      batch.push({ line: info.lines, values: record });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  } catch (error) {
    throw csvError(error);
  }
}

/** The names of a CSV file's header in their order, in lower case. Reads no further. @throws FailTask when a required one is missing */
export async function csvHeader(
  source: AsyncIterable<Uint8Array | string>,
  { delimiter = "," }: CsvOptions = {},
  required: readonly string[] = [],
): Promise<readonly string[]> {
  const { parse } = await import("csv-parse");
  try {
    for await (const header of parserOf(
      source,
      parse({ delimiter, bom: true, to: 1 }),
    ) as AsyncIterable<readonly string[]>) {
      return checkedHeader(header, required);
    }
  } catch (error) {
    throw csvError(error);
  }
  throw new FailTask("The CSV is empty: it has no header line");
}

interface ParsedRecord {
  readonly record: Readonly<Record<string, string | null>>;
  readonly info: { readonly lines: number };
}

async function csvParser(
  { delimiter = "," }: CsvOptions,
  required: readonly string[],
): Promise<Parser> {
  const { parse } = await import("csv-parse");
  return parse({
    delimiter,
    bom: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE_BYTES,
    columns: (header: readonly string[]) => [...checkedHeader(header, required)],
    cast: (value, { quoting, header }) => (value === "" && !quoting && !header ? null : value),
  });
}

function parserOf(source: AsyncIterable<Uint8Array | string>, parser: Parser): Parser {
  // An error of the source reaches the reader through the parser, which it reads; a reader that stops early stops the source.
  pipeline(Readable.from(source, { objectMode: false }), parser).catch(() => {});
  return parser;
}

function checkedHeader(header: readonly string[], required: readonly string[]): readonly string[] {
  const names = header.map((name) => name.trim().toLowerCase());
  const missing = required.find((name) => !names.includes(name.toLowerCase()));
  if (missing !== undefined)
    throw new FailTask(`The CSV has no column "${missing}"; its header is ${names.join(", ")}`);
  return names;
}

/** What the parser found is the file's fault and stays; what the source threw passes as it is. */
function csvError(error: unknown): unknown {
  const isParserError =
    error instanceof Error && "code" in error && String(error.code).startsWith("CSV_");
  return isParserError
    ? new FailTask(`The CSV is malformed: ${error.message}`, { cause: error })
    : error;
}
