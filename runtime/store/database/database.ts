/**
 * The only access to PostgreSQL: a pool that outlives a restart of the server, statements
 * by name, and transactions that are repeated after a broken connection.
 */
import { randomBytes } from "node:crypto";
import type { Pool, PoolClient, QueryResultRow } from "pg";
import pg from "pg";
import {
  isTransient,
  type WaitListener,
  type WaitOptions,
  whileServerReturns,
} from "./connection_loss.ts";
import { Patience } from "./patience.ts";
import { openSession, ReconnectingPool, type Session } from "./pool.ts";
import { POOLED_BEGIN } from "./session_settings.ts";
import { storable } from "./storable.ts";

export { isTransient } from "./connection_loss.ts";

/** Ids and counts are bigint; they stay far below 2^53, so they are read as numbers. */
const INT8 = 20;
pg.types.setTypeParser(INT8, Number);

/** A statement without its values. By the `name` a connection keeps the plan. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * Runs statements: the pool, or the connection of a transaction. Always the first
 * argument.
 */
export interface Queryable {
  query<Row extends QueryResultRow>(
    statement: Statement,
    values?: readonly unknown[],
  ): Promise<readonly Row[]>;
}

/** The database of one process. */
export interface Database extends Queryable {
  readonly url: string;
  /**
   * Where sessions connect to; differs from `url` behind a pooler in transaction mode.
   */
  readonly directUrl: string;
  /** For graphile-worker: direct connections, which may listen. */
  readonly pool: Pool;
  /**
   * The application_name of all sessions of this process. It is random, so that no
   * session of another process or another deployment has it.
   */
  readonly sessionName: string;
  /** How its statements wait for a lost server. */
  readonly wait: WaitOptions;
  /**
   * Runs `work` in a transaction. After a broken connection, a deadlock or a
   * serialization failure all of `work` is repeated with growing pauses, so it must only
   * query.
   */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /**
   * A connection outside the pool, for LISTEN and session locks.
   * @param connectWithinMs longest wait for it, in milliseconds. Default 10 s
   */
  session(connectWithinMs?: number): Promise<Session>;
  /**
   * Breaks every connection in hand. What waits on one is sent again over a new
   * connection: the cure for connections that fell silent.
   */
  replaceConnections(): void;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Most connections at once. Default 10. */
  readonly poolSize?: number;
  /** Aborted: nothing waits for a lost server, and its error is final. */
  readonly signal?: AbortSignal;
  /**
   * Aborted when the process is asked to stop: the database is given up as soon as
   * something waits for it longer than 5 s. Default: never.
   */
  readonly stop?: AbortSignal;
  /**
   * The same database without a pooler, or through one in session mode. Set it when `url`
   * leads to a pooler in transaction mode: what listens or locks by session goes here,
   * and statements at `url` are sent without names. Default: `url`.
   */
  readonly directUrl?: string;
  readonly onWait?: WaitListener;
}

/**
 * What a pooler in transaction mode leaves to direct connections: the queue, which
 * listens.
 */
const DIRECT_POOL_SIZE = 4;

/** Opens the pool. Connects on first use. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { poolSize = 10, stop, directUrl, onWait } = options;
  const patience = new Patience(stop);
  const wait = { signal: options.signal ?? patience.over, onWait, patience };
  const sessionName = `dagsmith ${randomBytes(8).toString("hex")}`;
  const pipeline = directUrl === undefined;
  const pool = new ReconnectingPool({ url, size: poolSize, sessionName, wait, pipeline });
  const direct =
    directUrl === undefined
      ? pool
      : new ReconnectingPool({
          ...{ url: directUrl, size: DIRECT_POOL_SIZE, sessionName, wait, pipeline },
        });
  const pools = new Set([pool, direct]);
  const breakAll = (): void => {
    for (const one of pools) one.breakConnections();
  };
  patience.over.addEventListener("abort", breakAll, { once: true });
  const mode = directUrl === undefined ? SESSIONS : TRANSACTIONS;
  return {
    url,
    directUrl: directUrl ?? url,
    sessionName,
    pool: direct,
    wait,
    query: (statement, values) =>
      whileServerReturns(() => mode.send(pool, statement, values), wait),
    transaction: (work) => whileServerReturns(() => inTransaction(pool, mode, work), wait),
    session: (connectWithinMs) =>
      patience.limit(() => openSession(directUrl ?? url, sessionName, connectWithinMs)),
    replaceConnections: breakAll,
    close: async () => {
      for (const one of pools) await patience.limit(() => one.end()).catch(() => undefined);
    },
  };
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
) => (await on.query<Row>({ name, text, values: storable(values) })).rows;

const sendUnnamed: Send = async <Row extends QueryResultRow>(
  on: Pool | PoolClient,
  { text }: Statement,
  values: readonly unknown[] = [],
) => (await on.query<Row>(text, storable(values))).rows;

/** How statements are sent. */
interface Mode {
  readonly send: Send;
  readonly begin: string;
  /** Statements of a transaction, which may be asked for before earlier ones are answered. */
  readonly onOneConnection: (client: PoolClient) => Queryable;
}

/** A connection is a session of the server, and statements are pipelined. */
const SESSIONS: Mode = {
  send: sendNamed,
  begin: "begin",
  onOneConnection: (client) => ({
    query: (statement, values) => sendNamed(client, statement, values),
  }),
};

/** A pooler: the next statement may reach another session, which knows no such name. */
const TRANSACTIONS: Mode = {
  send: sendUnnamed,
  begin: POOLED_BEGIN,
  onOneConnection: (client) => oneByOne(client),
};

/** Sends each statement after the answer to the one before. */
function oneByOne(client: PoolClient): Queryable {
  let before: Promise<unknown> = Promise.resolve();
  return {
    query: <Row extends QueryResultRow>(statement: Statement, values?: readonly unknown[]) => {
      const answer = before.then(() => sendUnnamed<Row>(client, statement, values));
      before = answer.catch(() => undefined);
      return answer;
    },
  };
}

async function inTransaction<Result>(
  pool: Pool,
  mode: Mode,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query(mode.begin);
    const result = await work(mode.onOneConnection(client));
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
