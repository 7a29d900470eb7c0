/** Records of a CSV file as rows, and what is wrong with a file by line and column. */
import { FailTask } from "dagsmith";
import { Decoder } from "../bytes/encoding.ts";
import { MAX_LINE_BYTES, type SourceRow } from "../source_row.ts";
import { type CsvRecord, type CsvRecords, MalformedError } from "./csv_records.ts";

const OTHER_ENCODING =
  ': if the file has another encoding, name it with the option "encoding", such as "latin1"';

/**
 * The records of bytes, as far as they are complete.
 * @param isFirst whether the bytes begin the file, and may begin with a byte order mark
 */
export async function* recordsOf(
  source: AsyncIterable<Uint8Array | string>,
  encoding: string,
  records: CsvRecords,
  isFirst: boolean,
): AsyncGenerator<readonly CsvRecord[]> {
  const decoder = new Decoder(encoding, OTHER_ENCODING, isFirst);
  const line = (): number => records.line + (records.pending.match(/\r\n|\r|\n/g)?.length ?? 0);
  for await (const chunk of source) {
    yield records.push(decoder.text(chunk, line));
    if (records.pending.length > MAX_LINE_BYTES)
      throw new MalformedError(records.line, 0, "the record is longer than 64 MiB");
  }
  yield records.push(decoder.text(undefined, line));
  yield records.end();
  // A fault after the last complete records is thrown by the next call only.
  yield records.end();
}

type Values = Readonly<Record<string, string | null>>;

/** @throws FailTask when the record has more or fewer fields than there are columns */
export function rowOf(record: CsvRecord, names: readonly string[]): SourceRow {
  return { line: record.line, values: valuesOf(record, names) };
}

function valuesOf({ line, fields }: CsvRecord, names: readonly string[]): Values {
  if (fields.length !== names.length)
    throw new FailTask(
      `The CSV is malformed: line ${line} has ${fields.length} fields, but there are ${names.length} columns (${names.join(", ")})`,
    );
  const values: Record<string, string | null> = {};
  for (let index = 0; index < names.length; index += 1)
    values[names[index] ?? ""] = fields[index] ?? null;
  // Assigning to __proto__ would set no value.
  return Object.hasOwn(values, "__proto__") || !names.includes("__proto__")
    ? values
    : Object.fromEntries(names.map((name, index) => [name, fields[index] ?? null]));
}

/** An error of reading, with the name of the column where the file has one. */
export function readError(error: unknown, header: readonly string[] = []): unknown {
  if (!(error instanceof MalformedError)) return error;
  const column = header[error.field]
    ? `column "${header[error.field]}"`
    : `field ${error.field + 1}`;
  return new FailTask(`The CSV is malformed: line ${error.line}, ${column}: ${error.message}`, {
    cause: error,
  });
}
