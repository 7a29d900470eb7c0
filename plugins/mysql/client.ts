/** The client of the MySQL hook. Loaded by open.ts only: its package may be absent. */
import { type Sql, sql } from "dagsmith";
import {
  createPool,
  type FieldPacket,
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from "mysql2/promise";
import type { MysqlConfig } from "./config.ts";
import { kill } from "./kill.ts";
import { mysqlError } from "./mysql_error.ts";
import type { Mysql, MysqlSession } from "./session.ts";
import { boundStatement, jsonRow } from "./values.ts";

const MAX_CONNECTIONS = 4;
/** Without a strict mode, a value that does not fit its column is changed. */
const SETTINGS = `set time_zone = '+00:00', sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES')`;

/** Large numbers and dates as texts, which lose nothing. */
const AS_TEXT = {
  ...{ supportBigNumbers: true, bigNumberStrings: true },
  ...{ dateStrings: true, jsonStrings: true, charset: "utf8mb4" },
};

type Found = [RowDataPacket[] | ResultSetHeader, FieldPacket[] | undefined];

export class MysqlClient implements Mysql {
  readonly pool: Pool;
  readonly #config: MysqlConfig;
  readonly #signal: AbortSignal;
  readonly #settled = new WeakSet<object>();

  constructor(config: MysqlConfig, signal: AbortSignal) {
    this.#config = config;
    this.#signal = signal;
    this.pool = createPool({ ...config, ...AS_TEXT, connectionLimit: MAX_CONNECTIONS });
  }

  query<Row extends object>(statement: Sql): Promise<readonly Row[]> {
    return this.#borrow((session) => session.query<Row>(statement));
  }

  execute(statement: Sql): Promise<{ readonly rowCount: number }> {
    return this.#borrow((session) => session.execute(statement));
  }

  transaction<Result>(work: (session: MysqlSession) => Promise<Result>): Promise<Result> {
    return this.#borrow(async (session) => {
      await session.execute(sql`start transaction`);
      try {
        const result = await work(session);
        await session.execute(sql`commit`);
        return result;
      } catch (error) {
        await session.rollback();
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  async #borrow<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const connection = await this.#connect();
    const session = new Session(connection, this.#config, this.#signal);
    try {
      await this.#settle(connection, session);
      return await work(session);
    } finally {
      if (session.broken) connection.destroy();
      else connection.release();
    }
  }

  async #settle(connection: PoolConnection, session: Session): Promise<void> {
    const { threadId } = connection;
    const key = connection.connection;
    if (threadId === null || this.#settled.has(key)) return;
    await session.run(() => connection.query<ResultSetHeader>(SETTINGS));
    this.#settled.add(key);
  }

  async #connect(): Promise<PoolConnection> {
    this.#signal.throwIfAborted();
    const connecting = this.pool.getConnection();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = onAbort(this.#signal, () => reject(this.#signal.reason));
    try {
      return await Promise.race([connecting, aborted]);
    } catch (error) {
      // The connection may still come, and would hold the pool open.
      connecting.then(
        (late) => late.destroy(),
        () => undefined,
      );
      throw this.#signal.aborted ? this.#signal.reason : mysqlError(this.#config, error);
    } finally {
      stop();
    }
  }
}

/** One connection while it is borrowed. */
class Session implements MysqlSession {
  /** True when the connection cannot be used again. */
  broken = false;
  readonly #connection: PoolConnection;
  readonly #config: MysqlConfig;
  readonly #signal: AbortSignal;

  constructor(connection: PoolConnection, config: MysqlConfig, signal: AbortSignal) {
    this.#connection = connection;
    this.#config = config;
    this.#signal = signal;
  }

  async query<Row extends object>(statement: Sql): Promise<readonly Row[]> {
    const [rows, fields] = await this.#send(statement);
    if (!Array.isArray(rows)) return [];
    return rows.map((row) => jsonRow(row, fields ?? [])) as readonly object[] as readonly Row[];
  }

  async execute(statement: Sql): Promise<{ readonly rowCount: number }> {
    const [result] = await this.#send(statement);
    return { rowCount: Array.isArray(result) ? result.length : result.affectedRows };
  }

  /** Works on an aborted try too: the server must not keep its locks. */
  async rollback(): Promise<void> {
    if (this.broken) return;
    await this.#connection.query("rollback").catch(() => {
      this.broken = true;
    });
  }

  /** Ends with the try: the statement is killed on the server. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = onAbort(this.#signal, () => {
      // A killed statement may have ended before the kill, which then meets the next one.
      this.broken = true;
      void kill(this.#connection.threadId, this.#config).then(() => reject(this.#signal.reason));
    });
    try {
      return await Promise.race([work(), aborted]);
    } catch (error) {
      if (this.#signal.aborted) await aborted.catch(() => undefined);
      this.broken ||= isFatal(error);
      throw this.#signal.aborted ? this.#signal.reason : mysqlError(this.#config, error);
    } finally {
      stop();
    }
  }

  #send(statement: Sql): Promise<Found> {
    const { text, values } = boundStatement(statement);
    // Some statements cannot be prepared; those have no values.
    return this.run(async () => {
      if (values.length > 0) return (await this.#connection.execute(text, values)) as Found;
      return (await this.#connection.query(text)) as Found;
    });
  }
}

const isFatal = (error: unknown): boolean => (error as { readonly fatal?: unknown }).fatal === true;

/** @returns a function that stops listening */
function onAbort(signal: AbortSignal, act: () => void): () => void {
  signal.addEventListener("abort", act, { once: true });
  return () => signal.removeEventListener("abort", act);
}
