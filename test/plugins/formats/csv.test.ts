/** CSV says one thing, or is refused by line and column. */
import { type CsvOptions, readCsv, type SourceRows } from "dagsmith/plugins/postgres";
import { describe, expect, test } from "vitest";
import fc from "../../support/fast_check.ts";

async function* cut(content: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(content as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function rowsOf(rows: SourceRows): Promise<[number, ...unknown[]][]> {
  const found: [number, ...unknown[]][] = [];
  for await (const batch of rows)
    for (const { line, values } of batch) found.push([line, ...Object.values(values)]);
  return found;
}

const read = (content: string | Buffer, options?: CsvOptions, size = 7) =>
  rowsOf(readCsv(cut(content, size), options));

describe("a file that does not say one thing is refused:", () => {
  test.each<[string, string, string]>([
    ["no header", "", "The CSV is empty: it has no header line"],
    ["a doubled name", "id,name,name\n1,a,b\n", 'has the column "name" twice'],
    ["names that differ by case", "Name,id,name\n", 'has the column "name" twice'],
    ["too many fields", "a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, but there are 2 columns"],
    ["too few fields", "a,b\n1,2\n3\n", "line 3 has 1 fields, but there are 2 columns"],
    ["a blank line between several columns", "a,b\n\n1,2\n", "line 2 has 1 fields"],
    ["a quote that is not closed", 'a,b\n1,2\n3,"x\ny\n', 'line 3, column "b": the quote that'],
    ["text after a quote", 'a,b\n"x"y,1\n', 'line 2, column "a": text follows the quote'],
    ["a quote within a field", 'a,b\n1,5"\n', 'line 2, column "b": a quote stands within'],
    ["a quote after a space", 'a,b\n1, "x"\n', 'line 2, column "b": a quote stands within'],
    ["lines that end in two ways", "a,b\n1,2\r\n", 'line 2, column "b": the line ends in'],
    ["a stray carriage return", "a,b\n1\r,2\n", 'line 2, column "a": the line ends in'],
    ["a line feed among carriage returns", "a,b\r\n1,2\n3,4\r\n", "line 2"],
    ["a fault after lines within quotes", 'a,b\r\n"x\r\n\r\ny",1\r\n2\r\n', "line 5 has 1 fields"],
    ["a fault on a later line of a record", 'a,b\n"x\ny","z"w\n', 'line 3, column "b"'],
    ["a doubled name in quotes", '"a","a"\n', 'has the column "a" twice'],
  ])("%s", async (_, text, message) => {
    for (const size of [1, 4, 1000])
      await expect(read(text, {}, size)).rejects.toMatchObject({
        name: "FailTask",
        message: expect.stringContaining(message),
      });
  });

  test("a file of 300,000 lines in which a quote is never closed", async () => {
    const text = `a,b\n1,"x\n${"2,y\n".repeat(300_000)}`;
    await expect(read(text, {}, 65_536)).rejects.toThrow('line 2, column "b": the quote that');
  });
});

describe("bytes that are not text are refused by their line:", () => {
  test.each([
    ["in the header", "Stra\u00dfe\n1\n", 1],
    ["in a row", "a\nx\nDo\u00f1a Ana\ny\n", 3],
    ["at the very end", "a\nx\ny\u00f1", 3],
  ])("%s", async (_, text, line) => {
    for (const size of [1, 3, 1000])
      await expect(read(Buffer.from(text, "latin1"), {}, size)).rejects.toMatchObject({
        name: "FailTask",
        message: expect.stringMatching(`^line ${line} is not UTF-8: .*option "encoding"`),
      });
  });

  test("however the characters before them are cut into chunks", async () => {
    const good = Buffer.from(`a\n${"äöü€🚀\n".repeat(50)}`);
    const bad = Buffer.concat([good, Buffer.from([0xff, 0x0a])]);
    for (let size = 1; size < 40; size += 1)
      await expect(read(bad, {}, size)).rejects.toThrow("line 52 is not UTF-8");
  });
});

describe("options are those of COPY:", () => {
  test.each<[string, CsvOptions, string | Buffer, unknown[][]]>([
    ["latin1", { encoding: "latin1" }, Buffer.from("n\nDo\u00f1a\x80\n", "latin1"), [["Doña\x80"]]],
    ["ISO-8859-1", { encoding: "ISO-8859-1" }, Buffer.from("n\n\u00e4\n", "latin1"), [["ä"]]],
    ["cp1252", { encoding: "cp1252" }, Buffer.from([0x6e, 0x0a, 0x80, 0x0a]), [["€"]]],
    ["utf-16", { encoding: "utf-16" }, Buffer.from("\uFEFFn\nä🚀\n", "utf16le"), [["ä🚀"]]],
    ["utf-8-sig", { encoding: "utf-8-sig" }, "\uFEFFn\n1\n", [["1"]]],
    ["a tab", { delimiter: "\t" }, "a\tb\n1\t,\n", [["1", ","]]],
    ["a quote", { quote: "'" }, "a,b\n'it''s',\"\n", [["it's", '"']]],
    ["an escape", { escape: "\\" }, 'a,b\n"\\"x\\\\","\\n"\n', [['"x\\', "\\n"]]],
    [
      "one null",
      { nulls: "\\N" },
      'a,b\n\\N,\n"\\N",x\n',
      [
        [null, ""],
        ["\\N", "x"],
      ],
    ],
    [
      "several nulls",
      { nulls: ["", "NA"] },
      'a,b\nNA,\n"NA",""\n',
      [
        [null, null],
        ["NA", ""],
      ],
    ],
    ["no nulls", { nulls: [] }, "a,b\n,x\n", [["", "x"]]],
    [
      "names for a file without a header",
      { header: ["x", "y"] },
      "1,2\n3,4\n",
      [
        ["1", "2"],
        ["3", "4"],
      ],
    ],
  ])("%s", async (_, options, content, rows) => {
    for (const size of [1, 5, 1000])
      expect((await read(content, options, size)).map(([, ...values]) => values)).toEqual(rows);
  });

  test.each<[string, CsvOptions]>([
    ["delimiter", { delimiter: "ab" }],
    ["delimiter", { delimiter: '"' }],
    ["delimiter", { delimiter: "\n" }],
    ["quote", { quote: "" }],
    ["escape", { escape: "," }],
    ["encoding", { encoding: "klingon" }],
    ["header", { header: false }],
  ])("a wrong %s is refused", async (option, options) => {
    await expect(Promise.resolve().then(() => read("a,b\n1,2\n", options))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(option),
    });
  });

  test("without a header the fields are the columns of the load", async () => {
    const rows = readCsv(cut("1,2\n", 3), { header: false });
    rows.requireColumns?.(["b", "a"]);
    expect(await rowsOf(rows)).toEqual([[1, "1", "2"]]);
    expect(rows.header).toEqual(["b", "a"]);
  });
});

test("blank lines of one column are null rows, and the last line needs no end", async () => {
  expect(await read("a\n1\n\n2")).toEqual([
    [2, "1"],
    [3, null],
    [4, "2"],
  ]);
});

test.each(["\n", "\r\n", "\r"])(
  "lines may end in %j, and hold any line break in quotes",
  async (end) => {
    const text = ["a,b", '1,"x\r\ny\nz\rw"', "2,", ""].join(end);
    for (const size of [1, 2, 3, 1000])
      expect(await read(text, {}, size)).toEqual([
        [2, "1", "x\r\ny\nz\rw"],
        [6, "2", null],
      ]);
  },
);

test("a column called __proto__ is a column", async () => {
  for await (const batch of readCsv(cut("__proto__,a\n1,2\n", 100)))
    for (const { values } of batch)
      expect(Object.entries(values)).toContainEqual(["__proto__", "1"]);
});

test("what is written by the rules comes back, whatever the fields, chunks and line ends", async () => {
  const field = fc.oneof(
    fc.constant(null),
    fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "ä", "🚀", "\\", "N") }),
  );
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width })))
    .filter((rows) => rows.length > 0);
  const written = (value: string | null): string =>
    value === null ? "" : `"${value.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.integer({ min: 1, max: 20 }),
      async (rows, end, size) => {
        const header = (rows[0] ?? []).map((_, index) => `c${index}`);
        const lines = [header, ...rows.map((row) => row.map(written))];
        const text = lines.map((line) => line.join(",") + end).join("");
        expect((await read(text, {}, size)).map(([, ...values]) => values)).toEqual(rows);
      },
    ),
  );
});
