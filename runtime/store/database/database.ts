/**
 * The only access to PostgreSQL: a pool that outlives a restart of the server, statements by name,
 * and transactions that are repeated after a broken connection.
 */
import type { Socket } from "node:net";
import type { Pool, PoolClient, QueryResultRow } from "pg";
import pg from "pg";
import {
  isTransient,
  type WaitListener,
  type WaitOptions,
  whileServerReturns,
} from "./connection_loss.ts";
import { POOL_SESSION, WAITING_SESSION } from "./session_settings.ts";

export { isTransient } from "./connection_loss.ts";

/** Ids and counts are bigint; they stay far below 2^53, so they are read as numbers. */
const INT8 = 20;
pg.types.setTypeParser(INT8, Number);

/** A statement without its values. By the `name` a connection keeps the plan. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs statements: the pool, or the connection of a transaction. Always the first argument. */
export interface Queryable {
  query<Row extends QueryResultRow>(
    statement: Statement,
    values?: readonly unknown[],
  ): Promise<readonly Row[]>;
}

/** A connection outside the pool. */
export type Session = pg.Client;

/** The database of one process. */
export interface Database extends Queryable {
  readonly url: string;
  /** Where sessions connect to; differs from `url` behind a pooler in transaction mode. */
  readonly directUrl: string;
  /** For graphile-worker: direct connections, which may listen. */
  readonly pool: Pool;
  /** Aborted to end the wait for a lost server. */
  readonly signal: AbortSignal | undefined;
  /**
   * Runs `work` in a transaction. After a broken connection, a deadlock or a serialization
   * failure all of `work` is repeated with growing pauses, so it must only query.
   */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** A connection outside the pool, for LISTEN and session locks. */
  session(): Promise<Session>;
  /**
   * Breaks every connection in hand. What waits on one is sent again over a new connection:
   * the cure for connections that fell silent.
   */
  replaceConnections(): void;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Most connections at once. Default 10. */
  readonly poolSize?: number;
  /** Aborted when the process stops: the wait for a lost server then ends with its error. */
  readonly signal?: AbortSignal;
  /**
   * The same database without a pooler, or through one in session mode. Set it when `url`
   * leads to a pooler in transaction mode: what listens or locks by session goes here, and
   * statements at `url` are sent without names. Default: `url`.
   */
  readonly directUrl?: string;
  readonly onWait?: WaitListener;
}

/** Longest wait for a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Longest wait for an answer, in milliseconds: longer than the server lets a statement run. */
const ANSWER_TIMEOUT_MS = 65_000;

/** Waits for the server in connect(), so that all work here outlives a restart. */
class ReconnectingPool extends pg.Pool {
  readonly #wait: WaitOptions;
  readonly #clients = new Set<PoolClient>();

  constructor(url: string, max: number, wait: WaitOptions) {
    super({
      connectionString: url,
      max,
      application_name: "dagsmith",
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      onConnect: async (client) => void (await client.query(POOL_SESSION)),
    });
    this.#wait = wait;
    // The next connect() replaces a broken idle connection. Without a listener it ends the process.
    this.on("error", () => undefined);
    this.on("connect", (client) => {
      client.on("error", () => undefined);
      this.#clients.add(client);
    });
    this.on("remove", (client) => this.#clients.delete(client));
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: Parameters<Pool["connect"]>[0]): void;
  override connect(callback?: Parameters<Pool["connect"]>[0]): unknown {
    if (callback) return super.connect(callback);
    return whileServerReturns(() => super.connect(), this.#wait);
  }

  breakConnections(): void {
    for (const client of this.#clients) socketOf(client).destroy();
  }
}

/** A silent peer answers no farewell, so only closing the socket ends what waits on it. */
function socketOf(client: PoolClient): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection
    .stream;
}

/** Opens the pool. Connects on first use. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { poolSize = 10, signal, directUrl, onWait } = options;
  const wait = { signal, onWait };
  const pool = new ReconnectingPool(url, poolSize, wait);
  const direct = directUrl === undefined ? pool : new ReconnectingPool(directUrl, poolSize, wait);
  // In transaction mode the next statement may reach another session, which knows no such name.
  const send: Send = directUrl === undefined ? sendNamed : sendUnnamed;
  const pools = new Set([pool, direct]);
  return {
    url,
    directUrl: directUrl ?? url,
    pool: direct,
    signal,
    query: (statement, values) => whileServerReturns(() => send(pool, statement, values), wait),
    transaction: (work) => whileServerReturns(() => inTransaction(pool, send, work), wait),
    session: () => openSession(directUrl ?? url),
    replaceConnections: () => {
      for (const one of pools) one.breakConnections();
    },
    close: async () => {
      for (const one of pools) await one.end();
    },
  };
}

async function openSession(url: string): Promise<Session> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "dagsmith session",
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on("error", () => undefined);
  await client.connect();
  await client.query(WAITING_SESSION);
  return client;
}

type Send = <Row extends QueryResultRow>(
  on: Pool | PoolClient,
  statement: Statement,
  values?: readonly unknown[],
) => Promise<readonly Row[]>;

const sendNamed: Send = async <Row extends QueryResultRow>(
  on: Pool | PoolClient,
  { name, text }: Statement,
  values: readonly unknown[] = [],
) => (await on.query<Row>({ name, text, values: [...values] })).rows;

const sendUnnamed: Send = async <Row extends QueryResultRow>(
  on: Pool | PoolClient,
  { text }: Statement,
  values: readonly unknown[] = [],
) => (await on.query<Row>(text, [...values])).rows;

async function inTransaction<Result>(
  pool: Pool,
  send: Send,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query("begin");
    const result = await work({ query: (statement, values) => send(client, statement, values) });
    await client.query("commit");
    return result;
  } catch (error) {
    broken = isTransient(error);
    if (!broken) await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release(broken);
  }
}
