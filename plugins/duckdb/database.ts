/** The database of a task of DuckDB: opened for it, with its files as tables. */
import {
  DagsmithError,
  type FileRef,
  type FromContext,
  isFileRef,
  resolveField,
  type TaskContext,
} from "dagsmith";
import { duckdbHook } from "./hook.ts";
import { openDuckdb } from "./open.ts";
import type { OpenDuckdb } from "./session.ts";
import { DEFAULT_MEMORY, MEMORY } from "./settings.ts";

/**
 * The files of a table: stored files, or paths on this machine. They have one format.
 * @example const tables = { trips: inputs.trips, zones: "/data/zones_*.csv" };
 */
export type DuckdbTable = FileRef | string | readonly (FileRef | string)[];

/** Options that {@link duckdbSql} and {@link duckdbFile} share. */
export interface DuckdbOptions<Context extends TaskContext> {
  /**
   * Files that the SQL reads as tables, by the names of the tables: `.csv`, `.tsv`,
   * `.json`, `.jsonl`, `.ndjson` (each also with `.gz` or `.zst`) and `.parquet`.
   */
  readonly tables?: FromContext<Readonly<Record<string, DuckdbTable>>, Context>;
  /**
   * Id of a connection of type `duckdb`, which names a database file. Default: a database
   * in memory.
   */
  readonly duckdb?: FromContext<string, Context>;
  /**
   * The most memory that DuckDB takes, such as `"512MB"`; what needs more goes to
   * temporary files. Default `"1GB"`. A connection has its own.
   */
  readonly memory?: string;
}

/** @throws DagsmithError INVALID_OPTION */
export function refuseMemory(where: string, memory: string | undefined): void {
  if (memory === undefined || MEMORY.test(memory)) return;
  const words = { option: "memory", found: `"${memory}"`, allowed: 'an amount such as "512MB"' };
  throw new DagsmithError("INVALID_OPTION", { where, ...words });
}

/** Opens the database of a task, makes its tables, and closes it after the work. */
export async function withDuckdb<Result, Context extends TaskContext>(
  options: DuckdbOptions<Context>,
  context: Context,
  work: (duckdb: OpenDuckdb) => Promise<Result>,
): Promise<Result> {
  const id = await resolveField(options.duckdb, context);
  // The hook is closed at the end of the try.
  if (id !== undefined) return onTables(await context.hook(duckdbHook(id)), options, context, work);
  const duckdb = await openDuckdb(inMemory(options.memory), context.signal);
  try {
    return await onTables(duckdb, options, context, work);
  } finally {
    await duckdb.close();
  }
}

function inMemory(memoryLimit = DEFAULT_MEMORY) {
  return { file: undefined, isReadOnly: false, memoryLimit, threads: undefined };
}

async function onTables<Result, Context extends TaskContext>(
  duckdb: OpenDuckdb,
  options: DuckdbOptions<Context>,
  context: Context,
  work: (duckdb: OpenDuckdb) => Promise<Result>,
): Promise<Result> {
  const tables = (await resolveField(options.tables, context)) ?? {};
  for (const [name, files] of Object.entries(tables))
    await duckdb.view(name, await pathsOf(files, context));
  return work(duckdb);
}

function pathsOf(files: DuckdbTable, context: TaskContext): Promise<readonly string[]> {
  const list = [files].flat() as readonly (FileRef | string)[];
  return Promise.all(list.map((file) => (isFileRef(file) ? context.files.path(file) : file)));
}
