/**
 * Watches how long each service stands still while no fault is done to it. Only the
 * heartbeats in the database count, and of the page its answers: a service that is alive
 * and does nothing has none.
 */
import type { Service } from "./service.ts";
import type { Stand } from "./stand.ts";

const AGES = {
  name: "chaos_heartbeats",
  text: `
select pid, min(extract(epoch from now() - heartbeat_at)::float8 * 1000) as ms from (
  select pid, heartbeat_at from dagsmith.scheduler
  union all
  select pid, heartbeat_at from dagsmith.worker where state <> 'lost'
) members group by pid`,
};

/** The newest heartbeat of any worker, in milliseconds of the server's clock. */
const NEWEST = {
  name: "chaos_newest_heartbeat",
  text: `
select extract(epoch from max(heartbeat_at))::float8 * 1000 as at from dagsmith.worker`,
};

const EVERY_MS = 500;
const ANSWER_MS = 10_000;

export class Monitor {
  readonly #stand: Stand;
  readonly #longest = new Map<string, number>();
  #answeredAt = performance.now();
  #newestAt: number | undefined;
  #longestPauseMs = 0;
  #isOver = false;
  readonly #watching: Promise<unknown>;

  constructor(stand: Stand) {
    this.#stand = stand;
    this.#watching = Promise.all([
      this.#repeat(() => this.#lookAtHeartbeats()),
      this.#repeat(() => this.#lookAtPage()),
    ]);
  }

  /** The longest standstill of each service, in milliseconds. */
  get longest(): ReadonlyMap<string, number> {
    return this.#longest;
  }

  /** The longest time in which no worker worked, whatever the faults, in milliseconds. */
  get longestPauseMs(): number {
    return this.#longestPauseMs;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#watching;
  }

  async #repeat(look: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #lookAtHeartbeats(): Promise<void> {
    const found = await this.#stand.db.query<{ pid: number; ms: number }>(AGES);
    const ages = new Map(found.map(({ pid, ms }) => [pid, ms]));
    for (const service of this.#stand.services) {
      if (service.role === "web") continue;
      const ageMs = ages.get(service.pid ?? 0);
      if (ageMs !== undefined) service.noteLife();
      this.#note(service, ageMs);
    }
    await this.#lookAtWorkers();
  }

  async #lookAtWorkers(): Promise<void> {
    const [{ at = null } = {}] = await this.#stand.db.query<{ at: number | null }>(NEWEST);
    if (at === null) return;
    this.#longestPauseMs = Math.max(this.#longestPauseMs, at - (this.#newestAt ?? at));
    this.#newestAt = at;
  }

  /** Asks for the list of DAGs, which needs the database. */
  async #lookAtPage(): Promise<void> {
    const url = `http://127.0.0.1:${this.#stand.pagePort}/`;
    const asking = fetch(url, {
      headers: { Authorization: `Bearer ${this.#stand.webToken}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const isAnswered = await asking.then(
      ({ ok }) => ok,
      () => false,
    );
    if (isAnswered) this.#answeredAt = performance.now();
    for (const page of this.#stand.of("web")) {
      if (isAnswered) page.noteLife();
      this.#note(page, performance.now() - this.#answeredAt);
    }
  }

  /** @param ageMs of the last heartbeat; undefined: there was none */
  #note({ name, healthyMs }: Service, ageMs = Number.POSITIVE_INFINITY): void {
    const silentMs = Math.min(ageMs, healthyMs);
    this.#longest.set(name, Math.max(silentMs, this.#longest.get(name) ?? 0));
  }
}
