/** Reads CSV with a header line (RFC 4180) as rows. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FailTask } from "dagsmith";
import { MAX_LINE_BYTES, type SourceRow, type SourceRows } from "./source_row.ts";

export interface CsvOptions {
  /** Default `","`. */
  readonly delimiter?: string;
}

const BATCH = 500;

/**
 * The rows of a CSV file. The header names the columns, folded to lower case; an empty field is null unless it is quoted.
 * @throws FailTask naming the line that is malformed
 * @example loadTable(lake, target, readCsv(createReadStream("trips.csv")), context)
 */
export async function* readCsv(
  source: AsyncIterable<Uint8Array | string>,
  options: CsvOptions = {},
): SourceRows & AsyncGenerator<readonly SourceRow[]> {
  const parser = await csvParser(options);
  const flow = pipeline(Readable.from(source, { objectMode: false }), parser);
  flow.catch(() => {});
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
  } finally {
    parser.destroy();
  }
}

interface ParsedRecord {
  readonly record: Readonly<Record<string, string | null>>;
  readonly info: { readonly lines: number };
}

async function csvParser({ delimiter = "," }: CsvOptions) {
  const { parse } = await import("csv-parse");
  return parse({
    delimiter,
    bom: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE_BYTES,
    columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()),
    cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
  });
}

/** What the parser found is the file's fault and stays; what the source threw passes as it is. */
function csvError(error: unknown): unknown {
  const isParserError = error instanceof Error && "code" in error && String(error.code).startsWith("CSV_");
  return isParserError ? new FailTask(`The CSV is malformed: ${error.message}`, { cause: error }) : error;
}
