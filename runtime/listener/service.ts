/**
 * Follows the tables that DAGs name in `postgresChanges`, with one subscriber for each
 * connection that an active DAG names, and the queues that DAGs name in `messages`, with
 * one reader for each source.
 */
import { Loop } from "../service/loop.ts";
import { replaceConnectionsOf } from "../service/replace_connections.ts";
import { watch } from "../service/watchdog.ts";
import { Plans } from "../store/dags/plans.ts";
import { activeSubscriptions } from "../store/sources/change_subscription.ts";
import { activeMessageSources } from "../store/sources/message_source.ts";
import { MessageReader, type MessageReaderOptions } from "./message_reader.ts";
import { Subscriber, type SubscriberOptions } from "./subscriber.ts";

export type ListenerOptions = Omit<MessageReaderOptions, "plans">;

export interface ListenerService {
  /** Its background jobs. */
  loops(): readonly Loop[];
  /** Finishes the current pass. Idempotent. */
  stop(): Promise<void>;
}

/** How soon a DAG that was deployed, paused or unpaused is noticed. */
const LOOK_EVERY_MS = 1_000;

export function startListener(options: ListenerOptions): ListenerService {
  const plans = new Plans();
  const subscribers = new Map<string, Subscriber>();
  const readers = new Map<string, MessageReader>();
  const loop = new Loop(
    {
      name: "find_subscriptions",
      everyMs: LOOK_EVERY_MS,
      staggerMs: 0,
      runOnce: async () => {
        await follow(subscribers, { ...options, plans });
        await readMessages(readers, { ...options, plans });
        return 0;
      },
    },
    options.log,
  );
  loop.start();
  const followers = () => [...subscribers.values(), ...readers.values()];
  const loops = (): Loop[] => [loop, ...followers().map((one) => one.loop)];
  const { db, log } = options;
  const watchdog = watch(loops, { log, onLate: replaceConnectionsOf(db, log) });
  return {
    loops,
    stop: async () => {
      await Promise.all([watchdog.stop(), loop.stop()]);
      await Promise.all(followers().map((one) => one.stop()));
    },
  };
}

/** Starts the subscribers that are needed, and stops the others. */
async function follow(
  subscribers: Map<string, Subscriber>,
  options: SubscriberOptions,
): Promise<void> {
  const subscriptions = await activeSubscriptions(options.db, options.plans);
  const byConnection = Map.groupBy(subscriptions, ({ connection }) => connection);
  for (const [id, wanted] of byConnection) {
    const subscriber = subscribers.get(id);
    if (subscriber) subscriber.subscriptions = wanted;
    else subscribers.set(id, new Subscriber(id, wanted, options));
  }
  const unwanted = [...subscribers].filter(([id]) => !byConnection.has(id));
  for (const [id] of unwanted) subscribers.delete(id);
  await Promise.all(unwanted.map(([, subscriber]) => subscriber.stop()));
}

/** Starts the readers that are needed, and stops the others. */
async function readMessages(
  readers: Map<string, MessageReader>,
  options: MessageReaderOptions,
): Promise<void> {
  const sources = await activeMessageSources(options.db, options.plans);
  // A source that another version declares differently gets another reader.
  const wanted = new Map(sources.map((one) => [JSON.stringify([one.dagId, one.spec]), one]));
  const unwanted = [...readers].filter(([key]) => !wanted.has(key));
  for (const [key] of unwanted) readers.delete(key);
  await Promise.all(unwanted.map(([, reader]) => reader.stop()));
  for (const [key, source] of wanted)
    if (!readers.has(key)) readers.set(key, new MessageReader(source, options));
}
