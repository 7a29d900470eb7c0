/**
 * Lets the plans of a connection follow the sizes of the tables. The server keeps the
 * plan of a named statement until the statistics of its tables change. A plan that was
 * made while a table was empty reads the whole table, and went on doing so until the
 * server's next `analyze`, a minute and thousands of rows later.
 */
import type { PoolClient } from "pg";

/** After the first second of a connection, then after twice the pause before. */
const FIRST_MS = 1_000;
/** A table that is large already grows slowly in comparison. */
const LONGEST_MS = 60_000;

interface Refresh {
  readonly at: number;
  readonly pauseMs: number;
}

export class PlanRefresh {
  readonly #next = new WeakMap<PoolClient, Refresh>();

  /**
   * Makes the server plan again the statements of a connection that was given back, when
   * it is time. Nothing waits for it: what the connection is asked next comes after it.
   */
  refresh(client: PoolClient): void {
    const now = performance.now();
    const { at, pauseMs } = this.#next.get(client) ?? { at: now + FIRST_MS, pauseMs: FIRST_MS };
    const isDue = now >= at;
    const pause = isDue ? Math.min(2 * pauseMs, LONGEST_MS) : pauseMs;
    this.#next.set(client, { at: isDue ? now + pause : at, pauseMs: pause });
    // A connection that is broken by now is replaced when it is used next.
    if (isDue) client.query("discard plans").catch(() => undefined);
  }
}
