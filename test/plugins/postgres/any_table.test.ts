/**
 * Any table that PostgreSQL can hold, written as a file, is loaded back equal.
 * LOAD_RUNS=2000 tries two thousand tables.
 */
import { identifier, joinSql, Sql, sql } from "dagsmith";
import {
  type CsvOptions,
  loadTable,
  type Postgres,
  postgresHook,
  readCsv,
  readJsonLines,
  type SourceRows,
} from "dagsmith/plugins/postgres";
import { runTask } from "dagsmith/testing";
import { expect, test } from "vitest";
import { copyOut } from "../../support/copy_out.ts";
import fc from "../../support/fast_check.ts";
import { openLake } from "../../support/lake.ts";
import { CREATE_TYPES, type RandomColumn, randomTable } from "../../support/random_table.ts";

const { LOAD_RUNS = "30" } = process.env;
const runs = Number(LOAD_RUNS);

async function* cut(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function create(lake: Postgres, columns: readonly RandomColumn[]): Promise<void> {
  const definitions = columns.map(({ name, type }) => sql`${identifier(name)} ${new Sql([type])}`);
  await lake.execute(sql`drop table if exists source, target`);
  await lake.execute(sql`create table source (n int, ${joinSql(definitions, ", ")})`);
  await lake.execute(sql`create table target (like source)`);
  const rows = columns[0]?.values ?? [];
  for (const row of rows.keys()) {
    const values = columns.map(
      ({ type, values }) => sql`${values[row] ?? null}::text::${new Sql([type])}`,
    );
    await lake.execute(sql`insert into source values (${row}, ${joinSql(values, ", ")})`);
  }
}

const textsOf = (lake: Postgres, table: string) =>
  lake.query(sql`select t::text from ${identifier(table)} t order by n`);

/** COPY by PostgreSQL, with the options that say so in its words and in ours. */
const CSV: readonly [string, CsvOptions][] = [
  ["header", {}],
  ["header, force_quote *", {}],
  ["header, delimiter ';', quote '''', null 'NA'", { delimiter: ";", quote: "'", nulls: "NA" }],
  ["header, escape '\\', null '\\N'", { escape: "\\", nulls: "\\N" }],
  ["header false, delimiter E'\\t'", { delimiter: "\t", header: false }],
];

const csvOf = (lake: Postgres, options: string): Promise<string> =>
  copyOut(lake, `copy source to stdout (format csv, ${options})`);

async function jsonOf(lake: Postgres): Promise<string> {
  const rows = await lake.query<{ row: string }>(
    sql`select row_to_json(s)::text as row from source s`,
  );
  return rows.map(({ row }) => `${row}\n`).join("");
}

async function load(
  lake: Postgres,
  rows: SourceRows,
  loadType: "truncate" | "rebuild",
): Promise<void> {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const target = { schema: "public", table: "target", loadType, allowEmpty: true } as const;
  await loadTable(lake, target, rows, log as never);
}

test(`${runs} tables come back from CSV and JSON lines as they were`, {
  timeout: runs * 2_000,
}, async () => {
  await using database = await openLake();
  await database.client.query(CREATE_TYPES);
  const choices = fc.record({
    csv: fc.constantFrom(...CSV),
    size: fc.integer({ min: 1, max: 200 }),
    loadType: fc.constantFrom("truncate" as const, "rebuild" as const),
  });
  await runTask(
    async ({ hook }) => {
      const lake = await hook(postgresHook("lake"));
      await fc.assert(
        fc.asyncProperty(randomTable, choices, async (columns, { csv, size, loadType }) => {
          await create(lake, columns);
          const expected = await textsOf(lake, "source");
          const [words, options] = csv;
          await load(lake, readCsv(cut(await csvOf(lake, words), size), options), loadType);
          expect(await textsOf(lake, "target")).toEqual(expected);
          const own = await (await lake.copyTo(sql`select * from source`, "csv")).toArray();
          await load(lake, readCsv(cut(Buffer.concat(own).toString(), size)), loadType);
          expect(await textsOf(lake, "target")).toEqual(expected);
          await load(lake, readJsonLines(cut(await jsonOf(lake), size)), loadType);
          expect(await textsOf(lake, "target")).toEqual(expected);
        }),
        { numRuns: runs },
      );
    },
    { connections: { lake: database.url } },
  );
});
