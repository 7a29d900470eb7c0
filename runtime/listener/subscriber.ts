/**
 * Follows one database of somebody's: waits for a notification, and now and then looks without one, and makes runs of the changes that wait in its
 * outbox. A database that is away is tried again, and holds up no other.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Connection } from "../../sdk/connection.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import {
  createChangeRuns,
  deleteOldDeliveries,
  type ListeningWatch,
  tellWatches,
} from "../store/sources/change_subscription.ts";
import {
  connectEventDatabase,
  type EventClient,
  eventDatabaseFailed,
} from "../store/sources/event_database.ts";
import { listenForNotifications, takeChanges } from "../store/sources/outbox.ts";
import { startQueuedRuns } from "../transactions/start_runs.ts";

export interface SubscriberOptions {
  readonly db: Database;
  readonly plans: Plans;
  /** @throws DagsmithError CONNECTION_NOT_FOUND */
  readonly connection: (id: string) => Promise<Connection>;
  readonly mask: (text: string) => string;
  readonly log: (event: string, detail?: Readonly<Record<string, unknown>>) => void;
}

/** A notification can be lost with its connection; what waits is found by looking. */
const LOOK_EVERY_MS = 5_000;
const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 15_000;
/** Changes taken in one transaction there, about: as many as make whole batches. */
const TAKE = 500;

export class Subscriber {
  readonly #id: string;
  readonly #options: SubscriberOptions;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #watches: readonly ListeningWatch[] = [];
  #client: EventClient | undefined;
  #notified = Promise.withResolvers<void>();
  #error: string | null = null;

  /** @param id of the connection */
  constructor(id: string, watches: readonly ListeningWatch[], options: SubscriberOptions) {
    this.#id = id;
    this.#options = options;
    this.#watches = watches;
    this.#done = this.#follow();
  }

  /** What is followed from now on. */
  set watches(watches: readonly ListeningWatch[]) {
    const known = new Set(this.#watches.map(({ watchId }) => watchId));
    this.#watches = watches;
    // What waited for a DAG that was paused is looked for at once.
    if (watches.some(({ watchId }) => !known.has(watchId))) this.#notify();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#notify();
    await this.#done;
  }

  #notify(): void {
    this.#notified.resolve();
  }

  async #follow(): Promise<void> {
    for (let retryMs = RETRY_FIRST_MS; !this.#stopping.signal.aborted; ) {
      try {
        await this.#drainAll();
        retryMs = RETRY_FIRST_MS;
        await this.#waitForNotification(LOOK_EVERY_MS);
      } catch (error) {
        await this.#disconnect();
        if (!this.#stopping.signal.aborted)
          await this.#tell(this.#options.mask(eventDatabaseFailed(this.#id, error).message));
        await this.#waitForNotification(retryMs);
        retryMs = Math.min(RETRY_LONGEST_MS, retryMs * 2);
      }
    }
    await this.#disconnect();
  }

  /** Notifications from now on are of what this look may have missed. */
  async #drainAll(): Promise<void> {
    this.#notified = Promise.withResolvers();
    const client = this.#client ?? (await this.#connect());
    this.#client = client;
    for (const watch of this.#watches) await this.#drain(client, watch);
    await this.#tell(null);
  }

  async #drain(client: EventClient, watch: ListeningWatch): Promise<void> {
    const { db, plans } = this.#options;
    const { batch } = watch.spec;
    const most = batch * Math.max(1, Math.floor(TAKE / batch));
    while (!this.#stopping.signal.aborted) {
      const taken = await takeChanges(client, watch.watchId, most, (changes) =>
        createChangeRuns(db, watch, changes),
      );
      await deleteOldDeliveries(db, watch.watchId, taken);
      if (taken.length > 0) await startQueuedRuns(db, plans, [watch.dagId]);
      if (taken.length < most) return;
    }
  }

  async #connect(): Promise<EventClient> {
    const client = await connectEventDatabase(await this.#options.connection(this.#id));
    client.once("end", () => this.#notify());
    await listenForNotifications(client, () => this.#notify());
    return client;
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  async #waitForNotification(longestMs: number): Promise<void> {
    const timer = new AbortController();
    const signal = AbortSignal.any([timer.signal, this.#stopping.signal]);
    await Promise.race([
      this.#notified.promise,
      pause(longestMs, undefined, { signal }).catch(() => undefined),
    ]);
    timer.abort();
  }

  /** Said where people look for it, once for each change of it. */
  async #tell(error: string | null): Promise<void> {
    if (error !== null && error !== this.#error)
      this.#options.log("changes cannot be read", { connection: this.#id, reason: error });
    this.#error = error;
    const watchIds = this.#watches
      .filter((watch) => watch.error !== error)
      .map(({ watchId }) => watchId);
    await tellWatches(this.#options.db, watchIds, error).catch(() => undefined);
  }
}
