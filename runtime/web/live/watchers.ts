/**
 * The pages that follow topics: one poll a second for each topic with a follower. A poll
 * reads the fingerprint of its topic, and calls all followers when it has changed.
 */

import { Loop, stopLoops } from "../../service/loop.ts";
import type { Queryable } from "../../store/database/database.ts";
import { fingerprint, type Topic } from "../../store/reads/changes.ts";

const POLL_MS = 1_000;

interface Watch {
  readonly listeners: Set<(mark: string) => void>;
  readonly loop: Loop;
  mark: string;
}

export class Watchers {
  readonly #reader: Queryable;
  readonly #watches = new Map<string, Watch>();

  constructor(reader: Queryable) {
    this.#reader = reader;
  }

  /** How many topics are polled. */
  get size(): number {
    return this.#watches.size;
  }

  /**
   * Calls `listener` with each new fingerprint of a topic.
   * @param since the fingerprint that the follower knows
   * @returns a function that ends it
   */
  watch(topic: Topic, since: string, listener: (mark: string) => void): () => void {
    const key = JSON.stringify(topic);
    const watch = this.#watches.get(key) ?? this.#begin(key, topic, since);
    watch.listeners.add(listener);
    if (watch.mark !== since) listener(watch.mark);
    return () => {
      watch.listeners.delete(listener);
      if (watch.listeners.size === 0) this.#end(key, watch);
    };
  }

  /** Ends all polls. Idempotent; resolves when no statement of theirs runs. */
  async stop(): Promise<void> {
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    await stopLoops(watches.map(({ loop }) => loop));
  }

  #begin(key: string, topic: Topic, mark: string): Watch {
    // Without a log: the poll of a database that is away goes on until the database
    // answers.
    const loop = new Loop({
      name: "watch_topic",
      everyMs: POLL_MS,
      staggerMs: 0,
      runOnce: () => this.#poll(topic, watch),
    });
    const watch: Watch = { listeners: new Set(), loop, mark };
    this.#watches.set(key, watch);
    loop.start();
    return watch;
  }

  #end(key: string, watch: Watch): void {
    void watch.loop.stop();
    if (this.#watches.get(key) === watch) this.#watches.delete(key);
  }

  /** @returns how many listeners were called */
  async #poll(topic: Topic, watch: Watch): Promise<number> {
    const mark = await fingerprint(this.#reader, topic);
    if (mark === watch.mark) return 0;
    watch.mark = mark;
    for (const listener of watch.listeners) listener(mark);
    return watch.listeners.size;
  }
}
