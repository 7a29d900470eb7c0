/** Records of CSV that go to COPY as bytes: never other rows than the reader gives. */
import type { Json } from "dagsmith";
import {
  type CsvOptions,
  readCsv,
  readJsonLines,
  type SourceRow,
  type SourceRows,
} from "dagsmith/plugins/postgres";
import { describe, expect, test } from "vitest";
import { csvFormat } from "../../../plugins/formats/csv/csv_options.ts";
import { CsvRecords } from "../../../plugins/formats/csv/csv_records.ts";
import type { KeptEnd, SureCheck } from "../../../plugins/formats/csv/csv_scan.ts";
import { type ColumnWriter, copyText, isPlain } from "../../../plugins/postgres/load/copy_text.ts";
import { LineMap } from "../../../plugins/postgres/load/line_map.ts";
import { toTextOf } from "../../../plugins/postgres/values/column_value.ts";
import { readerOf } from "../../../plugins/postgres/values/nested_value.ts";
import { keptEndOf, sureCheckOf } from "../../../plugins/postgres/values/sure_check.ts";
import type { ValueType } from "../../../plugins/postgres/values/value_type.ts";
import fc from "../../support/fast_check.ts";
import { openLake } from "../../support/lake.ts";

const TYPES = [
  ...["smallint", "integer", "bigint", "numeric", "numeric(5,2)", "numeric(3,-1)", "real"],
  ...["double precision", "boolean", "date", "timestamp", "timestamp(2)", "timestamptz"],
  ...["time", "time(3)", "timetz", "varchar(3)", "char(2)", "text", "uuid", "json"],
];
/** Texts that are values of some type, or nearly so. */
const NEAR = fc.oneof(
  fc.stringMatching(/^[-+]?\d{0,12}(\.\d{0,4})?(e\d)?$/),
  fc.stringMatching(
    /^\d{3,5}-[01]\d-[0-3]\d([ T][0-2]\d:[0-6]\d(:[0-6]\d(\.\d{0,7})?)?(Z|[+-][01]\d(:?[0-6]\d)?)?)?$/,
  ),
  fc.stringMatching(/^[0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,4})?$/),
  fc.constantFrom("t", "f", "true", "no", "1", "TRUE", "nan", "infinity", " 1", "0x1F", "1_000"),
  fc.string({ unit: "grapheme", maxLength: 5 }),
);
const BOOLEANS: Readonly<Record<string, string>> = { true: "t", false: "f", "1": "t", "0": "f" };

test("a value that is called sure is one that its column takes unchanged", () => {
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), NEAR, (type, text) => {
      const bytes = Buffer.from(`,${text},`);
      const check = sureCheckOf({ kind: "scalar", name: type }) as SureCheck;
      fc.pre(check(bytes, 1, bytes.length - 1));
      const expected = type === "boolean" ? (BOOLEANS[text] ?? text) : text;
      expect(toTextOf(type)(text)).toBe(expected);
    }),
    { numRuns: 20_000 },
  );
});

test("a value that is cut is one that its column takes without its end", () => {
  const near = fc.stringMatching(/^-?\d{0,12}\.?0{0,3}\d{0,1}$/);
  fc.assert(
    fc.property(fc.constantFrom("smallint", "integer", "bigint"), near, (type, text) => {
      const bytes = Buffer.from(`,${text},`);
      const end = keptEndOf({ kind: "scalar", name: type })?.(bytes, 1, bytes.length - 1) ?? -1;
      fc.pre(end >= 0);
      expect(toTextOf(type)(text)).toBe(bytes.toString("utf8", 1, end));
    }),
    { numRuns: 10_000 },
  );
});

test.each([
  ["integer", "-12"],
  ["numeric(5,2)", "1.25"],
  ["timestamp", "2018-01-31 23:59:59.123456"],
  ["timestamptz", "2018-01-31T23:59:59Z"],
  ["timestamptz", "2018-01-31T23:59:59.5-03"],
  ["timestamptz", "2018-01-31 23:59:59+05:30"],
  ["date", "2018-12-31"],
  ["boolean", "false"],
  ["varchar(3)", "abc"],
])("a common value of %s is sure", (type, text) => {
  const bytes = Buffer.from(text);
  expect(sureCheckOf({ kind: "scalar", name: type })?.(bytes, 0, bytes.length)).toBe(true);
});

