/**
 * Loads into PostgreSQL next to `\copy` of psql, on the same server: CSV that passes as it
 * is, CSV whose values must be read, JSON lines, and an upsert.
 */
import { spawnSync } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  type Column,
  type LoadMode,
  loadTable,
  postgresHook,
  readCsv,
  readJsonLines,
  type SourceRows,
} from "dagsmith/plugins/postgres";
import { runTask } from "dagsmith/testing";
import { atMost, type Row } from "./row.ts";
import { benchServer } from "./stand.ts";

const MEGABYTE = 1024 * 1024;
const COLUMNS: readonly Column[] = [
  { name: "id", type: "bigint" },
  { name: "pickup", type: "timestamp" },
  { name: "passengers", type: "integer" },
  { name: "fare", type: "numeric(8,2)" },
  { name: "note", type: "text" },
];

/** One row of a file, by its number. */
type Line = (id: number) => string;

const pickup = (id: number): string =>
  new Date(Date.UTC(2018, 0, 1, 0, 0, id % 2_000_000)).toISOString().slice(0, 19).replace("T", " ");
const fare = (id: number): string => ((id % 9_973) / 100).toFixed(2);
const csv: Line = (id) => `${id},${pickup(id)},${id % 6},${fare(id)},"note, number ${id}"\n`;
/** Whole numbers as many tools write them when a column has nulls. */
const csvOfFloats: Line = (id) =>
  `${id},${pickup(id)},${id % 6}.0,${fare(id)},"note, number ${id}"\n`;
const json: Line = (id) =>
  `{"id":${id},"pickup":"${pickup(id)}","passengers":${id % 6},"fare":${fare(id)},"note":"note, number ${id}"}\n`;

/** @param megabytes of each file, about */
export async function loadRows(megabytes: number): Promise<readonly Row[]> {
  if (spawnSync("psql", ["--version"]).status !== 0)
    throw new Error("The rows of loads need psql, which is not installed.");
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-bench-loads-"));
  const server = await benchServer();
  try {
    return await measured(server.url, folder, megabytes);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(url: string, folder: string, megabytes: number): Promise<readonly Row[]> {
  const count = Math.round((megabytes * MEGABYTE) / csv(1_000_000).length);
  const path = (name: string): string => join(folder, name);
  await write(path("trips.csv"), "id,pickup,passengers,fare,note\n", csv, count);
  await write(path("floats.csv"), "id,pickup,passengers,fare,note\n", csvOfFloats, count);
  await write(path("trips.json"), "", json, count);
  const copied = copyMs(url, path("trips.csv"));
  const before = process.resourceUsage().maxRSS;
  const load = (mode: LoadMode, rows: SourceRows): Promise<number> => loadMs(url, mode, rows);
  const rebuild = { loadType: "rebuild" } as const;
  const passed = await load(rebuild, readCsv(createReadStream(path("trips.csv"))));
  const memory = (process.resourceUsage().maxRSS - before) / 1024;
  const read = await load(rebuild, readCsv(createReadStream(path("floats.csv"))));
  const lines = await load(rebuild, readJsonLines(createReadStream(path("trips.json"))));
  const keyed = { loadType: "rebuild", primaryKey: "id" } as const;
  await load(keyed, readCsv(createReadStream(path("trips.csv"))));
  const upsert = { loadType: "upsert", primaryKey: "id" } as const;
  const upserted = await load(upsert, readCsv(createReadStream(path("trips.csv"))));
  const name = `load of ${megabytes} MB (${count} rows)`;
  return [
    atMost(`${name}, CSV that passes as it is, over psql`, passed / copied, "x", 1.1),
    atMost(`${name}, CSV whose values are read, over psql`, read / copied, "x", 2),
    atMost(`${name}, JSON lines, over psql`, lines / copied, "x", 3),
    atMost(`${name}, upsert of rows that are all there, over psql`, upserted / copied, "x", 8),
    atMost(`${name}: memory that CSV takes more`, memory, "MiB", 150),
  ];
}

async function write(path: string, head: string, line: Line, count: number): Promise<void> {
  const texts = function* (): Generator<string> {
    yield head;
    for (let from = 0; from < count; from += 1_000)
      yield Array.from({ length: Math.min(1_000, count - from) }, (_, at) => line(from + at)).join(
        "",
      );
  };
  await pipeline(Readable.from(texts()), createWriteStream(path));
}

function copyMs(url: string, path: string): number {
  const columns = COLUMNS.map(({ name, type }) => `${name} ${type}`).join(", ");
  psql(url, `create table copied (${columns})`);
  const startedAt = performance.now();
  psql(url, `\\copy copied from '${path}' with (format csv, header)`);
  return performance.now() - startedAt;
}

function psql(url: string, command: string): void {
  const { status, stderr } = spawnSync("psql", [url, "-qc", command], { encoding: "utf8" });
  if (status !== 0) throw new Error(`psql: ${stderr}`);
}

async function loadMs(url: string, mode: LoadMode, rows: SourceRows): Promise<number> {
  const target = { schema: "public", table: "loaded", columns: COLUMNS, ...mode };
  const startedAt = performance.now();
  await runTask(
    async ({ hook, log }) => loadTable(await hook(postgresHook("lake")), target, rows, log),
    { connections: { lake: url } },
  );
  return performance.now() - startedAt;
}
