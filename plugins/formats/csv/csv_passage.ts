/**
 * A CSV file on its way to COPY as bytes. Records that COPY surely reads as we would pass
 * unchanged; all others come as rows, and so does the rest of a file that is odd.
 */
import { isUtf8 } from "node:buffer";
import { type ByteSource, PIECE_BYTES } from "../bytes/byte_source.ts";
import { Splice } from "../bytes/splice.ts";
import {
  type CsvPassage,
  MAX_LINE_BYTES,
  type PassedRecords,
  type SourceRow,
} from "../source_row.ts";
import { columnNames } from "./csv_header.ts";
import type { CsvFormat } from "./csv_options.ts";
import { CsvRecords } from "./csv_records.ts";
import { readError, recordsOf, rowOf } from "./csv_rows.ts";
import { CsvScan, CUT, ODD, type ScannedColumn, type ScannedFormat } from "./csv_scan.ts";

/**
 * Reads the header.
 * @param required the columns of the load
 * @returns null, with all bytes put back, when the rows of the file must be read
 * @throws FailTask as {@link columnNames} does
 */
export async function openPassage(
  source: ByteSource,
  format: CsvFormat,
  required: readonly string[],
): Promise<CsvPassage | null> {
  const scanned = scannedFormat(format);
  if (scanned === null) return null;
  const first = await firstRecord(source, scanned);
  if (first === null) return null;
  const { head, start, end, isCrLf } = first;
  const isHeader = format.header === true;
  const text = head.toString("utf8", start, end);
  const header = columnNames(format.header, recordOf(text, format, 1).fields, required);
  source.unread(isHeader && isSame(header, required) ? head.subarray(end) : head.subarray(start));
  if (!isSame(header, required)) return null;
  const line = isHeader ? 1 + (text.match(/\r\n|\r|\n/g)?.length ?? 0) : 1;
  return new Passage(source, { format, scanned, header, isCrLf, line });
}

const ASCII = /^[\t -~]$/;

/** How COPY would read the file; null when it has no words for that. */
function scannedFormat({
  delimiter,
  quote,
  escape: escaper,
  nulls,
  encoding,
}: CsvFormat): ScannedFormat | null {
  const [nullText, another] = nulls;
  const isAscii = ASCII.test(delimiter) && ASCII.test(quote);
  const isNull = nullText !== undefined && !/[\r\n]/.test(nullText);
  if (!isAscii || escaper !== quote || !isNull || another !== undefined) return null;
  if (!/^utf-?8$/i.test(encoding) || nullText.includes(quote) || nullText.includes(delimiter))
    return null;
  return {
    ...{ delimiter: delimiter.charCodeAt(0), quote: quote.charCodeAt(0) },
    nullText: Buffer.from(nullText),
  };
}

const MARK = Buffer.from("\uFEFF");

/** The bytes with the first record; null, with all bytes put back, when it is odd. */
async function firstRecord(source: ByteSource, format: ScannedFormat) {
  for (let wanted = 1; ; ) {
    const head = await source.next(wanted);
    if (head === undefined) return null;
    const isEnd = head.length < wanted;
    const start = head.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
    const scan = new CsvScan(format, null);
    const end = scan.record(head, start, isEnd);
    if (end > start && isUtf8(head.subarray(start, end)))
      return { head, start, end, isCrLf: scan.isCrLf ?? false };
    source.unread(head);
    if (end !== CUT || head.length > MAX_LINE_BYTES) return null;
    wanted = head.length * 2;
  }
}

function isSame(names: readonly string[], required: readonly string[]): boolean {
  return names.length === required.length && required.every((name) => names.includes(name));
}

interface Opened {
  readonly format: CsvFormat;
  readonly scanned: ScannedFormat;
  readonly header: readonly string[];
  readonly isCrLf: boolean;
  /** Of the next record. */
  readonly line: number;
}

/** When most of so many records must be read as rows, so must the rest of the file. */
const TRIED_RECORDS = 50;

class Passage implements CsvPassage {
  readonly header: readonly string[];
  readonly format: CsvFormat;
  readonly lineEnd: "\n" | "\r\n";
  readonly #source: ByteSource;
  readonly #scanned: ScannedFormat;
  #line: number;

