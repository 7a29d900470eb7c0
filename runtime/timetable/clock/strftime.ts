/**
 * Dates to text and back, by the directives of strftime: the format of partition keys.
 * Luxon does the work; this file only translates the directives, because Luxon's own
 * would change the meaning of every key format that users have.
 */
import { DateTime } from "luxon";

/**
 * Luxon's token for each directive of strftime, and the token to read it by where it
 * differs.
 */
const DIRECTIVES: Readonly<
  Record<string, { readonly write: string; readonly read?: string; readonly pad?: string }>
> = {
  Y: { write: "yyyy" },
  y: { write: "yy" },
  m: { write: "MM" },
  d: { write: "dd" },
  F: { write: "yyyy-MM-dd" },
  H: { write: "HH" },
  I: { write: "hh" },
  p: { write: "a" },
  M: { write: "mm" },
  S: { write: "ss" },
  T: { write: "HH:mm:ss" },
  // strftime has microseconds, Luxon milliseconds.
  f: { write: "SSS", read: "u", pad: "000" },
  z: { write: "ZZZ" },
  j: { write: "ooo" },
  G: { write: "kkkk" },
  V: { write: "WW" },
  u: { write: "E" },
  a: { write: "EEE" },
  A: { write: "EEEE" },
  b: { write: "LLL" },
  B: { write: "LLLL" },
};

/** Why a format cannot be used; null when it can. */
export function formatProblem(format: string): string | null {
  const found = [...format.matchAll(/%(.?)/gs)].map(([, letter = ""]) => letter);
  const unknown = found.find((letter) => letter !== "%" && !Object.hasOwn(DIRECTIVES, letter));
  if (unknown !== undefined)
    return `%${unknown} is none of %${Object.keys(DIRECTIVES).join(" %")} %%`;
  return found.some((letter) => letter !== "%") ? null : "it has no part of a date";
}

/** An instant in a timezone, by a format that has no {@link formatProblem}. */
export function strftime(format: string, instant: number, timezone: string): string {
  const date = DateTime.fromMillis(instant, { zone: timezone, locale: "en-US" });
  return format.replace(/%(.)/g, (_, letter: string) => {
    const directive = DIRECTIVES[letter];
    return directive ? date.toFormat(directive.write) + (directive.pad ?? "") : letter;
  });
}

/**
 * Parses a text by a format. Without an offset in the text, it is read in the timezone.
 * @returns null when the text does not match the format
 */
export function strptime(text: string, format: string, timezone: string): DateTime<true> | null {
  const pattern = format.replace(/%(.)|[^%]+/gs, (literal, letter: string | undefined) => {
    const directive = letter === undefined ? undefined : DIRECTIVES[letter];
    return directive ? (directive.read ?? directive.write) : quoted(letter ?? literal);
  });
  const date = DateTime.fromFormat(text, pattern, { zone: timezone, locale: "en-US" });
  return date.isValid ? date : null;
}

/**
 * Literal text as Luxon reads it: between quotes, and a quote as two quotes outside of
 * any.
 */
function quoted(text: string): string {
  const words = text.split("'").map((word) => (word === "" ? "" : `'${word}'`));
  return words.join("''");
}
