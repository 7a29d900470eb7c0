/**
 * The bytes of a file as text. Bytes that the encoding does not have are refused by their
 * line: a replacement character would change the data without a word.
 */
import { DagsmithError, FailTask } from "dagsmith";

/**
 * Names that PostgreSQL and Python use, without case and punctuation, to those of
 * TextDecoder.
 */
const ALIASES: Readonly<Record<string, string>> = {
  utf8sig: "utf-8",
  unicode: "utf-8",
  utf16: "utf-16le",
  sjis: "shift_jis",
  shiftjis: "shift_jis",
  eucjp: "euc-jp",
  euckr: "euc-kr",
  koi8: "koi8-r",
  latin2: "iso-8859-2",
  latin9: "iso-8859-15",
};
/** ISO 8859-1, which TextDecoder takes for windows-1252. */
const LATIN1 = ["latin1", "iso88591", "l1"];

/** Decodes chunk by chunk; characters may be cut by the end of a chunk. */
export class Decoder {
  readonly #label: string | null;
  readonly #decoder: TextDecoder | null;
  /** The last bytes of the chunk before: a character may begin there. */
  #tail: Uint8Array = new Uint8Array();
  #isFirst: boolean;
  readonly #remedy: string;

  /**
   * @param remedy what to do about a file that has another encoding
   * @param isFirst whether the text may begin with a byte order mark, which is left out
   * @throws DagsmithError INVALID_OPTION for an encoding that Node does not know
   */
  constructor(encoding = "utf-8", remedy = "", isFirst = true) {
    this.#isFirst = isFirst;
    this.#remedy = remedy;
    this.#label = labelOf(encoding);
    this.#decoder = this.#label === null ? null : fatalDecoder(this.#label, encoding);
  }

  /**
   * The text of the next chunk; without a chunk, the end of the file.
   * @param line tells the line on which the chunk begins
   * @throws FailTask naming the line of bytes that are not text
   */
  text(chunk: Uint8Array | string | undefined, line: () => number): string {
    const text = typeof chunk === "string" ? chunk : this.#decoded(chunk, line);
    if (!this.#isFirst || text === "") return text;
    this.#isFirst = false;
    return text.startsWith("\uFEFF") ? text.slice(1) : text;
  }

  #decoded(chunk: Uint8Array | undefined, line: () => number): string {
    if (this.#decoder === null) return chunk ? Buffer.from(chunk).toString("latin1") : "";
    try {
      const text = this.#decoder.decode(chunk, { stream: chunk !== undefined });
      if (chunk) this.#tail = chunk.slice(-3);
      return text;
    } catch {
      throw this.#refusal(chunk ?? new Uint8Array(), line());
    }
  }

  #refusal(chunk: Uint8Array, line: number): FailTask {
    const label = this.#label ?? "";
    const good = textBefore(label, this.#tail, chunk);
    const at = line + (good.match(/\r\n|\r|\n/g)?.length ?? 0);
    return new FailTask(`line ${at} is not ${label.toUpperCase()}${this.#remedy}`);
  }
}

function labelOf(encoding: string): string | null {
  const plain = encoding.toLowerCase().replace(/[^a-z0-9]/g, "");
  if (LATIN1.includes(plain)) return null;
  const windows = /^(?:cp|win|windows)(125\d)$/.exec(plain);
  return windows ? `windows-${windows[1]}` : (ALIASES[plain] ?? encoding);
}

function fatalDecoder(label: string, encoding: string): TextDecoder {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true });
  } catch (cause) {
    throw new DagsmithError(
      "INVALID_OPTION",
      {
        where: "a file",
        option: "encoding",
        found: `"${encoding}"`,
        allowed: "utf-8, latin1, windows-1252, utf-16 and the other encodings of TextDecoder",
      },
      { cause },
    );
  }
}

/** The text of a chunk before its first byte that is not text. */
function textBefore(label: string, tail: Uint8Array, chunk: Uint8Array): string {
  for (let held = tail.length; held > 0; held -= 1) {
    const bytes = Buffer.concat([tail.subarray(-held), chunk]);
    const good = goodBytes(label, bytes);
    // Fewer good bytes than were decoded before: the tail begins within a character.
    if (good >= held) return textOf(label, bytes.subarray(held, good));
  }
  return textOf(label, chunk.subarray(0, goodBytes(label, chunk)));
}

function textOf(label: string, bytes: Uint8Array): string {
  return new TextDecoder(label).decode(bytes);
}

/** How many bytes at the beginning are text; the last character may be cut. */
function goodBytes(label: string, bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isText(label, bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isText(label: string, bytes: Uint8Array): boolean {
  try {
    new TextDecoder(label, { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
