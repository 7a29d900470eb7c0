/**
 * Combines the database requests that many tries make at the same moment into one
 * statement. While one flush runs, the next batch collects; a single item is flushed at
 * once. So a busy worker makes few large statements, and an idle worker adds no delay.
 */
export class Batcher<Item, Result> {
  readonly #flush: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #limit: number;
  #waiting: { readonly item: Item; readonly reply: PromiseWithResolvers<Result> }[] = [];
  #flushing = false;

  /** @param flush returns one result for each item, in the same order */
  constructor(flush: (items: readonly Item[]) => Promise<readonly Result[]>, limit = 500) {
    this.#flush = flush;
    this.#limit = limit;
  }

  add(item: Item): Promise<Result> {
    const reply = Promise.withResolvers<Result>();
    this.#waiting.push({ item, reply });
    if (!this.#flushing) {
      this.#flushing = true;
      // Waits for the other events of this tick, so that items that arrived together are
      // flushed together. #drain() never rejects: a failure rejects the reply of each
      // item.
      setImmediate(() => void this.#drain());
    }
    return reply.promise;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#limit);
      try {
        const results = await this.#flush(batch.map(({ item }) => item));
        for (const [index, { reply }] of batch.entries()) reply.resolve(results[index] as Result);
      } catch (error) {
        for (const { reply } of batch) reply.reject(error);
      }
    }
    this.#flushing = false;
  }
}
