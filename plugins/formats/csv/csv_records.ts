/**
 * Cuts the text of a CSV file into records (RFC 4180, read as strictly as PostgreSQL's
 * COPY does). Its own reader, because csv-parse keeps a carriage return that ends a line
 * as a part of the field, and counts a line break within quotes as two lines. Pure.
 */
import type { CsvFormat } from "./csv_options.ts";

/**
 * One record. A field is null when it is one of the texts that mean null, and not quoted.
 */
export interface CsvRecord {
  readonly line: number;
  readonly fields: (string | null)[];
}

/** Where a file does not say one thing, and why. */
export class MalformedError extends Error {
  readonly line: number;
  /** Which field of the record, counted from 0. */
  readonly field: number;

  constructor(line: number, field: number, reason: string) {
    super(reason);
    this.line = line;
    this.field = field;
  }
}

/** Thrown when the text ends before the record does. */
const CUT = Symbol("more text is needed");

/** Takes text piece by piece, and gives the records that are complete. */
export class CsvRecords {
  readonly #format: CsvFormat;
  readonly #isNull: (text: string) => boolean;
  #text = "";
  #at = 0;
  #isEnd = false;
  #fault: MalformedError | undefined;
  /** How the lines end: as the first one does. */
  #ending: string | undefined;
  /** Where the next quote and line breaks are, so that no line is searched twice. */
  #next = new Map<string, number>();
  /** A record that spans many chunks is tried again only when its text has doubled. */
  #wanted = 0;
  /** The line on which the next record begins. */
  line: number;

  /** @param from the line where the text begins, and how the lines before it end */
  constructor(
    format: CsvFormat,
    from: { readonly line: number; readonly ending?: string } = { line: 1 },
  ) {
    this.#format = format;
    this.line = from.line;
    this.#ending = from.ending;
    const { nulls } = format;
    const [only] = nulls;
    this.#isNull = nulls.length === 1 ? (text) => text === only : (text) => nulls.includes(text);
  }

  /** Characters that are waiting for the rest of their record. */
  get pending(): string {
    return this.#text.slice(this.#at);
  }

  /** @throws MalformedError */
  push(text: string): readonly CsvRecord[] {
    this.#text = this.pending + text;
    this.#at = 0;
    return this.#text.length < this.#wanted ? [] : this.#complete();
  }

  /** The records that the end of the file completes. @throws MalformedError */
  end(): readonly CsvRecord[] {
    this.#isEnd = true;
    return this.#complete();
  }

