/** Ends a statement on the server. Loaded by the client only: its package may be absent. */
import { type Connection, createConnection } from "mysql2/promise";
import type { MysqlConfig } from "./config.ts";

const KILL_MS = 3_000;

/**
 * Kills what a thread of the server runs, over a connection of its own. Never rejects: the
 * connection of the statement is destroyed in any case, and the server ends what it ran.
 * @param limitMs how long it may take to connect, and then to kill
 */
export async function kill(
  threadId: number | null,
  config: MysqlConfig,
  limitMs = KILL_MS,
): Promise<void> {
  let messenger: Connection | undefined;
  try {
    messenger = await createConnection({ ...config, connectTimeout: limitMs });
    await messenger.query({ sql: `kill query ${Number(threadId)}`, timeout: limitMs });
  } catch {
    // The server may be gone, or hang.
  } finally {
    messenger?.destroy();
  }
}
