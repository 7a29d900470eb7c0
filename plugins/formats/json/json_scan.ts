/**
 * Finds the values of a JSON line in its bytes, without making texts of them, and writes
 * them as a line of COPY when each surely is what its column takes. Pure. It must never
 * write a line that the reader and the checks of values would refuse or change.
 */
import type { ScannedColumn } from "../csv/csv_scan.ts";
import { type KeyNode, KeyTree } from "./key_tree.ts";

/** A column, in the order of COPY. */
export interface TabbedColumn extends ScannedColumn {
  /** In lower case. */
  readonly name: string;
}

const [TAB, LF, CR, SPACE, QUOTE, COMMA, COLON, BACKSLASH] = [9, 10, 13, 32, 34, 44, 58, 92];
const [OPEN, CLOSE, MINUS, POINT, ZERO, NINE, LETTER_N] = [123, 125, 45, 46, 48, 57, 78];
const WORDS = ["true", "false", "null"].map((word) => Buffer.from(word));
const NULL_WORD = WORDS[2];

/** What a line adds for each column, at most: `\N` and a tab. */
const COLUMN_BYTES = 3;

export class JsonScan {
  /** The columns that some line had. */
  readonly seen: Uint8Array;
  readonly #columns: readonly TabbedColumn[];
  readonly #keys: KeyTree;
  /** Where the values of the line are, by columns; -1 where there is none, or null. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  /** Where the value ends that was read last. */
  #end = 0;

  constructor(columns: readonly TabbedColumn[]) {
    this.#columns = columns;
    this.#keys = new KeyTree(columns.map(({ name }) => name));
    this.seen = new Uint8Array(columns.length);
    this.#from = new Int32Array(columns.length);
    this.#to = new Int32Array(columns.length);
  }

  /** How many bytes a line of a length becomes, at most. */
  room(length: number): number {
    return length + this.#columns.length * COLUMN_BYTES + 1;
  }

  /**
   * Writes the line between two places.
   * @returns where what was written ends; -1 when the line must be read
   */
  write(bytes: Buffer, from: number, to: number, out: Buffer, at: number): number {
    return this.#find(bytes, from, to) ? this.#put(bytes, out, at) : -1;
  }

  /** Finds the values of an object; false when there is anything unusual in it. */
  #find(bytes: Buffer, from: number, to: number): boolean {
    this.#from.fill(-1);
    let at = skipSpace(bytes, from, to);
    if (bytes[at] !== OPEN) return false;
    let node = this.#keys.root;
    for (;;) {
      at = skipSpace(bytes, at + 1, to);
      const next = this.#key(node, bytes, at, to);
      if (next === undefined) return false;
      node = next;
      at = skipSpace(bytes, this.#end, to);
      if (bytes[at] !== COLON) return false;
      if (!this.#value(bytes, skipSpace(bytes, at + 1, to), to, node.column)) return false;
      at = skipSpace(bytes, this.#end, to);
      if (bytes[at] === COMMA) continue;
      return bytes[at] === CLOSE && skipSpace(bytes, at + 1, to) === to;
    }
  }

  #key(node: KeyNode, bytes: Buffer, at: number, to: number): KeyNode | undefined {
    const end = bytes[at] === QUOTE ? plainEnd(bytes, at + 1, to) : -1;
    if (end < 0) return undefined;
    this.#end = end + 1;
    return this.#keys.follow(node, bytes, at + 1, end);
  }

  #value(bytes: Buffer, at: number, to: number, column: number): boolean {
    const isText = bytes[at] === QUOTE;
    const end = isText ? plainEnd(bytes, at + 1, to) : wordEnd(bytes, at, to);
    if (end < 0) return false;
    this.#end = isText ? end + 1 : end;
    if (column < 0) return true;
    this.seen[column] = 1;
    if (!isText && isWord(bytes, at, end, NULL_WORD)) return true;
    this.#from[column] = isText ? at + 1 : at;
    this.#to[column] = end;
    return true;
  }

  #put(bytes: Buffer, out: Buffer, start: number): number {
    let at = start;
    for (let index = 0; index < this.#columns.length; index += 1) {
      const column = this.#columns[index] as TabbedColumn;
      const from = this.#from[index] as number;
      if (index > 0) out[at++] = TAB;
      if (from < 0) {
        if (!column.takesNull) return -1;
        out[at++] = BACKSLASH;
        out[at++] = LETTER_N;
        continue;
      }
      const end = keptEnd(column, bytes, from, this.#to[index] as number);
      if (end < 0) return -1;
      for (let source = from; source < end; source += 1) out[at++] = bytes[source] as number;
    }
    out[at++] = LF;
    return at;
  }
}

function keptEnd(column: ScannedColumn, bytes: Buffer, from: number, to: number): number {
  if (column.isSure(bytes, from, to)) return to;
  return column.keptEnd?.(bytes, from, to) ?? -1;
}

function skipSpace(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(bytes[at] as number)) at += 1;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}

/** Where the quote is that ends a text without escapes; -1 for other texts. */
function plainEnd(bytes: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH || byte < SPACE) return -1;
  }
  return -1;
}

/** Where a number without a power ends, or one of the words; -1 for all else. */
function wordEnd(bytes: Buffer, from: number, to: number): number {
  const first = bytes[from] as number;
  if (first === MINUS || isDigit(first)) return numberEnd(bytes, from, to);
  for (const word of WORDS)
    if (isWord(bytes, from, from + word.length, word)) return from + word.length;
  return -1;
}

function isWord(bytes: Buffer, from: number, to: number, word: Buffer | undefined): boolean {
  if (word === undefined || to - from !== word.length || to > bytes.length) return false;
  for (let at = 0; at < word.length; at += 1) if (bytes[from + at] !== word[at]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function digitsEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isDigit(bytes[at])) at += 1;
  return at;
}

/** JSON has no zeros before a number. A power is left to the reader. */
function numberEnd(bytes: Buffer, from: number, to: number): number {
  const start = bytes[from] === MINUS ? from + 1 : from;
  const whole = digitsEnd(bytes, start, to);
  if (whole === start || (bytes[start] === ZERO && whole > start + 1)) return -1;
  if (bytes[whole] !== POINT) return isPower(bytes[whole]) ? -1 : whole;
  const end = digitsEnd(bytes, whole + 1, to);
  return end === whole + 1 || isPower(bytes[end]) ? -1 : end;
}

/** The letters e and E. */
function isPower(byte: number | undefined): boolean {
  return byte === 101 || byte === 69;
}