test("values whose keys COPY would lose are never sure", () => {
  expect(sureCheckOf({ kind: "scalar", name: "jsonb" })).toBeUndefined();
});

describe("a file", () => {
  const FORMATS: readonly CsvOptions[] = [
    {},
    { header: ["a", "b"], delimiter: "\t" },
    { quote: "'", nulls: "NA" },
  ];
  const PIECES = [
    "a",
    "12",
    "é",
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    "\t",
    '"',
    "'",
    '"x,\ny"',
    "NA",
    "\0",
  ];
  const texts = fc.array(fc.constantFrom(...PIECES, "\\.", "\r", "a,b\n"), { maxLength: 30 });
  const isShort: SureCheck = (_, from, to) => to - from < 3;
  /** Of `12NA`, `12` is kept: the reader below gives the same. */
  const beforeNa: KeptEnd = (bytes, from, to) =>
    to - from > 3 && Buffer.from(bytes.subarray(to - 2, to)).equals(Buffer.from("NA"))
      ? to - 2
      : -1;
  const withoutNa = (text: Json | undefined): string | null =>
    typeof text === "string" ? text.replace(/(NA)+$/, "") : null;

  const cutRow = ({ line, values }: SourceRow): unknown => [
    line,
    withoutNa(values.a),
    withoutNa(values.b),
  ];

  interface Read {
    readonly rows: readonly SourceRow[];
    readonly error: string | undefined;
  }

  async function read(give: (rows: SourceRow[]) => Promise<void>): Promise<Read> {
    const rows: SourceRow[] = [];
    try {
      await give(rows);
      return { rows, error: undefined };
    } catch (error) {
      return { rows, error: (error as Error).message };
    }
  }

  async function* cut(text: string, size: number): AsyncGenerator<Buffer> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  test("gives the same rows, lines and errors as bytes and as rows", async () => {
    const choices = fc.record({
      options: fc.constantFrom(...FORMATS),
      size: fc.integer({ min: 1, max: 20 }),
      text: texts.map((pieces) => pieces.join("")),
      tail: fc.constantFrom("", "\n1,2\n3,4\n"),
    });
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(choices, async ({ options, size, text, tail }) => {
        const delimiter = options.delimiter ?? ",";
        const file = `a${delimiter}b\n${text}${tail}`;
        const slow = await read(async (rows) => {
          const csv = readCsv(cut(file, size), options, ["a", "b"]);
          for await (const batch of csv) rows.push(...batch);
        });
        const fast = await read(async (rows) => {
          const csv = readCsv(cut(file, size), options, ["a", "b"]);
          const passage = await csv.passage?.();
          if (!passage) {
            for await (const batch of csv) rows.push(...batch);
            return;
          }
          const column = { isSure: isShort, keptEnd: beforeNa, takesNull: true, takesAny: false };
          for await (const part of passage.parts([column, column])) {
            if (!("bytes" in part)) rows.push(...part);
            else {
              passed += part.records;
              const records = new CsvRecords(csvFormat(options), { line: part.line });
              const list = [...records.push(Buffer.from(part.bytes).toString()), ...records.end()];
              expect(list.length).toBe(part.records);
              for (const { line, fields } of list)
                rows.push({ line, values: { a: fields[0] ?? null, b: fields[1] ?? null } });
            }
          }
        });
        expect(fast.error).toBe(slow.error);
        // Before an error, how many rows came depends on how the file was cut.
        if (slow.error === undefined) expect(fast.rows.map(cutRow)).toEqual(slow.rows.map(cutRow));
      }),
      { numRuns: 3_000 },
    );
    expect(passed).toBeGreaterThan(100);
  });

  test("whose values mostly must be read is read as rows from there on", async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n}.0,long text\n`).join("");
    const csv = readCsv(cut(`a,b\n${lines}`, 70_000), {}, ["a", "b"]);
    const passage = await csv.passage?.();
    const column = { isSure: isShort, takesNull: true, takesAny: false };
    let batches = 0;
    let rows = 0;
    for await (const part of passage?.parts([column, column]) ?? []) {
      batches += 1;
      rows += "bytes" in part ? 0 : part.length;
    }
    expect(rows).toBe(20_000);
    expect(batches).toBeLessThan(8_000);
  });

  test.each([
    ["another encoding", "a,b\n1,2\n", { encoding: "latin1" }],
    ["another escape character", "a,b\n1,2\n", { escape: "\\" }],
    ["several texts for null", "a,b\n1,2\n", { nulls: ["", "NA"] }],
    ["a column that is not loaded", "a,b,c\n1,2,3\n", {}],
    ["a header in lines that end in CR", "a,b\r1,2\r", {}],
    ["no record", "", {}],
  ])("with %s is read as rows", async (_, text, options) => {
    const csv = readCsv(cut(text, 3), options, ["a", "b"]);
    expect(await csv.passage?.()).toBeNull();
    const { rows, error } = await read(async (list) => {
      for await (const batch of csv) list.push(...batch);
    });
    expect(rows.map(({ values }) => values.a)).toEqual(text === "" ? [] : ["1"]);
    expect(error).toBe(text === "" ? "The CSV is empty: it has no header line" : undefined);
  });
});

describe("JSON lines", () => {
  const TYPES = ["bigint", "integer[]", "text", "numeric(5,2)", "boolean", "json", "timestamptz"];
  const KEYS = ["a", "b", "c", "d", "e", "f", "g"];
  const COPIED = TYPES.map((name, index): ColumnWriter => {
    const type: ValueType = name.endsWith("[]")
      ? { kind: "list", of: { kind: "scalar", name: name.slice(0, -2) }, delimiter: "," }
      : { kind: "scalar", name };
    return {
      ...{ name: KEYS[index] as string, toText: readerOf(type), isSure: sureCheckOf(type) },
      ...{ keptEnd: keptEndOf(type), isPlain: isPlain(type) },
      whyNotNull: name === "bigint" ? "null is not allowed" : undefined,
    };
  });
  const VALUES = [
    ...["1", "2.0", "-0", "1e3", "1.50", "9007199254740993", "0.10", "007", "-", "1."],
    ...["null", "true", "false", "nul", "[1,null]", '{"x":1}', "[", '"text"', '"é"', '"1"', '""'],
    ...['"a\\tb"', '"\\ud800"', '"\\u0000"', '"\t"', '"2018-01-05T04:00:00+01"', '"yes"'],
  ];
  const member = fc
    .tuple(fc.constantFrom(...KEYS, "A", "other", "\\u0061", "é"), fc.constantFrom(...VALUES))
    .map(([key, value]) => `"${key}":${value}`);
  const object = fc.array(member, { maxLength: 5 }).map((members) => `{${members.join(", ")}}`);
  const good = fc.constantFrom(1, 2, 3).map((n) => `{"a":${n},"c":"text ${n}","d":${n}.25}`);
  const odd = fc.constantFrom("", " ", "[1]", "{}", '{"a":1,}', '{"a":1} x', "\r", '{"a":1}\r');
  const file = fc
    .array(fc.oneof({ arbitrary: good, weight: 6 }, object, odd), { maxLength: 8 })
    .map((lines) => lines.join("\n"));

  async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
    yield bytes;
  }

  const copied = async (rows: SourceRows): Promise<unknown> => {
    const lines = new LineMap();
    const absent = new Set(KEYS);
    const options = { writers: COPIED, removesNul: false, lines, nulRows: 0, absent };
    let text = "";
    try {
      for await (const piece of copyText(rows, options)) text += piece;
    } catch (error) {
      // How many rows came before depends on how the file was cut.
      return (error as Error).message;
    }
    const copy = text.split("\n").slice(0, -1);
    const places = copy.map((_, row) => lines.lineOf(row + 1));
    const values = copy.map((line) => line.replace(/\t(t|f)(rue|alse)(?=\t)/, "\t$1"));
    return { places, values, absent: [...absent] };
  };

  const lineOf = (result: unknown): number =>
    Number(/^line (\d+)/.exec(typeof result === "string" ? result : "")?.[1]);

  test("give the same lines, places and errors as bytes and as rows", async () => {
    let passed = 0;
    const choices = fc.tuple(file, fc.constantFrom("", "\n", "\uFEFF"), fc.boolean());
    await fc.assert(
      fc.asyncProperty(choices, async ([text, end, isMarked]) => {
        const bytes = Buffer.from(isMarked ? `\uFEFF${text}${end}` : `${text}${end}`);
        const rows = () => readJsonLines(once(bytes));
        const asRows = { [Symbol.asyncIterator]: () => rows()[Symbol.asyncIterator]() };
        const [fast, slow] = [await copied(rows()), await copied(asRows)];
        // Of the faults of two lines, a batch may name either: it is parsed first.
        if (lineOf(fast) !== lineOf(slow) && lineOf(fast) > 0 && lineOf(slow) > 0) return;
        expect(fast).toEqual(slow);
        const columns = COPIED.map(({ name }) => {
          const isSure: SureCheck = () => true;
          return { name, isSure, takesNull: true, takesAny: true };
        });
        const parts = rows().tabbed?.(columns) ?? [];
        try {
          for await (const part of parts) passed += "text" in part ? part.lines : 0;
        } catch {
          // The comparison above is about errors.
        }
      }),
      { numRuns: 3_000 },
    );
    expect(passed).toBeGreaterThan(1_000);
  });

  test("that are cut anywhere and long come whole, with many columns that are missing", async () => {
    const lines = Array.from({ length: 30_000 }, (_, n) => `{"a":${n}}`);
    const text = Buffer.from(lines.join("\n"));
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let at = 0; at < text.length; at += 7_777) yield text.subarray(at, at + 7_777);
    }
    const result = await copied(readJsonLines(pieces()));
    const values = lines.map((_, n) => `${n}${"\t\\N".repeat(6)}`);
    expect(result).toEqual({ places: lines.map((_, n) => n + 1), values, absent: KEYS.slice(1) });
  });

  test("without UTF-8 are refused by their line", async () => {
    const rows = readJsonLines(once(Buffer.from('{"a":1}\n{"a":2,"c":"ü"}\n', "latin1")));
    expect(await copied(rows)).toBe("line 2 is not UTF-8");
  });
});

test.each([
  ["LF", "\n"],
  ["CR LF", "\r\n"],
])(
  "a value that only PostgreSQL refuses is named by its line, with lines that end in %s",
  async (_, end) => {
    await using lake = await openLake();
    const columns = [
      { name: "id", type: "uuid" },
      { name: "note", type: "text" },
      { name: "n", type: "integer" },
    ] as const;
    const uuid = "00000000-0000-0000-0000-000000000001";
    // Lines 2 to 4, with breaks of both kinds; line 5, which is not sure; line 6.
    const good = [`"a\nb\r\nc",1,"${uuid}"`, `"say ""it""",2.0,${uuid}`, `plain,3,${uuid}`];
    const text = ["note,n,id", ...good].join(end);
    const target = { schema: "public", table: "t", columns, loadType: "rebuild" } as const;
    await lake.load(target, { csv: `${text}${end}` });
    expect(await lake.texts("select note, n from t order by n")).toEqual([
      ["a\nb\r\nc", "1"],
      ['say "it"', "2"],
      ["plain", "3"],
    ]);
    const bad = lake.load(target, { csv: `${text}${end}x,4,not-a-uuid${end}` });
    await expect(bad).rejects.toThrow('line 7, column "id": invalid input syntax for type uuid');
  },
);
