/**
 * The connections of a process: a pool that outlives a restart of the server, and single
 * sessions.
 */
import type { Pool, PoolClient } from "pg";
import pg from "pg";
import { within } from "./answer_limit.ts";
import { type WaitOptions, whileServerReturns } from "./connection_loss.ts";
import { PlanRefresh } from "./plan_refresh.ts";
import { poolSession, waitingSession } from "./session_settings.ts";
import { socketOf } from "./socket.ts";

/** Longest wait for a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
/**
 * Longest wait for an answer, in milliseconds: longer than the server lets a statement
 * run.
 */
const ANSWER_TIMEOUT_MS = 65_000;

const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

export interface PoolOptions {
  readonly url: string;
  /** Most connections at once. */
  readonly size: number;
  /** The application_name of its sessions. */
  readonly sessionName: string;
  readonly wait: WaitOptions;
  /**
   * Whether statements are sent while the answers to earlier ones are awaited. Off behind
   * a pooler.
   */
  readonly pipeline: boolean;
}

/** Waits for the server in connect(), so that all work here outlives a restart. */
export class ReconnectingPool extends pg.Pool {
  readonly #wait: WaitOptions;
  readonly #clients = new Set<PoolClient>();
  readonly #plans = new PlanRefresh();

  constructor({ url, size, sessionName, wait, pipeline }: PoolOptions) {
    super({
      ...KEEP_ALIVE,
      connectionString: url,
      max: size,
      pipeline,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      onConnect: async (client) => void (await client.query(poolSession(sessionName))),
    });
    this.#wait = wait;
    // The next connect() replaces a broken idle connection. Without a listener it ends
    // the process.
    this.on("error", () => undefined);
    this.on("connect", (client) => {
      client.on("error", () => undefined);
      this.#clients.add(client);
    });
    this.on("remove", (client) => this.#clients.delete(client));
    this.on("release", (error, client) => {
      if (!error) this.#plans.refresh(client);
    });
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: Parameters<Pool["connect"]>[0]): void;
  override connect(callback?: Parameters<Pool["connect"]>[0]): unknown {
    if (callback) return super.connect(callback);
    return whileServerReturns(() => super.connect(), this.#wait);
  }

  /**
   * A silent peer answers no farewell, so only closing the socket ends what waits on it.
   */
  breakConnections(): void {
    for (const client of this.#clients) socketOf(client).destroy();
  }
}

/** A connection outside the pool. */
export type Session = pg.Client;

/**
 * A session that may wait for a lock as long as it takes.
 * @param connectWithinMs longest wait for the connection, in milliseconds. Default 10 s
 */
export async function openSession(
  url: string,
  sessionName: string,
  connectWithinMs: number = CONNECT_TIMEOUT_MS,
): Promise<Session> {
  const client = new pg.Client({ ...KEEP_ALIVE, connectionString: url });
  client.on("error", () => undefined);
  try {
    await within(connectWithinMs, "the connection to the database", connected(client, sessionName));
  } catch (error) {
    breakSession(client);
    throw error;
  }
  return client;
}

async function connected(client: Session, sessionName: string): Promise<void> {
  await client.connect();
  await client.query(waitingSession(sessionName));
}

/** Ends a session whose peer may be silent: no farewell is sent or waited for. */
export function breakSession(session: Session): void {
  socketOf(session).destroy();
}
