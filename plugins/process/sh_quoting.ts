/**
 * Follows how bash quotes, so that a variable is expanded as whole words wherever it
 * stands. A misreading could split a value into words; it can never run the value.
 */

/** What the text at one place of a script is, for bash. */
type Context = "plain" | "double" | "single" | "ansi" | "comment";

interface HereDocument {
  readonly delimiter: string;
  readonly isLiteral: boolean;
}

const HERE_DOCUMENT = /^<<-?[ \t]*(?:'([^']+)'|"([^"]+)"|\\?([\w.-]+))/;

/** Reads a script piece by piece. */
export class Quoting {
  /** The innermost context comes last. */
  readonly #contexts: Context[] = ["plain"];
  /** Here-documents whose text begins on the next line. */
  #announced: HereDocument[] = [];
  #open: HereDocument | undefined;
  #line = "";

  /**
   * Reads a piece of the script's own text.
   * @returns the same text
   */
  read(text: string): string {
    for (let at = 0; at < text.length; ) at += this.#step(text, at);
    return text;
  }

  /**
   * The expansion of variables at this place: each variable is one word.
   * @throws TypeError within single quotes
   */
  expand(names: readonly string[]): string {
    const context = this.#context;
    if (context === "single" || context === "ansi" || this.#open?.isLiteral)
      throw new TypeError(
        `A value of an sh script stands within quotes that bash does not look into, after ${JSON.stringify(this.#line.slice(-40))}. Remove the single quotes: sh quotes its values itself.`,
      );
    const isQuoted = this.#open !== undefined || context === "double";
    const words = names.map((name) => (isQuoted ? `\${${name}}` : `"\${${name}}"`));
    this.#line += words.join(" ");
    return words.join(" ");
  }

  get #context(): Context {
    return this.#contexts.at(-1) ?? "plain";
  }

  /** Reads what begins at a position. Returns how many characters it took. */
  #step(text: string, at: number): number {
    const character = text[at] as string;
    if (character === "\n") this.#endLine();
    else this.#line += character;
    if (this.#open !== undefined || character === "\n") return 1;
    return this.#within(this.#context, text, at, character);
  }

  #within(context: Context, text: string, at: number, character: string): number {
    if (context === "comment") return 1;
    if (context === "single") return this.#close("'", character);
    if (character === "\\") return this.#take(text.slice(at + 1, at + 2)) + 1;
    if (context === "ansi") return this.#close("'", character);
    if (character === '"') return this.#toggleDouble();
    if (text.startsWith("$(", at)) return this.#enter("plain", this.#take("("));
    return context === "double" ? 1 : this.#plain(text, at, character);
  }

  #plain(text: string, at: number, character: string): number {
    const rest = text.slice(at);
    const hereDocument = rest.startsWith("<<<") ? null : HERE_DOCUMENT.exec(rest);
    if (hereDocument) return this.#announce(hereDocument);
    if (rest.startsWith("<<<")) return 1 + this.#take("<<");
    if (rest.startsWith("$'")) return this.#enter("ansi", this.#take("'"));
    if (character === "'") return this.#enter("single");
    if (character === "#" && /(^|[\s;&|()])#$/.test(this.#line)) return this.#enter("comment");
    if (character === "(") return this.#enter("plain");
    if (character === ")" && this.#contexts.length > 1) this.#contexts.pop();
    return 1;
  }

  #enter(context: Context, more = 0): number {
    this.#contexts.push(context);
    return 1 + more;
  }

  #close(quote: string, character: string): number {
    if (character === quote) this.#contexts.pop();
    return 1;
  }

  #toggleDouble(): number {
    if (this.#context === "double") this.#contexts.pop();
    else this.#contexts.push("double");
    return 1;
  }

  /** Characters that belong to the one before them. */
  #take(characters: string): number {
    this.#line += characters;
    return characters.length;
  }

  #announce([found, single, double, bare]: RegExpExecArray): number {
    const delimiter = single ?? double ?? bare ?? "";
    const isLiteral = bare === undefined || found.includes("\\");
    this.#announced.push({ delimiter, isLiteral });
    return 1 + this.#take(found.slice(1));
  }

  #endLine(): void {
    const line = this.#line;
    this.#line = "";
    if (this.#context === "comment") this.#contexts.pop();
    if (this.#open !== undefined && line.replace(/^\t+/, "") !== this.#open.delimiter) return;
    this.#open = this.#announced.shift();
  }
}
