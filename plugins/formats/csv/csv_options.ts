/** How a CSV file is written. Pure. */
import { DagsmithError } from "dagsmith";

/** How a CSV file is written; the options of PostgreSQL's COPY. */
export interface CsvOptions {
  /** One character between the fields. Default `","`. */
  readonly delimiter?: string;
  /**
   * One character around a field that holds a delimiter, a quote or a line break. Default
   * `"`.
   */
  readonly quote?: string;
  /**
   * One character before a quote within a quoted field. Default: the quote, which is
   * doubled.
   */
  readonly escape?: string;
  /**
   * Whether the first line names the columns. Default true. `false`: the fields are the
   * columns of the load in their order. A list names the fields of a file without a
   * header.
   */
  readonly header?: boolean | readonly string[];
  /**
   * The texts that mean null, unless they are quoted; they replace the default, `""`.
   * Pandas writes null as `""`, R as `"NA"`, MySQL as `"\\N"`: `["", "NA"]` takes both.
   */
  readonly nulls?: string | readonly string[];
  /**
   * Of the bytes. Default `"utf-8"`; also `"latin1"`, `"windows-1252"`, `"utf-16"` and
   * others.
   */
  readonly encoding?: string;
}

/** {@link CsvOptions} after their check, with their defaults. */
export interface CsvFormat {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean | readonly string[];
  readonly nulls: readonly string[];
  readonly encoding: string;
}

/** @throws DagsmithError INVALID_OPTION */
export function csvFormat(options: CsvOptions = {}): CsvFormat {
  const { delimiter = ",", quote = '"', header = true, encoding = "utf-8" } = options;
  const { escape: escaper = quote, nulls = "" } = options;
  refuseUnless(delimiter, "delimiter", isOneCharacter(delimiter) && delimiter !== quote);
  refuseUnless(quote, "quote", isOneCharacter(quote));
  refuseUnless(escaper, "escape", isOneCharacter(escaper) && escaper !== delimiter);
  return { delimiter, quote, escape: escaper, header, encoding, nulls: [nulls].flat() };
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 && text !== "\n" && text !== "\r";
}

function refuseUnless(found: string, option: string, isGood: boolean): void {
  if (isGood) return;
  throw new DagsmithError("INVALID_OPTION", {
    where: "a CSV file",
    option,
    found: JSON.stringify(found),
    allowed: "one character that is no line break and has no other meaning in the file",
  });
}
