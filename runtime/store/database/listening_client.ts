/**
 * The connection on which graphile-worker listens for jobs. It sends nothing while it
 * listens, so it would never learn that its peer fell silent: the worker would only poll,
 * and would wait at its end for the answer to UNLISTEN.
 */
import type { PoolClient } from "pg";
import { within } from "./answer_limit.ts";
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
 * on another. At release the connection is broken, too: that ends LISTEN without an
 * answer of the server.
 */
export function listeningClient(
  client: PoolClient,
  release: (destroy?: boolean) => void,
): Listening {
  const breakIt = (): void => void socketOf(client).destroy();
  const pinging = setInterval(() => {
    within(ANSWER_MS, "a ping of the listening connection", client.query("select")).catch(breakIt);
  }, PING_EVERY_MS).unref();
  return {
    client: withoutUnlisten(client),
    release: () => {
      clearInterval(pinging);
      breakIt();
      release(true);
    },
  };
}

/** The same client, apart from UNLISTEN, which the end of the connection replaces. */
const withoutUnlisten = (client: PoolClient): PoolClient =>
  replaceMethod(client, "query", async (...args: readonly unknown[]) =>
    String(args[0]).startsWith("UNLISTEN") ? undefined : Reflect.apply(client.query, client, args),
  );
