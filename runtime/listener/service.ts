/** Listens to the tables that DAGs name in `postgresChanges`: one follower for each connection, as long as a DAG that runs wants it. */
import { setTimeout as pause } from "node:timers/promises";
import { Plans } from "../store/dags/plans.ts";
import { listeningWatches } from "../store/sources/change_subscription.ts";
import { Follower, type FollowerOptions } from "./follower.ts";

export type ListenerOptions = Omit<FollowerOptions, "plans">;

export interface ListenerService {
  /** Finishes what is in hand. Idempotent. */
  stop(): Promise<void>;
}

/** How soon a DAG that was deployed, paused or unpaused is noticed. */
const LOOK_EVERY_MS = 1_000;

export function startListener(options: ListenerOptions): ListenerService {
  const plans = new Plans();
  const stopping = new AbortController();
  const followers = new Map<string, Follower>();

  const look = async (): Promise<void> => {
    const byConnection = Map.groupBy(
      await listeningWatches(options.db, plans),
      ({ connection }) => connection,
    );
    for (const [id, watches] of byConnection) {
      const follower = followers.get(id);
      if (follower) follower.watches = watches;
      else followers.set(id, new Follower(id, watches, { ...options, plans }));
    }
    const unwanted = [...followers].filter(([id]) => !byConnection.has(id));
    for (const [id] of unwanted) followers.delete(id);
    await Promise.all(unwanted.map(([, follower]) => follower.stop()));
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
    await Promise.all([...followers.values()].map((follower) => follower.stop()));
  };
  const done = loop();
  return {
    stop: () => {
      stopping.abort();
      return done;
    },
  };
}
