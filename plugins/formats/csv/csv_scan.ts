/**
 * Finds the records of a CSV file in its bytes, without making texts of them, and tells
 * whether a record can go to COPY as it is. Pure. It must never call a record sure that
 * {@link CsvRecords} and the checks of values would refuse or change.
 */

/**
 * Whether the bytes of a value, from and to, surely are a value that its column takes
 * unchanged. False means: ask the slow way.
 */
export type SureCheck = (bytes: Uint8Array, from: number, to: number) => boolean;

/**
 * Where a value ends that its column takes, when bytes that mean nothing follow it, such
 * as the `.0` of a whole number. -1 when the value must be read.
 */
export type KeptEnd = (bytes: Uint8Array, from: number, to: number) => number;

/** What is known of a column of the file. */
export interface ScannedColumn {
  readonly isSure: SureCheck;
  /** Asked for a value that is not sure; without it, such a value must be read. */
  readonly keptEnd?: KeptEnd | undefined;
  /** Whether the column takes null. */
  readonly takesNull: boolean;
  /** Whether the column takes every text. */
  readonly takesAny: boolean;
}

/** How the file is written, as bytes of ASCII. */
export interface ScannedFormat {
  readonly delimiter: number;
  readonly quote: number;
  /** The one text that means null. */
  readonly nullText: Uint8Array;
}

/** The record goes on after these bytes. */
export const CUT = -1;
/** The record is one that COPY reads otherwise than we do, or that is malformed. */
export const ODD = -2;

const LF = 10;
const CR = 13;
const BACKSLASH = 92;
const DOT = 46;

/** Reads record after record. Its fields describe the record that was read last. */
export class CsvScan {
  /** Whether the record goes to COPY as it is. */
  isSure = true;
  /** Pairs of places: what is left out of the record before it goes to COPY. */
  readonly cuts: number[] = [];
  /** Line breaks within its quotes. */
  breaks = 0;
  /** The line breaks within its quotes that COPY counts. */
  copyBreaks = 0;
  /** Whether lines end in CR LF; undefined before the first line end. */
  isCrLf: boolean | undefined;
  readonly #format: ScannedFormat;
  readonly #columns: readonly ScannedColumn[] | null;
  /** The bytes at which a field without quotes may stop. */
  readonly #stops = new Uint8Array(256);

  /** @param columns those of the file in its order; null: every record is sure */
  constructor(format: ScannedFormat, columns: readonly ScannedColumn[] | null, isCrLf?: boolean) {
    this.#format = format;
    this.#columns = columns;
    this.isCrLf = isCrLf;
    for (const byte of [0, LF, CR, format.delimiter, format.quote]) this.#stops[byte] = 1;
  }

  /**
   * Reads the record that begins at `at`.
   * @param isEnd whether the file ends with these bytes
   * @returns where the record ends, after its line end; {@link CUT} or {@link ODD}
   */
  record(bytes: Uint8Array, at: number, isEnd: boolean): number {
    this.isSure = !(bytes[at] === BACKSLASH && bytes[at + 1] === DOT);
    this.breaks = 0;
    this.copyBreaks = 0;
    this.cuts.length = 0;
    let from = at;
    for (let field = 0; ; field += 1) {
      const isQuoted = bytes[from] === this.#format.quote;
      const end = isQuoted
        ? this.#quoted(bytes, from, isEnd, field)
        : this.#bare(bytes, from, isEnd, field);
      if (end < 0) return end;
      if (bytes[end] === this.#format.delimiter) from = end + 1;
      else {
        this.isSure &&= this.#columns === null || field + 1 === this.#columns.length;
        return this.#lineEnd(bytes, end, isEnd);
      }
    }
  }

  /** @returns where the field ends */
  #bare(bytes: Uint8Array, from: number, isEnd: boolean, field: number): number {
    const { length } = bytes;
    const stops = this.#stops;
    let to = from;
    while (to < length && stops[bytes[to] as number] === 0) to += 1;
    if (to === length && !isEnd) return CUT;
    // COPY takes no NUL, and would read a quote within a field as a part of it.
    if (bytes[to] === 0 || bytes[to] === this.#format.quote) return ODD;
    const column = this.#columns?.[field];
    if (column === undefined) return to;
    this.isSure &&= this.#isNull(bytes, from, to)
      ? column.takesNull
      : column.isSure(bytes, from, to) || this.#isCut(column, bytes, from, to);
    return to;
  }

  #quoted(bytes: Uint8Array, from: number, isEnd: boolean, field: number): number {
    const { length } = bytes;
    const { quote } = this.#format;
    let isPlain = true;
    let to = from + 1;
    for (; ; to += 1) {
      if (to >= length) return isEnd ? ODD : CUT;
      const byte = bytes[to] as number;
      if (byte === quote) {
        if (to + 1 === length && !isEnd) return CUT;
        if (bytes[to + 1] !== quote) break;
        isPlain = false;
        to += 1;
      } else if (byte <= CR) {
        if (byte === 0) return ODD;
        if (byte === LF || byte === CR) this.#countBreak(bytes, to);
      }
    }
    const column = this.#columns?.[field];
    if (column !== undefined)
      this.isSure &&=
        column.takesAny ||
        (isPlain &&
          (column.isSure(bytes, from + 1, to) || this.#isCut(column, bytes, from + 1, to)));
    return to + 1;
  }

  /** Whether the value is one that the column takes without its end. */
  #isCut({ keptEnd }: ScannedColumn, bytes: Uint8Array, from: number, to: number): boolean {
    const end = keptEnd?.(bytes, from, to) ?? -1;
    if (end < 0) return false;
    this.cuts.push(end, to);
    return true;
  }

  #countBreak(bytes: Uint8Array, at: number): void {
    const isLf = bytes[at] === LF;
    if (!(isLf && bytes[at - 1] === CR)) this.breaks += 1;
    if (isLf !== (this.isCrLf ?? false)) this.copyBreaks += 1;
  }

  #lineEnd(bytes: Uint8Array, at: number, isEnd: boolean): number {
    if (at === bytes.length) return isEnd ? at : CUT;
    const isCrLf = bytes[at] === CR;
    if (isCrLf && at + 1 === bytes.length && !isEnd) return CUT;
    if (isCrLf ? bytes[at + 1] !== LF : bytes[at] !== LF) return ODD;
    this.isCrLf ??= isCrLf;
    return isCrLf === this.isCrLf ? at + (isCrLf ? 2 : 1) : ODD;
  }

  #isNull(bytes: Uint8Array, from: number, to: number): boolean {
    const { nullText } = this.#format;
    if (to - from !== nullText.length) return false;
    for (let index = 0; index < nullText.length; index += 1)
      if (bytes[from + index] !== nullText[index]) return false;
    return true;
  }
}
