/** The values of Python's string literals. */
import { tableOf } from "../table_of.ts";

interface Literal {
  /** Letters before the quotes, in lower case. */
  readonly prefix: string;
  /** Where the content begins and ends in the text of the literal. */
  readonly from: number;
  readonly to: number;
}

/** The parts of a literal, such as `rb"""…"""`. */
export function literalOf(text: string): Literal {
  const [, prefix = "", quotes = ""] = /^([a-z]*)("""|'''|"|')/i.exec(text) ?? [];
  const from = prefix.length + quotes.length;
  return { prefix: prefix.toLowerCase(), from, to: text.length - quotes.length };
}

/** The value of a literal without replacements. */
export function stringOf(text: string): string {
  const { prefix, from, to } = literalOf(text);
  return unfoundd(text.slice(from, to), prefix);
}

/** A piece of a formatted string between two replacements. */
export function formattedText(text: string, prefix: string): string {
  return unfoundd(text, prefix).replaceAll("{{", "{").replaceAll("}}", "}");
}

const ESCAPES: Readonly<Record<string, string>> = tableOf({
  ...{ n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" },
  ...{ "\\": "\\", "'": "'", '"': '"', "\n": "", "0": "\0" },
});

function unfoundd(text: string, prefix: string): string {
  if (prefix.includes("r")) return text;
  return text.replace(/\\(x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|[\s\S])/gi, (whole, found: string) =>
    found.length > 1
      ? String.fromCodePoint(Number.parseInt(found.slice(1), 16))
      : (ESCAPES[found] ?? whole),
  );
}
