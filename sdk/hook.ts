/** A hook: a typed client of one outside system, opened from a connection while a task runs and closed when its try ends. */
import type { Connection } from "./connection.ts";
import { DagsmithError } from "./errors.ts";
import type { TaskLog } from "./task/task_log.ts";

/** What opening a client may use. */
export interface HookContext {
  /** Aborted when the try is cancelled, times out, or its worker stops. */
  readonly signal: AbortSignal;
  readonly log: TaskLog;
}

/** How to make a client of type `Client` from a connection. */
export interface HookDefinition<Client> {
  /** The connection types that this hook accepts, the first being the usual one. */
  readonly types: readonly [string, ...string[]];
  readonly open: (connection: Connection, context: HookContext) => Client | Promise<Client>;
  /** Called once when the try ends, however it ends. */
  readonly close?: (client: Client) => void | Promise<void>;
}

/** A hook bound to a connection id; `await hook(ref)` in a task gives its client. */
export interface HookRef<Client> {
  readonly connectionId: string;
  readonly definition: HookDefinition<Client>;
}

/**
 * Defines a hook: returns a function from connection id to {@link HookRef}.
 * @example
 * export const redisHook = defineHook({ types: ["redis"], open: ({ host }) => connect(host), close: (client) => client.quit() });
 * // in a task: const redis = await hook(redisHook("cache"));
 */
export function defineHook<Client>(
  definition: HookDefinition<Client>,
): (connectionId: string) => HookRef<Client> {
  return (connectionId) => ({ connectionId, definition });
}

/**
 * Opens the client of a hook from a connection that was looked up for it.
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
