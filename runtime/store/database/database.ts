/**
 * The one door to PostgreSQL: a pool that outlives a restart of the server, statements by name, transactions, and the rule by which a
 * broken connection is told from a broken statement.
 */
import type { Pool, PoolClient, QueryResultRow } from "pg";
import pg from "pg";
import { isTransient, whileServerReturns } from "./connection_loss.ts";

export { isTransient } from "./connection_loss.ts";

/** Ids are identity columns and stay far below 2^53, so they are read as numbers; counts likewise. */
const INT8 = 20;
pg.types.setTypeParser(INT8, Number);

/** A statement with its values apart. `name` lets the server keep its plan. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs statements: the pool, or one connection inside a transaction. Always passed first. */
export interface Queryable {
  query<Row extends QueryResultRow>(
    statement: Statement,
    values?: readonly unknown[],
  ): Promise<readonly Row[]>;
}

/** A connection of its own, which nothing else uses. */
export type Session = pg.Client;

/** The database of one process. */
export interface Database extends Queryable {
  readonly url: string;
  /** For graphile-worker, which shares these connections. */
  readonly pool: Pool;
  /** Aborted when waiting for a lost server is to end. */
  readonly signal: AbortSignal | undefined;
  /**
   * Runs `work` in a transaction. When the connection breaks or the server asks for it (deadlock, serialization), all of it is run again
   * with growing pauses, so `work` must do nothing but query.
   */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** A connection of its own outside the pool, for LISTEN and session locks. */
  session(): Promise<Session>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Most connections at once. Default 10. */
  readonly poolSize?: number;
  /** Aborted when the process is to stop: waiting for a lost server then ends with its error. */
  readonly signal?: AbortSignal;
}

/** Waits for the server inside connect(), which carries everything here over a restart. */
class ReconnectingPool extends pg.Pool {
  patience: AbortSignal | undefined;

  override connect(): Promise<PoolClient>;
  override connect(callback: Parameters<Pool["connect"]>[0]): void;
  override connect(callback?: Parameters<Pool["connect"]>[0]): unknown {
    if (callback) return super.connect(callback);
    return whileServerReturns(() => super.connect(), this.patience);
  }
}

/**
 * The queue's table goes from empty to full and back within seconds, faster than statistics follow; the planner then reads and sorts all of
 * it for each fetch (measured: 12,000 rows read for each 32 jobs fetched). Every statement here has an index in the order it needs.
 */
const INDEX_PLANS = "-c enable_seqscan=off -c enable_bitmapscan=off";

/** Opens the pool. Connects on first use. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new ReconnectingPool({
    connectionString: url,
    max: options.poolSize ?? 10,
    application_name: "dagsmith",
    keepAlive: true,
    options: INDEX_PLANS,
  });
  pool.patience = options.signal;
  // An idle connection that breaks is replaced by the next connect(); without a listener it would end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return {
    url,
    pool,
    signal: options.signal,
    query: (statement, values) =>
      whileServerReturns(() => run(pool, statement, values), options.signal),
    transaction: (work) => whileServerReturns(() => inTransaction(pool, work), options.signal),
    session: async () => {
      const client = new pg.Client({
        connectionString: url,
        application_name: "dagsmith session",
        keepAlive: true,
      });
      client.on("error", () => undefined);
      await client.connect();
      return client;
    },
    close: () => pool.end(),
  };
}

async function run<Row extends QueryResultRow>(
  on: Pool | PoolClient,
  statement: Statement,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return (await on.query<Row>({ name: statement.name, text: statement.text, values: [...values] }))
    .rows;
}

async function inTransaction<Result>(
  pool: Pool,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query("begin");
    const result = await work({ query: (statement, values) => run(client, statement, values) });
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
