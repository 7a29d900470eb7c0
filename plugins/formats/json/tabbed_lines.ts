/**
 * JSON lines on their way to COPY as bytes. Lines with anything unusual come as rows: with
 * escapes, nested values, powers, or values that must be checked.
 */
import { isUtf8 } from "node:buffer";
import { ByteSource, PIECE_BYTES } from "../bytes/byte_source.ts";
import { MAX_LINE_BYTES, type SourceRow, type TabbedLines } from "../source_row.ts";
import { jsonRows } from "./json_row.ts";
import { rowsFrom } from "./json_rows.ts";
import { JsonScan, type TabbedColumn } from "./json_scan.ts";

type Part = TabbedLines | readonly SourceRow[];

export async function* tabbedLines(
  bytes: AsyncIterable<Uint8Array | string>,
  columns: readonly TabbedColumn[],
): AsyncGenerator<Part> {
  const source = new ByteSource(bytes);
  try {
    yield* parts(source, new JsonScan(columns));
  } finally {
    await source.close();
  }
}

async function* parts(source: ByteSource, scan: JsonScan): AsyncGenerator<Part> {
  const lines = new ScannedLines(scan);
  for (let wanted = PIECE_BYTES; ; ) {
    const piece = await source.next(wanted);
    if (piece === undefined) return;
    const isEnd = piece.length < wanted;
    const whole = isEnd ? piece.length : piece.lastIndexOf(LF) + 1;
    const isOdd = !isUtf8(piece.subarray(0, whole)) || (lines.line === 1 && isMarked(piece));
    if (isOdd || piece.length - whole > MAX_LINE_BYTES) {
      source.unread(piece);
      return yield* rowsFrom(source, lines.line);
    }
    yield* lines.parts(piece.subarray(0, whole));
    if (isEnd) return;
    source.unread(piece.subarray(whole));
    // The next read adds bytes to what is left, or finds the end.
    wanted = Math.max(2 * (piece.length - whole), PIECE_BYTES);
  }
}

const LF = 10;
const MARK = Buffer.from("\uFEFF");

/** The reader of rows leaves out a byte order mark. */
function isMarked(piece: Buffer): boolean {
  return piece.subarray(0, MARK.length).equals(MARK);
}

/** The lines of pieces that end with a line. */
class ScannedLines {
  /** The number of the line that is next. */
  line = 1;
  readonly #scan: JsonScan;
  /** One for all pieces: the garbage of one for each would fill the memory. */
  #out: Buffer = Buffer.allocUnsafe(2 * PIECE_BYTES);
  #at = 0;
  /** The lines that are written, and those that must be read: one of them is empty. */
  #written = 0;
  #read: string[] = [];

  constructor(scan: JsonScan) {
    this.#scan = scan;
  }

  *parts(piece: Buffer): Generator<Part> {
    const { length } = piece;
    for (let from = 0; from < length; ) {
      const feed = piece.indexOf(LF, from);
      const to = feed === -1 ? length : feed;
      this.#ensureRoom(to - from);
      const at = this.#scan.write(piece, from, to, this.#out, this.#at);
      if (at < 0) {
        yield* this.#taken();
        this.#read.push(piece.toString("utf8", from, to));
      } else {
        if (this.#read.length > 0) yield* this.#readRows();
        this.#at = at;
        this.#written += 1;
      }
      this.line += 1;
      from = to + 1;
    }
    yield* this.#taken();
    yield* this.#readRows();
  }

  /** Many missing columns make the lines longer than those of the file. */
  #ensureRoom(length: number): void {
    const wanted = this.#at + this.#scan.room(length);
    if (wanted <= this.#out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#out.length, wanted));
    this.#out.copy(larger, 0, 0, this.#at);
    this.#out = larger;
  }

  *#taken(): Generator<TabbedLines> {
    if (this.#written === 0) return;
    const text = this.#out.toString("utf8", 0, this.#at);
    const lines = this.#written;
    this.#at = 0;
    this.#written = 0;
    yield { text, line: this.line - lines, lines, seen: this.#scan.seen };
  }

  *#readRows(): Generator<readonly SourceRow[]> {
    if (this.#read.length === 0) return;
    yield jsonRows(this.#read, this.line - this.#read.length);
    this.#read = [];
  }
}
