/** Patterns of keys, as in Airflow's sensors. Pure. */

/** A pattern, and how all keys begin that it can match. */
export interface KeyPattern {
  readonly prefix: string;
  readonly matches: (key: string) => boolean;
}

const SPECIAL = /[*?[]/;

/**
 * Reads a pattern: `*` is any text (slashes too), `?` one character, `[ab]` or `[a-z]`
 * one of some, `[!ab]` any other. A `[` without its end is itself.
 */
export function keyPattern(text: string): KeyPattern {
  const expression = new RegExp(`^${text.replace(/\*+|\?|\[!?\]?[^\]]*\]|[\s\S]/gu, part)}$`, "su");
  const [prefix = ""] = text.split(SPECIAL, 1);
  return { prefix, matches: (key) => expression.test(key) };
}

function part(found: string): string {
  if (found.startsWith("*")) return ".*";
  if (found === "?") return ".";
  if (found.length > 1 && found.startsWith("[")) return group(found.slice(1, -1));
  return found.replace(
    /[\\^$.*+?()[\]{}|/-]/g,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

function group(inside: string): string {
  const isNot = inside.startsWith("!");
  const characters = (isNot ? inside.slice(1) : inside).replace(/[\\^[\]]/g, (char) => `\\${char}`);
  return `[${isNot ? "^" : ""}${characters}]`;
}
