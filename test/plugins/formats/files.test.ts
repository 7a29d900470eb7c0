/** Files by their endings: packed or not, read and written. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { FailTask } from "dagsmith";
import {
  fileKind,
  pathFile,
  type Row,
  type RowBatches,
  readRows,
  type SourceRows,
  unpacked,
  writeRows,
} from "dagsmith/plugins/formats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dagsmith-files-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(name: string, content: Uint8Array): Promise<Row[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  return valuesOf(readRows(pathFile(path)));
}

async function valuesOf(rows: SourceRows): Promise<Row[]> {
  const values: Row[] = [];
  for await (const batch of rows) values.push(...batch.map((row) => row.values));
  return values;
}

test.each(["trips", "trips.txt", "trips.csv.bz2", "trips.parquet.gz", "trips.gz", ".csv.xz"])(
  "%s is refused: its ending names no format",
  (name) => {
    const message = `The ending of "${name}" names no format of rows. Allowed: .csv, .json, .jsonl, .ndjson (each also with .gz or .zst), .parquet.`;
    expect(() => fileKind(name)).toThrow(new FailTask(message));
  },
);

const text = Buffer.from(`a\n${"x\n".repeat(50_000)}`);

describe.each([
  ["gz", "gzip", gzipSync(text)],
  ["zst", "zstd", zstdCompressSync(text)],
])("a file .%s", (ending, name, packed) => {
  test.each([
    ["that is cut", packed.subarray(0, packed.length - 10)],
    ["that is empty", Buffer.alloc(0)],
    ["of plain text", text],
  ])("%s is refused by its name", async (_, content) => {
    const error = await read(`trips.csv.${ending}`, content).catch((e) => e);
    expect(error).toBeInstanceOf(FailTask);
    expect(error.message).toMatch(`trips.csv.${ending} is not whole ${name}`);
  });

  test("is unpacked, also when it was packed in several parts", async () => {
    const more = Buffer.concat([
      packed,
      ending === "gz" ? gzipSync("y\n") : zstdCompressSync("y\n"),
    ]);
    const rows = await read(`trips.csv.${ending}`, more);
    expect(rows.length).toBe(50_001);
    expect(rows.at(-1)).toEqual({ a: "y" });
  });
});

const ROWS = [
  {
    id: 1n,
    name: 'a "b",\nc',
    tags: ["x"],
    at: new Date("2018-01-05T04:00:00Z"),
    bytes: Buffer.from([0, 255]),
  },
  { id: "9223372036854775807", name: "", tags: null, other: "left out" },
  { id: Number.NaN, name: "ü" },
];
const COLUMNS = ["id", "name", "tags", "at", "bytes"].map((name) => ({ name }));

test.each(["a.csv", "a.csv.gz", "a.csv.zst"])(
  "%s is written and read with the same values",
  async (name) => {
    const gaps = { at: null, bytes: null };
    expect(await read(name, await buffer(writeRows(name, ROWS, COLUMNS)))).toEqual([
      {
        id: "1",
        name: 'a "b",\nc',
        tags: '["x"]',
        at: '"2018-01-05T04:00:00.000Z"',
        bytes: "AP8=",
      },
      { id: "9223372036854775807", name: "", tags: null, ...gaps },
      { id: "NaN", name: "ü", tags: null, ...gaps },
    ]);
  },
);

test.each(["a.json", "a.jsonl.gz", "a.ndjson.zst"])(
  "%s is written and read with the same values",
  async (name) => {
    const gaps = { at: null, bytes: null };
    expect(await read(name, await buffer(writeRows(name, ROWS, COLUMNS)))).toEqual([
      { id: "1", name: 'a "b",\nc', tags: ["x"], at: "2018-01-05T04:00:00.000Z", bytes: "AP8=" },
      { id: "9223372036854775807", name: "", tags: null, ...gaps },
      { id: "NaN", name: "ü", tags: null, ...gaps },
    ]);
  },
);

test.each(["a.csv", "a.json", "a.parquet", "a.csv.gz"])(
  "%s: an error of the rows ends the file with that error, also after many batches",
  async (name) => {
    async function* broken(): AsyncGenerator<readonly Row[]> {
      for (let from = 0; from < 3; from += 1) yield [{ a: `row ${from}` }];
      throw new Error("the source broke");
    }
    const bytes = writeRows(name, broken() as RowBatches, [{ name: "a" }]);
    await expect(buffer(bytes)).rejects.toThrow("the source broke");
  },
);

test.each(["a.csv", "a.json", "a.parquet"])(
  "%s: batches are numbered through in errors",
  async (name) => {
    async function* batches(): AsyncGenerator<readonly Row[]> {
      yield [{ a: "1" }, { a: "2" }];
      yield [{ a: "3" }, { a: Symbol("x") }];
    }
    const bytes = buffer(writeRows(name, batches(), [{ name: "a" }]));
    await expect(bytes).rejects.toThrow(/^row 4, column "a": /);
  },
);

test("zstd in many frames is unpacked whole, however it is cut into chunks", async () => {
  const parts = Array.from({ length: 20 }, (_, part) => `${part}:${"z".repeat(part * 5_000)}\n`);
  const packed = Buffer.concat(parts.map((part) => zstdCompressSync(part)));
  for (const size of [1, 7, 100, packed.length]) {
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < packed.length; at += size) yield packed.subarray(at, at + size);
    }
    expect((await buffer(unpacked(chunks(), "zstd", "a.zst"))).toString()).toBe(parts.join(""));
    const cut = packed.subarray(0, packed.length - 1);
    const unwhole = buffer(unpacked(Readable.from([cut], { objectMode: false }), "zstd", "a.zst"));
    await expect(unwhole).rejects.toThrow("a.zst is not whole zstd");
  }
});

test("an error of the source of zstd comes out as it is", async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield zstdCompressSync("a".repeat(1_000));
    throw new Error("the source broke");
  }
  await expect(buffer(unpacked(broken(), "zstd", "a.zst"))).rejects.toThrow("the source broke");
});

test("a format in the options stands for an ending", async () => {
  const path = join(folder, "no ending");
  await writeFile(path, gzipSync('{"a":1}\n'));
  const rows = readRows(pathFile(path), { format: "json", compression: "gzip" });
  expect(await valuesOf(rows)).toEqual([{ a: 1 }]);
});