  #complete(): readonly CsvRecord[] {
    if (this.#fault) throw this.#fault;
    const records: CsvRecord[] = [];
    this.#next.clear();
    try {
      while (this.#at < this.#text.length) records.push(this.#record());
    } catch (error) {
      // The records before a fault are given first: the header is among them.
      if (error instanceof MalformedError && records.length > 0) this.#fault = error;
      else if (error !== CUT) throw error;
    }
    this.#wanted = records.length > 0 ? 0 : 2 * this.#text.length;
    return records;
  }

  #record(): CsvRecord {
    const { line } = this;
    const end = this.#lineEnd(this.#at);
    const stop = end?.index ?? this.#text.length;
    if (this.#hasQuote(this.#at, stop)) return this.#quotedRecord();
    if (end === undefined && !this.#isEnd) throw CUT;
    const text = this.#text.slice(this.#at, stop);
    const fields: (string | null)[] = text.split(this.#format.delimiter);
    for (let index = 0; index < fields.length; index += 1)
      if (this.#isNull(fields[index] ?? "")) fields[index] = null;
    this.#endLine(end, fields.length - 1);
    return { line, fields };
  }

  /** A record that has quotes somewhere, field by field. */
  #quotedRecord(): CsvRecord {
    const { line } = this;
    const fields: (string | null)[] = [];
    for (let at = this.#at; ; at += 1) {
      const isQuoted = this.#text[at] === this.#format.quote;
      const [value, stop] = isQuoted
        ? this.#quoted(at, fields.length)
        : this.#bare(at, fields.length);
      fields.push(!isQuoted && this.#isNull(value) ? null : value);
      at = stop;
      if (this.#text[at] === this.#format.delimiter) continue;
      this.#endLine(this.#endOfRecord(at, fields.length - 1), fields.length - 1);
      return { line, fields };
    }
  }

  /** What follows the last field of a record: a line break, or the end of the file. */
  #endOfRecord(at: number, field: number): LineEnd | undefined {
    if (at === this.#text.length && this.#isEnd) return undefined;
    if (at === this.#text.length) throw CUT;
    const end = this.#lineEnd(at);
    return end?.index === at
      ? end
      : this.#refuse(at, field, "text follows the quote that ends the field");
  }

  /** A field without quotes. @returns its text and where it ends */
  #bare(at: number, field: number): readonly [string, number] {
    const end = this.#lineEnd(at)?.index ?? this.#text.length;
    const delimiter = this.#find(this.#format.delimiter, at);
    const stop = delimiter === -1 ? end : Math.min(delimiter, end);
    if (this.#hasQuote(at, stop))
      this.#refuse(at, field, "a quote stands within a field that does not begin with one");
    if (stop === this.#text.length && !this.#isEnd) throw CUT;
    return [this.#text.slice(at, stop), stop];
  }

  /** A field in quotes, without them. @returns its text and where it ends */
  #quoted(start: number, field: number): readonly [string, number] {
    const { quote, escape: escaper } = this.#format;
    let value = "";
    for (let from = start + 1; ; ) {
      const at = this.#quoteOrEscape(from);
      if (at === -1) this.#refuse(start, field, "the quote that begins the field is never closed");
      value += this.#text.slice(from, at);
      const following = this.#text[at + 1];
      if (following === undefined && !this.#isEnd) throw CUT;
      const isEscaped =
        this.#text[at] === escaper && (following === quote || following === escaper);
      if (!isEscaped && this.#text[at] === quote) return [value, at + 1];
      value += isEscaped ? following : escaper;
      from = at + (isEscaped ? 2 : 1);
    }
  }

  /** Where the next quote or escape is; -1 when the file ends without a quote. */
  #quoteOrEscape(from: number): number {
    const { quote, escape: escaper } = this.#format;
    const [ofQuote, ofEscape] = [this.#find(quote, from), this.#find(escaper, from)];
    if (ofQuote === -1 && !this.#isEnd) throw CUT;
    return ofQuote === -1 || ofEscape === -1 ? ofQuote : Math.min(ofQuote, ofEscape);
  }

  #hasQuote(from: number, to: number): boolean {
    const quote = this.#find(this.#format.quote, from);
    return quote !== -1 && quote < to;
  }

  /** The next line break, if it is outside of quotes. */
  #lineEnd(from: number): LineEnd | undefined {
    const [carriage, feed] = [this.#find("\r", from), this.#find("\n", from)];
    if (carriage === -1 || (feed !== -1 && feed < carriage))
      return feed === -1 ? undefined : { index: feed, ending: "\n" };
    if (feed === carriage + 1) return { index: carriage, ending: "\r\n" };
    // The line feed may come with the next chunk.
    if (carriage + 1 === this.#text.length && !this.#isEnd) throw CUT;
    return { index: carriage, ending: "\r" };
  }

  /** Ends a record and its line; every line must end as the first one does. */
  #endLine(end: LineEnd | undefined, field: number): void {
    const stop = end?.index ?? this.#text.length;
    this.#ending ??= end?.ending;
    if (end && end.ending !== this.#ending)
      this.#refuse(
        stop,
        field,
        `the line ends in ${WORDS[end.ending]}, but the first line ends in ${WORDS[this.#ending ?? ""]}`,
      );
    this.line += 1 + this.#breaks(stop);
    this.#at = stop + (end?.ending.length ?? 0);
  }

  /** Like indexOf, but a position that was found is kept until it is passed. */
  #find(character: string, from: number): number {
    const known = this.#next.get(character);
    if (known !== undefined && (known === -1 || known >= from)) return known;
    const found = this.#text.indexOf(character, from);
    this.#next.set(character, found);
    return found;
  }

  /** Line breaks within the record, before a position. */
  #breaks(to: number): number {
    return this.#text.slice(this.#at, to).match(/\r\n|\r|\n/g)?.length ?? 0;
  }

  #refuse(at: number, field: number, reason: string): never {
    throw new MalformedError(this.line + this.#breaks(at), field, reason);
  }
}

interface LineEnd {
  readonly index: number;
  readonly ending: string;
}

const WORDS: Readonly<Record<string, string>> = {
  "\n": "a line feed",
  "\r": "a carriage return",
  "\r\n": "a carriage return and a line feed",
};
