/**
 * A list of outputs that a task reads in order: page by page from the host, or from
 * values that are already in memory.
 */

import type { Json } from "../../../sdk/json.ts";
import type { LazyList } from "../../../sdk/task/lazy.ts";

/** Some outputs of a mapped task, in map order. */
export interface OutputPage {
  readonly items: readonly Json[];
  /** The map index after which the next page begins; null at the end. */
  readonly next: number | null;
}

/** @param load loads the page after a map index; the first page is after -1 */
export function lazyList(load: (after: number) => Promise<OutputPage>): LazyList<Json> {
  async function* walk(): AsyncGenerator<Json> {
    for (let after: number | null = -1; after !== null; ) {
      const page: OutputPage = await load(after);
      yield* page.items;
      after = page.next;
    }
  }
  const all = async (): Promise<Json[]> => {
    const items: Json[] = [];
    for await (const item of walk()) items.push(item);
    return items;
  };
  return { [Symbol.asyncIterator]: walk, all };
}
