/** Files as rows, however they are cut into chunks. */

import { csvHeader, readCsv, readJsonLines, type SourceRows } from "dagsmith/plugins/postgres";
import { expect, test } from "vitest";
import fc from "../../support/fast_check.ts";

async function* cut(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function valuesOf(rows: SourceRows): Promise<[number, unknown][]> {
  const values: [number, unknown][] = [];
  for await (const batch of rows) for (const row of batch) values.push([row.line, row.values]);
  return values;
}

test("JSON lines: any objects, any chunk size, blank lines and CRLF between them", async () => {
  const object = fc.dictionary(
    fc.stringMatching(/^[a-z_]+$/),
    fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.boolean(), fc.constant(null)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(object), fc.integer({ min: 1, max: 40 }), async (objects, size) => {
      const text = objects.map((value) => `${JSON.stringify(value)}\r\n\n`).join("");
      const expected = objects.map((value, index) => [
        index * 2 + 1,
        JSON.parse(JSON.stringify(value)),
      ]);
      expect(await valuesOf(readJsonLines(cut(text, size)))).toEqual(expected);
    }),
  );
});

test.each([
  ['{"a":1}\n[1]', "line 2 is a list; each line must be one JSON object"],
  ["null", "line 1 is null; each line must be one JSON object"],
  ['{"a":1}\n\n{"a":', "line 3 is not JSON"],
])("JSON lines: %j is refused", async (text, message) => {
  await expect(valuesOf(readJsonLines(cut(text, 5)))).rejects.toMatchObject({
    name: "FailTask",
    message,
  });
});

test("JSON lines: bytes that are not UTF-8 are refused, not replaced", async () => {
  async function* latin1(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"a":"ü"}\n', "latin1");
  }
  await expect(valuesOf(readJsonLines(latin1()))).rejects.toThrow("line 1 is not UTF-8");
});

test("CSV: header folded, unquoted empty is null, quoted empty is text, any chunk size", async () => {
  const text = '\uFEFFId , Name\n1,\n2,""\n3,"a,\nb"\n';
  for (const size of [1, 3, 1000]) {
    expect((await valuesOf(readCsv(cut(text, size)))).map(([, values]) => values)).toEqual([
      { id: "1", name: null },
      { id: "2", name: "" },
      { id: "3", name: "a,\nb" },
    ]);
  }
  expect(await valuesOf(readCsv(cut("a;b\n1;2\n", 100), { delimiter: ";" }))).toEqual([
    [2, { a: "1", b: "2" }],
  ]);
});

test("CSV: a missing column, an empty file and an error of the source come out as they are", async () => {
  await expect(valuesOf(readCsv(cut("a,b\n1,2\n", 3), {}, ["c"]))).rejects.toThrow(
    'The CSV has no column "c"; its header is a, b',
  );
  await expect(valuesOf(readCsv(cut("", 1)))).rejects.toThrow(
    "The CSV is empty: it has no header line",
  );
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from("a\n1\n");
    throw new Error("the source broke");
  }
  await expect(valuesOf(readCsv(broken()))).rejects.toThrow("the source broke");
});

test("CSV: the header alone is read, and the source is let go", async () => {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      yield Buffer.from("B,a\n");
      for (;;) yield Buffer.from("1,2\n".repeat(1000));
    } finally {
      resolve();
    }
  }
  expect(await csvHeader(endless(), {}, ["a"])).toEqual(["b", "a"]);
  await ended;
  await expect(csvHeader(cut("", 1))).rejects.toThrow("The CSV is empty: it has no header line");
});

test("CSV: a fault after the last records is found however the file is cut", async () => {
  const text = 'a,b\nlong enough,1\n2,3\n4,"5';
  for (let size = 1; size <= text.length; size += 1)
    await expect(valuesOf(readCsv(cut(text, size)))).rejects.toThrow(
      'The CSV is malformed: line 4, column "b": the quote that begins the field is never closed',
    );
});
