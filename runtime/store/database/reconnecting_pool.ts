/**
 * The pool for graphile-worker. graphile-worker shuts down, or ends the process, when the
 * connection of a statement breaks. Each of its statements stands alone and may be
 * repeated, so here a statement outlives its connection.
 */
import type { Pool, PoolClient } from "pg";
import { isTransient, type WaitOptions, whileServerReturns } from "./connection_loss.ts";
import type { Database } from "./database.ts";

/**
 * The same pool; its clients repeat a statement on another connection when theirs breaks.
 */
export function reconnectingPool({ pool, wait }: Database): Pool {
  const connect = (callback?: Connected): unknown =>
    callback
      ? pool.connect((error, client, release) =>
          callback(error, client && listeningClient(client, wait), release),
        )
      : reconnectingClient(pool, wait);
  return replacing(pool, "connect", connect);
}

type Connected = Parameters<Pool["connect"]>[0];

/**
 * With a callback graphile-worker asks for the connection on which it listens. It watches
 * that one, but it would wait for ever for the answer to its farewell.
 */
function listeningClient(client: PoolClient, { patience }: WaitOptions): PoolClient {
  const query = (...args: readonly unknown[]): Promise<unknown> => {
    const sent = (): Promise<unknown> => Reflect.apply(client.query, client, args);
    return patience ? patience.limit(sent) : sent();
  };
  return replacing(client, "query", query);
}

/** The same object, apart from one method. */
function replacing<Target extends object>(
  object: Target,
  method: keyof Target,
  by: unknown,
): Target {
  return new Proxy(object, {
    get: (target, key) => {
      if (key === method) return by;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function reconnectingClient(pool: Pool, wait: WaitOptions): Promise<PoolClient> {
  let client: PoolClient | undefined = await pool.connect();
  let inTransaction = false;
  const send = async (args: readonly unknown[]): Promise<unknown> => {
    client ??= await pool.connect();
    try {
      return await Reflect.apply(client.query, client, args);
    } catch (error) {
      if (isTransient(error) && !inTransaction) {
        client.release(true);
        client = undefined;
      }
      throw error;
    }
  };
  const query = (...args: readonly unknown[]): Promise<unknown> => {
    // The statements of a migration must fail together.
    const [text] = args;
    if (typeof text === "string" && /^\s*(begin|commit|rollback)/i.test(text))
      inTransaction = /^\s*begin/i.test(text);
    return inTransaction ? send(args) : whileServerReturns(() => send(args), wait);
  };
  return { query, release: () => client?.release() } as unknown as PoolClient;
}
