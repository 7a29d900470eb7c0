/**
 * The connection on which graphile-worker listens for jobs. It sends nothing while it
 * listens, so it would never learn that its peer fell silent, and the worker would only
 * poll.
 */
import type { PoolClient } from "pg";
import { within } from "./answer_limit.ts";
import type { WaitOptions } from "./connection_loss.ts";
import { replaceMethod } from "./replace_method.ts";
import { socketOf } from "./socket.ts";

const PING_EVERY_MS = 5_000;
const ANSWER_MS = 5_000;

/** A connection, and how its user gives it back. */
interface Listening {
  readonly client: PoolClient;
  readonly release: () => void;
}

/**
 * Pings the connection, and breaks it when no answer comes: graphile-worker then listens
 * on another.
 */
export function listeningClient(
  client: PoolClient,
  release: () => void,
  wait: WaitOptions,
): Listening {
  const breakIt = (): void => void socketOf(client).destroy();
  const pinging = setInterval(() => {
    within(ANSWER_MS, "a ping of the listening connection", client.query("select")).catch(breakIt);
  }, PING_EVERY_MS).unref();
  return {
    client: limited(client, wait),
    release: () => {
      clearInterval(pinging);
      release();
    },
  };
}

/** graphile-worker would wait for ever for the answer to its UNLISTEN. */
const limited = (client: PoolClient, { patience }: WaitOptions): PoolClient =>
  replaceMethod(client, "query", (...args: readonly unknown[]): Promise<unknown> => {
    const sent = (): Promise<unknown> => Reflect.apply(client.query, client, args);
    return patience ? patience.limit(sent) : sent();
  });
