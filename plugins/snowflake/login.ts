/** A session of Snowflake, logged in. Loaded by client.ts only: its package may be absent. */
import { setTimeout as sleep } from "node:timers/promises";
import snowflake, { type Connection } from "snowflake-sdk";
import type { SnowflakeConfig } from "./config.ts";
import { placeOf, snowflakeError } from "./snowflake_error.ts";
import type { Sockets } from "./sockets.ts";

// Otherwise the client writes a log file into the folder of the process.
snowflake.configure({ logLevel: "OFF" });

/**
 * Logs in. The client repeats a login for five minutes and cannot be told to stop: the
 * limit and the signal end the wait for it, and its connections.
 */
export async function login(
  config: SnowflakeConfig,
  sockets: Sockets,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const connection = snowflake.createConnection(optionsOf(config));
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  sockets.run(() => connection.connect((error) => (error ? reject(error) : resolve(connection))));
  const over = new AbortController();
  const limit = limited(config, AbortSignal.any([signal, over.signal]));
  try {
    return await Promise.race([promise, limit]);
  } catch (error) {
    sockets.end();
    throw signal.aborted ? signal.reason : snowflakeError(config, error);
  } finally {
    over.abort();
  }
}

/** Rejects when the time for the login is over, or when the signal aborts. */
async function limited(config: SnowflakeConfig, signal: AbortSignal): Promise<never> {
  await sleep(config.loginTimeoutMs, undefined, { signal });
  throw new Error(
    `Snowflake ${placeOf(config)}: no login within ${config.loginTimeoutMs / 1_000} s; check account and host of the connection`,
  );
}

function optionsOf({ loginTimeoutMs: _, privateKey, ...config }: SnowflakeConfig) {
  const session = { rowMode: "array" as const, fetchAsString: ["Number" as const] };
  const key = privateKey && { authenticator: "SNOWFLAKE_JWT", privateKey };
  return { ...config, ...session, ...key };
}
