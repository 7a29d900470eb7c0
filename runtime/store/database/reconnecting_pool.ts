/**
 * The pool for graphile-worker. graphile-worker shuts down, or ends the process, when the
 * connection of a statement breaks. Each of its statements stands alone and may be repeated,
 * so here a statement outlives its connection.
 */
import type { Pool, PoolClient } from "pg";
import { isTransient, whileServerReturns } from "./connection_loss.ts";
import type { Database } from "./database.ts";

/** The same pool; its clients repeat a statement on another connection when theirs breaks. */
export function reconnectingPool({ pool, signal }: Database): Pool {
  // With a callback graphile-worker asks for the connection on which it listens; it watches
  // that one.
  const connect = (callback?: Parameters<Pool["connect"]>[0]): unknown =>
    callback ? pool.connect(callback) : reconnectingClient(pool, signal);
  return new Proxy(pool, {
    get: (target, key) => {
      if (key === "connect") return connect;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function reconnectingClient(
  pool: Pool,
  signal: AbortSignal | undefined,
): Promise<PoolClient> {
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
    return inTransaction ? send(args) : whileServerReturns(() => send(args), { signal });
  };
  return { query, release: () => client?.release() } as unknown as PoolClient;
}
