/** A list of outputs as a task walks through it: page by page from the host, or from values that were given whole. */

import type { Json } from "../../sdk/json.ts";
import type { LazyList } from "../../sdk/task/lazy.ts";

/** Some outputs of a mapped task, in map order. */
export interface OutputPage {
  readonly items: readonly Json[];
  /** The map index after which the next page begins; null at the end. */
  readonly next: number | null;
}

/** @param load the page after a map index; the first is the one after -1 */
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
