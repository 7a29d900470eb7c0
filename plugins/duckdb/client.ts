/** The client of DuckDB. Loaded by open.ts only: its package may be absent. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBMaterializedResult,
  ResultReturnType,
} from "@duckdb/node-api";
import { FailTask, type Sql, sql } from "dagsmith";
import { duckdbError } from "./error.ts";
import { copyInto, viewOf } from "./format.ts";
import type { OpenDuckdb } from "./session.ts";
import type { DuckdbSettings } from "./settings.ts";
import { boundValue, jsonValue } from "./values.ts";

/** How often an aborted statement is interrupted until it ends. */
const INTERRUPT_MS = 50;

/** Opens a database, and a folder for its temporary files. */
export async function openClient(
  settings: DuckdbSettings,
  signal: AbortSignal,
): Promise<OpenDuckdb> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-duckdb-"));
  const place = settings.file ?? "in memory";
  try {
    const options = optionsOf(settings, folder);
    const instance = await DuckDBInstance.create(settings.file ?? ":memory:", options);
    const client = new Client(place, folder, instance, await instance.connect(), signal);
    // The zone of the machine would change what casts of dates and times give.
    await client.execute(sql`set timezone = 'UTC'`);
    return client;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error instanceof FailTask || signal.aborted ? error : duckdbError(place, error);
  }
}

function optionsOf(settings: DuckdbSettings, folder: string): Record<string, string> {
  const { isReadOnly, memoryLimit, threads } = settings;
  return {
    temp_directory: join(folder, "spilled"),
    memory_limit: memoryLimit,
    ...(isReadOnly && { access_mode: "READ_ONLY" }),
    ...(threads !== undefined && { threads: String(threads) }),
  };
}

class Client implements OpenDuckdb {
  readonly folder: string;
  readonly #place: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal;

  constructor(
    place: string,
    folder: string,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    signal: AbortSignal,
  ) {
    this.folder = folder;
    this.#place = place;
    this.#instance = instance;
    this.#connection = connection;
    this.#signal = signal;
  }

  query<Row extends object>(statement: Sql): Promise<readonly Row[]> {
    return this.#interruptible(async () => {
      const result = await this.#run(statement);
      return (await result.convertRowObjects(jsonValue)) as readonly object[] as readonly Row[];
    });
  }

  execute(statement: Sql): Promise<{ readonly rowCount: number }> {
    return this.#interruptible(async () => {
      const result = await this.#run(statement);
      const isChange = result.returnType === ResultReturnType.CHANGED_ROWS;
      return { rowCount: isChange ? result.rowsChanged : result.rowCount };
    });
  }

  async view(name: string, files: string | readonly string[]): Promise<void> {
    await this.execute(viewOf(name, [files].flat()));
  }

  async copyTo(query: Sql, path: string): Promise<{ readonly rowCount: number }> {
    return this.execute(copyInto(query, path));
  }

  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.execute(sql`begin`);
    try {
      const result = await work();
      await this.execute(sql`commit`);
      return result;
    } catch (error) {
      // Works on an aborted try too: the file must not keep half of the work.
      await this.#connection.run("rollback").catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #run(statement: Sql): Promise<DuckDBMaterializedResult> {
    const { text, values } = statement.render();
    const statements = await this.#connection.extractStatements(text);
    // The library would bind the values to the last one only.
    if (statements.count !== 1)
      throw new FailTask(
        `DuckDB runs one statement at a time, not ${statements.count}. Give a list.`,
      );
    const prepared = await statements.prepare(0);
    try {
      const bound = values.map(boundValue);
      prepared.bind(
        bound.map(({ value }) => value),
        bound.map(({ type }) => type),
      );
      return await prepared.run();
    } finally {
      prepared.destroySync();
    }
  }

  async #interruptible<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#signal.throwIfAborted();
    const stop = onAbort(this.#signal, () => this.#connection.interrupt());
    try {
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error instanceof FailTask ? error : duckdbError(this.#place, error);
    } finally {
      stop();
    }
  }
}

/**
 * Interrupts until it is stopped: DuckDB forgets an interrupt that comes before the
 * statement has begun.
 */
function onAbort(signal: AbortSignal, interrupt: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const listener = (): void => {
    interrupt();
    timer = setInterval(interrupt, INTERRUPT_MS);
  };
  signal.addEventListener("abort", listener, { once: true });
  return () => {
    signal.removeEventListener("abort", listener);
    clearInterval(timer);
  };
}
