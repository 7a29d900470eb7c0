/**
 * Follows one database of a user: takes the changes that wait in its outbox and creates
 * runs, at each notification and every few seconds without one. A database that is away
 * is tried again, and delays no other.
 */
import type { Connection } from "../../sdk/connection.ts";
import { fittingEvents } from "../params/fitting_events.ts";
import type { ServiceLog } from "../service/log.ts";
import { Loop, type Pass } from "../service/loop.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import {
  type ActiveSubscription,
  createChangeRuns,
  deleteOldDeliveries,
  setSubscriptionError,
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
  readonly log: ServiceLog;
}

/**
 * A notification can be lost with its connection; the next look finds the changes that it
 * announced.
 */
const LOOK_EVERY_MS = 5_000;
const RETRY = { firstMs: 500, longestMs: 15_000 };
/**
 * About how many changes one transaction of that database takes: enough for whole
 * batches.
 */
const TAKE = 500;

export class Subscriber {
  readonly loop: Loop;
  readonly #id: string;
  readonly #options: SubscriberOptions;
  #subscriptions: readonly ActiveSubscription[] = [];
  #client: EventClient | undefined;

  /** @param id of the connection */
  constructor(
    id: string,
    subscriptions: readonly ActiveSubscription[],
    options: SubscriberOptions,
  ) {
    this.#id = id;
    this.#options = options;
    this.#subscriptions = subscriptions;
    this.loop = new Loop(
      {
        name: "follow_changes",
        detail: { connection: id },
        everyMs: LOOK_EVERY_MS,
        retry: RETRY,
        staggerMs: 0,
        runOnce: (pass) => this.#look(pass),
      },
      options.log,
    );
    this.loop.start();
  }

  /** The subscriptions to follow from now on. */
  set subscriptions(subscriptions: readonly ActiveSubscription[]) {
    const known = new Set(this.#subscriptions.map(({ subscriptionId }) => subscriptionId));
    this.#subscriptions = subscriptions;
    // Changes that waited for a paused DAG are taken at once.
    if (subscriptions.some(({ subscriptionId }) => !known.has(subscriptionId))) this.loop.wake();
  }

  /** Finishes the current changes. Idempotent. */
  async stop(): Promise<void> {
    await this.loop.stop();
    await this.#disconnect();
  }

  /** @returns how many changes it took */
  async #look(pass: Pass): Promise<number> {
    try {
      const taken = await this.#drainAll(pass);
      await this.#report(null);
      return taken;
    } catch (error) {
      await this.#disconnect();
      const reason = this.#options.mask(eventDatabaseFailed(this.#id, error).message);
      if (!pass.signal.aborted) await this.#report(reason);
      throw new Error(reason, { cause: error });
    }
  }

  async #drainAll(pass: Pass): Promise<number> {
    pass.at("connecting");
    const client = this.#client ?? (await this.#connect());
    this.#client = client;
    pass.at("taking changes");
    let taken = 0;
    for (const subscription of this.#subscriptions)
      taken += await this.#drain(client, subscription, pass);
    return taken;
  }

  async #drain(
    client: EventClient,
    subscription: ActiveSubscription,
    { signal }: Pass,
  ): Promise<number> {
    const { db, plans } = this.#options;
    const { batch } = subscription.spec;
    const most = batch * Math.max(1, Math.floor(TAKE / batch));
    for (let all = 0; ; ) {
      if (signal.aborted) return all;
      const { subscriptionId, spec } = subscription;
      const taken = await takeChanges(client, subscriptionId, most, async (changes) => {
        // Before the transaction: a schema may take seconds, and it locks the DAG.
        const fits = await fittingEvents(spec.when, changes, (change) => change);
        return createChangeRuns(db, subscription, changes, new Set(fits));
      });
      await deleteOldDeliveries(db, subscription.subscriptionId, taken);
      if (taken.length > 0) await startQueuedRuns(db, plans, [subscription.dagId]);
      all += taken.length;
      if (taken.length < most) return all;
    }
  }

  async #connect(): Promise<EventClient> {
    const client = await connectEventDatabase(await this.#options.connection(this.#id));
    client.once("end", () => {
      // Only an end that we did not request: otherwise a pass that fails would follow
      // without a pause.
      if (this.#client === client) this.loop.wake();
    });
    await listenForNotifications(client, () => this.loop.wake());
    return client;
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  /**
   * Writes the fault, or that there is none, to the subscriptions, where users see it.
   */
  async #report(error: string | null): Promise<void> {
    const subscriptionIds = this.#subscriptions
      .filter((subscription) => subscription.error !== error)
      .map(({ subscriptionId }) => subscriptionId);
    await setSubscriptionError(this.#options.db, subscriptionIds, error).catch(() => undefined);
  }
}
