/**
 * The pool for graphile-worker. graphile-worker shuts down, or ends the process, when the
 * connection of a statement breaks. Each of its statements stands alone and may be
 * repeated, so here a statement outlives its connection.
 */
import type { Pool, PoolClient } from "pg";
import { isTransient, type WaitOptions, whileServerReturns } from "./connection_loss.ts";
import type { Database } from "./database.ts";
import { listeningClient } from "./listening_client.ts";
import { replaceMethod } from "./replace_method.ts";

/**
 * The same pool; its clients repeat a statement on another connection when theirs breaks.
 * With a callback graphile-worker asks for the connection on which it listens.
 */
export function reconnectingPool({ pool, wait }: Database): Pool {
  const connect = (callback?: Connected): unknown =>
    callback ? listen(pool, wait, callback) : reconnectingClient(pool, wait);
  return replaceMethod(pool, "connect", connect);
}

type Connected = Parameters<Pool["connect"]>[0];

function listen(pool: Pool, wait: WaitOptions, callback: Connected): void {
  pool.connect((error, client, release) => {
    if (!client) return callback(error, client, release);
    const listening = listeningClient(client, release, wait);
    callback(undefined, listening.client, listening.release);
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
