/** A good file with one fault anywhere is refused by the line of the fault. */
import { readCsv, readJsonLines, type SourceRows } from "dagsmith/plugins/postgres";
import { expect, test } from "vitest";
import fc from "../../support/fast_check.ts";

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(rows: SourceRows): Promise<void> {
  for await (const _ of rows);
}

const refusal = (line: number) => ({
  name: "FailTask",
  message: expect.stringMatching(new RegExp(`line ${line}\\b`)),
});

/** Records of three fields; the second spans `breaks` further lines. */
const records = fc.array(fc.nat(3), { minLength: 1, maxLength: 12 });
const place = fc.record({ at: fc.nat(), size: fc.integer({ min: 1, max: 50 }) });

/** What is done to a record, and on which of its lines that shows. */
const CSV_FAULTS: Readonly<Record<string, [(record: string) => string, "first" | "last"]>> = {
  "one field more": [(record) => `${record},x`, "first"],
  "one field less": [(record) => record.replace(/,[^,]*$/, ""), "first"],
  "text after a quote": [(record) => record.replace(/",([^,]*)$/, '"x,$1'), "last"],
  "a quote within a field": [(record) => `${record}"`, "last"],
  "another line end": [(record) => `${record}\r`, "last"],
  "bytes that are not text": [(record) => `${record}\xff`, "last"],
};

test.each(Object.entries(CSV_FAULTS))("CSV: %s", async (_, [spoil, where]) => {
  await fc.assert(
    fc.asyncProperty(records, place, async (breaks, { at, size }) => {
      const good = breaks.map((count, id) => `${id},"a,""${"\n".repeat(count)}",c${id}`);
      const bad = at % good.length;
      const before = breaks.slice(0, bad).reduce((sum, count) => sum + count + 1, 1);
      const line = before + 1 + (where === "last" ? (breaks[bad] ?? 0) : 0);
      const lines = good.map((record, index) => (index === bad ? spoil(record) : record));
      const text = ["id,name,note", ...lines, ""].join("\n");
      await expect(readAll(readCsv(cut(Buffer.from(text, "latin1"), size)))).rejects.toMatchObject(
        refusal(line),
      );
    }),
  );
});

const JSON_FAULTS: Readonly<Record<string, (line: string) => string>> = {
  "a key that stands twice": (line) => line.replace(/}$/, ',"ID":1}'),
  "a line that was cut": (line) => line.slice(0, -1),
  "two objects on a line": (line) => line + line,
  "a list": (line) => `[${line}]`,
  "a comma at the end": (line) => line.replace(/}$/, ",}"),
  "bytes that are not text": (line) => line.replace("a", "\xff"),
};

test.each(Object.entries(JSON_FAULTS))("JSON lines: %s", async (_, spoil) => {
  await fc.assert(
    fc.asyncProperty(records, place, async (blanks, { at, size }) => {
      const bad = at % blanks.length;
      const lines = blanks.map((_, id) => {
        const line = JSON.stringify({ id, name: 'a":b', sub: { id, list: [{ id }] } });
        return id === bad ? spoil(line) : line;
      });
      const text = lines.map((line, index) => "\n".repeat(blanks[index] ?? 0) + line).join("\n");
      const line = blanks.slice(0, bad + 1).reduce((sum, count) => sum + count + 1, 0);
      await expect(
        readAll(readJsonLines(cut(Buffer.from(text, "latin1"), size))),
      ).rejects.toMatchObject(refusal(line));
    }),
  );
});
