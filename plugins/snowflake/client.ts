/** The client of the Snowflake hook. Loaded by open.ts only: its package may be absent. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Json, type Sql, sql } from "dagsmith";
import type { Binds, Connection, RowStatement } from "snowflake-sdk";
import type { SnowflakeConfig } from "./config.ts";
import { login } from "./login.ts";
import type { Snowflake, SnowflakeSession } from "./session.ts";
import { snowflakeError } from "./snowflake_error.ts";
import { Sockets } from "./sockets.ts";
import { type BoundStatement, boundStatement, jsonRow } from "./values.ts";

/** Longest time for a cancel; a server that is silent answers none. */
const CANCEL_MS = 3_000;

/** A row as JSON, by the names of its columns. */
export type JsonRow = Readonly<Record<string, Json>>;

export class SnowflakeClient implements Snowflake {
  readonly #config: SnowflakeConfig;
  readonly #signal: AbortSignal;
  #session: Promise<Session> | undefined;

  constructor(config: SnowflakeConfig, signal: AbortSignal) {
    this.#config = config;
    this.#signal = signal;
  }

  async query<Row extends object>(statement: Sql): Promise<readonly Row[]> {
    return (await this.#own()).query<Row>(statement);
  }

  async execute(statement: Sql): Promise<{ readonly rowCount: number }> {
    return (await this.#own()).execute(statement);
  }

  async transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const session = await this.#open();
    try {
      await session.execute(sql`begin`);
      const result = await work(session);
      await session.execute(sql`commit`);
      return result;
    } finally {
      // Snowflake rolls back what a closed session did not commit.
      await session.close();
    }
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    await session?.close();
  }

  #own(): Promise<Session> {
    this.#session ??= this.#open().catch((error) => {
      // The next statement logs in again.
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  async #open(): Promise<Session> {
    const sockets = new Sockets();
    const connection = await login(this.#config, sockets, this.#signal);
    return new Session(connection, sockets, this.#config, this.#signal);
  }
}

interface Result {
  readonly rows: readonly JsonRow[];
  readonly rowCount: number;
}

/** One session, whose statements run one after the other in its transaction. */
export class Session implements SnowflakeSession {
  readonly #connection: Connection;
  readonly #sockets: Sockets;
  readonly #config: SnowflakeConfig;
  readonly #signal: AbortSignal;

  constructor(
    connection: Connection,
    sockets: Sockets,
    config: SnowflakeConfig,
    signal: AbortSignal,
  ) {
    this.#connection = connection;
    this.#sockets = sockets;
    this.#config = config;
    this.#signal = signal;
  }

  async query<Row extends object>(statement: Sql): Promise<readonly Row[]> {
    const { rows } = await this.run(boundStatement(statement));
    return rows as readonly object[] as readonly Row[];
  }

  async execute(statement: Sql): Promise<{ readonly rowCount: number }> {
    const { rowCount } = await this.run(boundStatement(statement));
    return { rowCount };
  }

  /** Ends with the try: the statement is cancelled in Snowflake. */
  async run(statement: BoundStatement): Promise<Result> {
    this.#signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const running = this.#sockets.run(() => this.#send(statement, resolve, reject));
    const cancel = () =>
      void this.#sockets.run(() => cancelled(running)).then(() => reject(this.#signal.reason));
    this.#signal.addEventListener("abort", cancel, { once: true });
    try {
      return await promise;
    } catch (error) {
      throw this.#signal.aborted ? this.#signal.reason : snowflakeError(this.#config, error);
    } finally {
      this.#signal.removeEventListener("abort", cancel);
    }
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sockets.run(() => this.#connection.destroy(() => resolve()));
    await Promise.race([promise, sleep(CANCEL_MS, undefined, { ref: false })]);
    this.#sockets.end();
  }

  #send(
    { text, values }: BoundStatement,
    resolve: (result: Result) => void,
    reject: (error: unknown) => void,
  ): RowStatement {
    const binds = values.length > 0 ? { binds: values as Binds } : {};
    return this.#connection.execute({
      ...{ sqlText: text, ...binds },
      complete: (error, done, rows) =>
        error ? reject(error) : resolve(resultOf(done as RowStatement, rows ?? [])),
    }) as RowStatement;
  }
}

function resultOf(done: RowStatement, rows: readonly (readonly unknown[])[]): Result {
  const columns = (done.getColumns() ?? []).map((column) => ({
    ...{ name: column.getName(), type: column.getType(), scale: column.getScale() },
  }));
  return {
    rows: rows.map((row) => jsonRow(row, columns)),
    rowCount: countOf(done),
  };
}

/** The client gives -1 for the changes of a statement that changes none. */
function countOf(done: RowStatement): number {
  const changed = done.getNumUpdatedRows() ?? -1;
  return changed >= 0 ? changed : (done.getNumRows() ?? 0);
}

/** Never rejects: the statement may have ended, or its server may be gone. */
async function cancelled(running: RowStatement): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  running.cancel(() => resolve());
  await Promise.race([promise, sleep(CANCEL_MS, undefined, { ref: false })]);
}
