/** The text of an array as a list. Pure. */

/**
 * @param item reads an item that is not null
 * @param delimiter between the items
 */
export function listOf(
  text: string,
  item: (text: string) => unknown,
  delimiter: string,
): unknown[] {
  // Bounds other than 1 come first: [0:1]={1,2}.
  const reader = new ArrayReader(text, text.indexOf("{"), item, delimiter);
  return reader.list();
}

class ArrayReader {
  readonly #text: string;
  readonly #item: (text: string) => unknown;
  readonly #delimiter: string;
  #at: number;

  constructor(text: string, at: number, item: (text: string) => unknown, delimiter: string) {
    this.#text = text;
    this.#at = at;
    this.#item = item;
    this.#delimiter = delimiter;
  }

  list(): unknown[] {
    const items: unknown[] = [];
    this.#at += 1;
    while (this.#text[this.#at] !== "}") {
      items.push(this.#next());
      if (this.#text[this.#at] === this.#delimiter) this.#at += 1;
    }
    this.#at += 1;
    return items;
  }

  #next(): unknown {
    if (this.#text[this.#at] === "{") return this.list();
    if (this.#text[this.#at] === '"') return this.#item(this.#quoted());
    const bare = this.#bare();
    return bare === "NULL" ? null : this.#item(bare);
  }

  #bare(): string {
    const start = this.#at;
    while (this.#text[this.#at] !== this.#delimiter && this.#text[this.#at] !== "}") this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #quoted(): string {
    const end = /"((?:[^"\\]|\\.)*)"/sy;
    end.lastIndex = this.#at;
    const [whole = "", inner = ""] = end.exec(this.#text) ?? [];
    this.#at += whole.length;
    return inner.replace(/\\(.)/gs, "$1");
  }
}
