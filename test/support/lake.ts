/** A database for the loads of a test, and what a test asks of it. */
import {
  type CsvOptions,
  type LoadResult,
  type LoadTarget,
  loadTable,
  postgresHook,
  readCsv,
  readJsonLines,
} from "dagsmith/plugins/postgres";
import { runTask, type TaskRun } from "dagsmith/testing";
import { Client } from "pg";
import { testDatabase } from "./postgres.ts";

/** A file: JSON lines, or CSV with its options. */
export type File =
  | { readonly json: string | Buffer }
  | { readonly csv: string | Buffer; readonly options?: CsvOptions };

export interface Lake extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  /** @param url the database as another role. Default: as its owner */
  load(target: LoadTarget, file: File, url?: string): Promise<TaskRun<LoadResult>>;
  /** The rows of a query as texts; null stays null. */
  texts(query: string): Promise<(string | null)[][]>;
}

export async function openLake(): Promise<Lake> {
  const database = await testDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return {
    url: database.url,
    client,
    load: (target, file, url = database.url) => load(url, target, file),
    texts: async (query) => {
      const types = { getTypeParser: () => (value: unknown) => value };
      const { rows } = await client.query({ text: query, rowMode: "array", types: types as never });
      return rows as (string | null)[][];
    },
    [Symbol.asyncDispose]: async () => {
      await client.end();
      await database.drop();
    },
  };
}

async function load(url: string, target: LoadTarget, file: File): Promise<TaskRun<LoadResult>> {
  const rows =
    "json" in file ? readJsonLines(bytes(file.json)) : readCsv(bytes(file.csv), file.options);
  return runTask<LoadResult>(
    async ({ hook, log }) => loadTable(await hook(postgresHook("lake")), target, rows, log),
    { connections: { lake: url } },
  );
}

async function* bytes(content: string | Buffer): AsyncGenerator<Buffer> {
  yield Buffer.from(content as string);
}
