/**
 * The PostgreSQL hook's implementation on `pg`. Apart from hook.ts so that a DAG file
 * does not load it.
 */
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { identifier, joinSql, Sql, sql } from "dagsmith";
import {
  Client,
  DatabaseError,
  Pool,
  type PoolClient,
  type PoolConfig,
  type QueryResult,
} from "pg";
import { from as copyFromStream, to as copyToStream } from "pg-copy-streams";
import { connectError } from "./connect_error.ts";
import { ResultTypes } from "./results.ts";
import type { CopyCsvFormat, Postgres, PostgresSession } from "./session.ts";
import { isoTypes } from "./values/pool_types.ts";

const MAX_CONNECTIONS = 4;

/**
 * Opens a pool; connects when the first statement runs. `signal` cancels whatever runs.
 */
export function openPostgres(config: PoolConfig, signal: AbortSignal): Postgres {
  return new PgPostgres({ ...config, max: MAX_CONNECTIONS, types: isoTypes }, signal);
}

/**
 * The forms in which values are read, whatever the role or the database sets: the
 * defaults of PostgreSQL.
 */
const FORMS =
  "set datestyle = 'ISO'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 3";

class PgPostgres implements Postgres {
  readonly pool: Pool;
  readonly #config: PoolConfig;
  readonly #signal: AbortSignal;
  readonly #types = new ResultTypes();

  constructor(config: PoolConfig, signal: AbortSignal) {
    this.#config = config;
    this.#signal = signal;
    this.pool = new Pool({
      ...config,
      onConnect: async (client) => {
        await client.query(FORMS);
      },
    });
    // An idle connection that the server ends would otherwise end this process; the next
    // statement opens a new one.
    this.pool.on("error", () => {});
  }

  query<Row extends object>(statement: Sql): Promise<readonly Row[]> {
    return this.#borrow((session) => session.query<Row>(statement));
  }

  execute(statement: Sql): Promise<{ readonly rowCount: number }> {
    return this.#borrow((session) => session.execute(statement));
  }

  copyFrom(
    table: Sql,
    columns: readonly string[],
    source: AsyncIterable<Uint8Array | string>,
    format?: "text" | CopyCsvFormat,
  ): Promise<{ readonly rowCount: number }> {
    return this.#borrow((session) => session.copyFrom(table, columns, source, format));
  }

  transaction<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result> {
    return this.#borrow(async (session) => {
      await session.execute(sql`begin`);
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

  async copyTo(query: Sql, format: "text" | "csv" = "text"): Promise<Readable> {
    const text = withoutValues(
      sql`copy (${query}) to stdout with (format ${word(format)}${word(format === "csv" ? ", header" : "")})`,
    );
    return Readable.from(this.#copyOut(text), { objectMode: false });
  }

  async *#copyOut(text: string): AsyncGenerator<Buffer> {
    const client = await this.#connect();
    const stop = onAbort(this.#signal, () => cancel(client, this.#config));
    let ended = false;
    try {
      yield* client.query(copyToStream(text));
      ended = true;
    } catch (error) {
      throw this.#signal.aborted ? this.#signal.reason : error;
    } finally {
      stop();
      // A connection in the middle of a COPY cannot be used again.
      client.release(!ended);
    }
  }

  async #borrow<Result>(work: (session: PgSession) => Promise<Result>): Promise<Result> {
    const client = await this.#connect();
    const session = new PgSession(client, this.#types, this.#signal, () =>
      cancel(client, this.#config),
    );
    try {
      return await work(session);
    } finally {
      client.release(session.broken);
    }
  }

  async #connect(): Promise<PoolClient> {
    this.#signal.throwIfAborted();
    const client = await this.pool.connect().catch((error: unknown) => {
      throw this.#signal.aborted ? this.#signal.reason : connectError(this.#config, error);
    });
    // While it is borrowed, the pool does not listen: an ended connection shows as the
    // error of the statement that runs.
    if (client.listenerCount("error") === 0) client.on("error", () => {});
    return client;
  }
}

class PgSession implements PostgresSession {
  /** True when the connection cannot be used again. */
  broken = false;
  readonly #client: PoolClient;
  readonly #types: ResultTypes;
  readonly #signal: AbortSignal;
  readonly #cancel: () => Promise<void>;