  constructor(source: ByteSource, { format, scanned, header, isCrLf, line }: Opened) {
    this.#source = source;
    this.#scanned = scanned;
    this.header = header;
    this.format = format;
    this.lineEnd = isCrLf ? "\r\n" : "\n";
    this.#line = line;
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  async *parts(
    columns: readonly ScannedColumn[],
  ): AsyncGenerator<PassedRecords | readonly SourceRow[]> {
    const scan = new CsvScan(this.#scanned, columns, this.lineEnd === "\r\n");
    let wanted = PIECE_BYTES;
    for (;;) {
      const bytes = await this.#source.next(wanted);
      if (bytes === undefined) return;
      const isEnd = bytes.length < wanted;
      const { at, isGood } = yield* this.#batch(scan, bytes, isEnd);
      this.#source.unread(bytes.subarray(at));
      if (!isGood || bytes.length - at > MAX_LINE_BYTES) return yield* this.#rest();
      if (isEnd) return;
      // The next read adds bytes to what is left, or finds the end.
      wanted = Math.max(2 * (bytes.length - at), PIECE_BYTES);
    }
  }

  /**
   * The complete records of some bytes.
   * @returns where they end, and whether to go on like this
   */
  *#batch(
    scan: CsvScan,
    bytes: Buffer,
    isEnd: boolean,
  ): Generator<PassedRecords | readonly SourceRow[], { at: number; isGood: boolean }> {
    const whole = isEnd ? bytes.length : bytes.lastIndexOf(0x0a) + 1;
    if (!isUtf8(bytes.subarray(0, whole))) return { at: 0, isGood: false };
    const splice = new Splice(bytes);
    const seen = { plain: 0, all: 0, read: 0 };
    let at = 0;
    let end = 0;
    for (; at < bytes.length; at = end) {
      end = scan.record(bytes, at, isEnd);
      if (end < 0) break;
      seen.all += 1;
      if (scan.isSure && scan.breaks === 0) {
        for (let cut = 0; cut < scan.cuts.length; cut += 2)
          splice.cut(scan.cuts[cut] as number, scan.cuts[cut + 1] as number);
        seen.plain += 1;
        continue;
      }
      yield* this.#passed(splice.take(at), seen.plain);
      const passes = scan.isSure && scan.cuts.length === 0;
      if (!passes) seen.read += 1;
      yield this.#record(bytes.subarray(at, end), scan, passes);
      splice.skip(end);
      seen.plain = 0;
    }
    yield* this.#passed(splice.take(at), seen.plain);
    const isRead = seen.all > TRIED_RECORDS && seen.read * 2 > seen.all;
    return { at, isGood: end !== ODD && !isRead };
  }

  /** Records of one line each. */
  *#passed(bytes: Uint8Array, records: number): Generator<PassedRecords> {
    if (records > 0) yield { bytes, line: this.#line, records, copyLines: records };
    this.#line += records;
  }

  /** One record that has several lines, or that must be read. */
  #record(bytes: Buffer, scan: CsvScan, passes: boolean): PassedRecords | readonly SourceRow[] {
    const line = this.#line;
    this.#line += 1 + scan.breaks;
    if (passes) return { bytes, line, records: 1, copyLines: 1 + scan.copyBreaks };
    return [rowOf(recordOf(bytes.toString(), this.format, line), this.header)];
  }

  /** The rest of the file, read as rows. */
  async *#rest(): AsyncGenerator<readonly SourceRow[]> {
    const records = new CsvRecords(this.format, { line: this.#line, ending: this.lineEnd });
    try {
      for await (const list of recordsOf(this.#source, this.format.encoding, records, false))
        yield list.map((record) => rowOf(record, this.header));
    } catch (error) {
      throw readError(error, this.header);
    }
  }
}

/** The only record of a text. */
function recordOf(text: string, format: CsvFormat, line: number) {
  const records = new CsvRecords(format, { line });
  const [record] = [...records.push(text), ...records.end()];
  return record ?? { line, fields: [] };
}
