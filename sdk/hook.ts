/**
 * Hooks: typed clients of outside systems. A hook opens its client from a connection
 * while a task runs, and closes it when the try ends.
 */
import type { Connection } from "./connection.ts";
import { DagsmithError } from "./errors.ts";
import type { TaskLog } from "./task/task_log.ts";

/**
 * What a hook may use to open a client.
 * @example
 * const open = ({ host }: Connection, { signal }: HookContext) =>
 *   connect(host, { signal });
 */
export interface HookContext {
  /** Aborted when the try is cancelled or times out, or when its worker stops. */
  readonly signal: AbortSignal;
  /** The log of the try. */
  readonly log: TaskLog;
}

/**
 * How to make a client from a connection.
 * @typeParam Client the type of the client
 * @example
 * const redis: HookDefinition<Redis> = {
 *   types: ["redis"],
 *   open: ({ host }) => connect(host),
 *   close: (client) => client.quit(),
 * };
 */
export interface HookDefinition<Client> {
  /** The types of connection that this hook accepts; the first is the usual one. */
  readonly types: readonly [string, ...string[]];
  /** Opens a client. An error fails the try. */
  readonly open: (connection: Connection, context: HookContext) => Client | Promise<Client>;
  /** Called once when the try ends, in whatever state. */
  readonly close?: (client: Client) => void | Promise<void>;
}

/**
 * A hook together with the id of a connection. `await hook(ref)` in a task gives its
 * client.
 * @example const cache: HookRef<Redis> = redisHook("cache");
 */
export interface HookRef<Client> {
  /** The id of the connection. */
  readonly connectionId: string;
  /** How to make the client. */
  readonly definition: HookDefinition<Client>;
}

/**
 * Defines a hook: returns a function from connection id to {@link HookRef}.
 * @example
 * export const redisHook = defineHook({
 *   types: ["redis"],
 *   open: ({ host }) => connect(host),
 *   close: (client) => client.quit(),
 * });
 * // in a task: const redis = await hook(redisHook("cache"));
 */
export function defineHook<Client>(
  definition: HookDefinition<Client>,
): (connectionId: string) => HookRef<Client> {
  return (connectionId) => ({ connectionId, definition });
}

/**
 * Opens the client of a hook from its connection.
 * @throws DagsmithError WRONG_CONNECTION_TYPE
 */
export async function openHook<Client>(
  ref: HookRef<Client>,
  connection: Connection,
  context: HookContext,
): Promise<Client> {
  const { types, open } = ref.definition;
  if (!types.includes(connection.type)) {
    throw new DagsmithError("WRONG_CONNECTION_TYPE", {
      id: connection.id,
      found: connection.type,
      expected: types.join(" or "),
    });
  }
  return open(connection, context);
}
