/**
 * The keys of JSON lines in the orders in which they were seen. A line whose keys follow a
 * known path has no key twice, and needs no text of its keys. Pure.
 */

/** A key after those on the path to it. */
export interface KeyNode {
  readonly bytes: Uint8Array;
  /** In lower case. */
  readonly name: string;
  /** Which column takes the value; -1 for none. */
  readonly column: number;
  readonly parent: KeyNode | undefined;
  readonly next: KeyNode[];
}

/** More orders of keys than these are not worth their memory. */
const MOST_NODES = 2_000;

export class KeyTree {
  readonly root: KeyNode;
  readonly #columns: ReadonlyMap<string, number>;
  #nodes = 0;

  /** @param columns their names, in lower case */
  constructor(columns: readonly string[]) {
    this.#columns = new Map(columns.map((name, index) => [name, index]));
    this.root = { bytes: new Uint8Array(), name: "", column: -1, parent: undefined, next: [] };
  }

  /** The node of the key that follows; undefined when the line must be read. */
  follow(node: KeyNode, bytes: Buffer, from: number, to: number): KeyNode | undefined {
    for (const next of node.next) if (isSame(next.bytes, bytes, from, to)) return next;
    return this.#add(node, bytes, from, to);
  }

  #add(parent: KeyNode, bytes: Buffer, from: number, to: number): KeyNode | undefined {
    const name = bytes.toString("utf8", from, to).toLowerCase();
    for (let above: KeyNode | undefined = parent; above?.parent; above = above.parent)
      if (above.name === name) return undefined;
    if (this.#nodes === MOST_NODES) return undefined;
    this.#nodes += 1;
    const column = this.#columns.get(name) ?? -1;
    const node = {
      bytes: Uint8Array.from(bytes.subarray(from, to)),
      name,
      column,
      parent,
      next: [],
    };
    parent.next.push(node);
    return node;
  }
}

function isSame(key: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (key.length !== to - from) return false;
  for (let at = 0; at < key.length; at += 1) if (key[at] !== bytes[from + at]) return false;
  return true;
}