  constructor(
    client: PoolClient,
    types: ResultTypes,
    signal: AbortSignal,
    cancelStatement: () => Promise<void>,
  ) {
    this.#client = client;
    this.#types = types;
    this.#signal = signal;
    this.#cancel = cancelStatement;
  }

  async query<Row extends object>(statement: Sql): Promise<readonly Row[]> {
    return (await this.#run(statement)).rows as readonly Row[];
  }

  async execute(statement: Sql): Promise<{ readonly rowCount: number }> {
    return { rowCount: (await this.#run(statement)).rowCount ?? 0 };
  }

  copyFrom(
    table: Sql,
    columns: readonly string[],
    source: AsyncIterable<Uint8Array | string>,
    format: "text" | CopyCsvFormat = "text",
  ): Promise<{ readonly rowCount: number }> {
    const names = joinSql(
      columns.map((column) => identifier(column)),
      ", ",
    );
    const copy = copyFromStream(
      withoutValues(sql`copy ${table} (${names}) from stdin${wordsOf(format)}`),
    );
    return this.#abortable(async () => {
      const flow = pipeline(
        Readable.from(source, { objectMode: false }),
        this.#client.query(copy),
        { signal: this.#signal },
      );
      flow.catch(() => {});
      // On an abort, the flow would wait for its source, which may be silent for ever;
      // the COPY itself ends.
      await finished(copy).catch(() =>
        this.#signal.aborted ? Promise.reject(this.#signal.reason) : flow,
      );
      return { rowCount: copy.rowCount };
    });
  }

  /**
   * Ends a transaction that failed. Works on an aborted try too: the server must not keep
   * its locks.
   */
  async rollback(): Promise<void> {
    await this.#client.query("rollback").catch(() => {
      this.broken = true;
    });
  }

  #run(statement: Sql): Promise<QueryResult> {
    const { text, values } = statement.render();
    return this.#abortable(() => this.#types.query(this.#client, text, [...values]));
  }

  async #abortable<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#signal.throwIfAborted();
    const stop = onAbort(this.#signal, this.#cancel);
    try {
      return await work();
    } catch (error) {
      // The server ends the connection after such an error; the pool may hand it out
      // before it notices.
      this.broken ||= error instanceof DatabaseError && error.severity !== "ERROR";
      throw this.#signal.aborted ? this.#signal.reason : error;
    } finally {
      stop();
    }
  }
}

/**
 * Asks the server, over a connection of its own, to cancel what `client` runs; cuts the
 * connection when that fails.
 */
async function cancel(client: PoolClient, config: PoolConfig): Promise<void> {
  const messenger = new Client(config);
  messenger.on("error", () => {});
  try {
    await messenger.connect();
    await messenger.query("select pg_cancel_backend($1)", [
      (client as PoolClient & { readonly processID: number }).processID,
    ]);
  } catch {
    client.end().catch(() => {});
  } finally {
    await messenger.end().catch(() => {});
  }
}

/**
 * @param act must never reject: nothing waits for it
 * @returns a function that stops listening
 */
function onAbort(signal: AbortSignal, act: () => Promise<void>): () => void {
  const listener = (): void => void act();
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** COPY takes no parameters: a statement for it may hold names, but no values. */
function withoutValues(statement: Sql): string {
  const { text, values } = statement.render();
  if (values.length > 0)
    throw new Error("COPY cannot bind values; put them into a temporary table or view first");
  return text;
}

/** The options of a COPY. */
function wordsOf(format: "text" | CopyCsvFormat): Sql {
  if (format === "text") return word("");
  const { delimiter, quote, nulls } = format;
  return word(
    ` with (format csv, header, encoding 'UTF8', delimiter ${literal(delimiter)}, quote ${literal(quote)}, null ${literal(nulls[0] ?? "")})`,
  );
}

/** COPY binds no values. The form is the same whatever standard_conforming_strings says. */
function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function word(text: string): Sql {
  return new Sql([text]);
}
