/**
 * Shell scripts with their values apart from their text, so that no value becomes a
 * command.
 */
import { DateTime } from "luxon";
import { Quoting } from "./sh_quoting.ts";

/**
 * A value that a script can hold. A date is written as ISO 8601; a list becomes one word
 * for each of its elements.
 * @example const files: ShValue = ["a b.csv", "c.csv"];
 */
export type ShValue = string | number | bigint | boolean | DateTime | readonly (string | number)[];

type Piece = string | { readonly words: readonly string[] };

/**
 * A bash script, or a part of one. Made by {@link sh}.
 * @example const script: Sh = sh`wc -l < ${path}`;
 */
export class Sh {
  readonly #pieces: readonly Piece[];

  /** Called by {@link sh} only. */
  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Text and values, in order. */
  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /**
   * The script as bash reads it. Each value is a variable, set before the first command
   * of the script: bash expands variables, but never runs what they hold.
   * @throws TypeError for a value in single quotes, where bash expands no variable
   */
  render(): string {
    const quoting = new Quoting();
    const variables: string[] = [];
    const text = this.#pieces.map((piece) => {
      if (typeof piece === "string") return quoting.read(piece);
      const names = piece.words.map((word) => `_dagsmith_${variables.push(shellWord(word))}`);
      return quoting.expand(names);
    });
    const values = variables.map((value, index) => `_dagsmith_${index + 1}=${value}; `);
    return values.join("") + text.join("");
  }
}

/**
 * A bash script with values in it. A value is safe wherever bash expands variables: as a
 * word, within double quotes, or in a here-document. Backslashes reach bash as they are
 * written; write `\${NAME}` for a variable of bash. A script without values may also be
 * plain text.
 * @throws TypeError for a value that is no text, number, boolean, date or list, or that
 *   holds a NUL character
 * @example
 * shell(({ params }) => sh`curl -fsS ${params.url} | gunzip > trips.csv`);
 */
export function sh(strings: TemplateStringsArray, ...values: readonly (ShValue | Sh)[]): Sh {
  return new Sh(
    strings.raw.flatMap((raw, index): readonly Piece[] => {
      const text = raw.replace(/\\(`|\$\{)/g, "$1");
      if (index === values.length) return [text];
      const value = values[index] as ShValue | Sh;
      return [text, ...(value instanceof Sh ? value.pieces : [{ words: wordsOf(value) }])];
    }),
  );
}

function wordsOf(value: ShValue): readonly string[] {
  return Array.isArray(value) ? value.map(wordOf) : [wordOf(value)];
}

function wordOf(value: unknown): string {
  const text = DateTime.isDateTime(value) ? value.toISO() : scalarText(value);
  if (text === null)
    throw new TypeError(
      `A value of an sh script is ${value === null ? "null" : typeof value}. Allowed: text, numbers, booleans, valid dates, and lists of text and numbers.`,
    );
  if (text.includes("\0"))
    throw new TypeError("A value of an sh script holds a NUL character, which no process can get.");
  return text;
}

function scalarText(value: unknown): string | null {
  return ["string", "number", "bigint", "boolean"].includes(typeof value) ? String(value) : null;
}

/**
 * A word of a shell that is exactly the text, for scripts that {@link sh} cannot write.
 * @example const line = `export DAY=${shellWord(day)}`;
 */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
