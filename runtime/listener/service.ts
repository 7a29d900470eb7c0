/** Listens to the tables that DAGs name in `postgresChanges`: one subscriber for each connection, as long as a DAG that runs wants it. */
import { setTimeout as pause } from "node:timers/promises";
import { Plans } from "../store/dags/plans.ts";
import { listeningWatches } from "../store/sources/change_subscription.ts";
import { Subscriber, type SubscriberOptions } from "./subscriber.ts";

export type ListenerOptions = Omit<SubscriberOptions, "plans">;

export interface ListenerService {
  /** Finishes what is in hand. Idempotent. */
  stop(): Promise<void>;
}

/** How soon a DAG that was deployed, paused or unpaused is noticed. */
const LOOK_EVERY_MS = 1_000;

export function startListener(options: ListenerOptions): ListenerService {
  const plans = new Plans();
  const stopping = new AbortController();
  const subscribers = new Map<string, Subscriber>();

  const look = async (): Promise<void> => {
    const byConnection = Map.groupBy(
      await listeningWatches(options.db, plans),
      ({ connection }) => connection,
    );
    for (const [id, watches] of byConnection) {
      const subscriber = subscribers.get(id);
      if (subscriber) subscriber.watches = watches;
      else subscribers.set(id, new Subscriber(id, watches, { ...options, plans }));
    }
    const unwanted = [...subscribers].filter(([id]) => !byConnection.has(id));
    for (const [id] of unwanted) subscribers.delete(id);
    await Promise.all(unwanted.map(([, subscriber]) => subscriber.stop()));
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) =>
        options.log("listening failed", {
          reason: error instanceof Error ? error.message : String(error),
        }),
      );
      await pause(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await Promise.all([...subscribers.values()].map((subscriber) => subscriber.stop()));
  };
  const done = loop();
  return {
    stop: () => {
      stopping.abort();
      return done;
    },
  };
}
