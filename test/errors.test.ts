/** The list of error codes stays true: it has every code that a plugin gives, and real tests. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { namedTests } from "./support/named_tests.ts";

const LIST = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
const [codes = "", inputs = ""] = LIST.split("## What bad input gets");
const listed = [...codes.matchAll(/^\| `(\w+)` \|/gm)].map(([, code = ""]) => code);

const FOLDER = new URL("../plugins", import.meta.url).pathname;
const sources = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(join(FOLDER, name), "utf8"));

/** The constants before the error: `withCode(isLast ? "A" : "B", …)` gives two. */
function givenIn(source: string): readonly string[] {
  return [...source.matchAll(/withCode\(([^;]*?),\s+(?:new|error|isLast)/g)].flatMap(
    ([, argument = ""]) => [...argument.matchAll(/"([A-Z_]+)"/g)].map(([, code = ""]) => code),
  );
}

test("each code that a plugin gives an error is listed once", () => {
  const given = new Set(sources.flatMap(givenIn));
  expect(given.size).toBeGreaterThan(20);
  expect([...given].filter((code) => !listed.includes(code))).toEqual([]);
  expect(listed.filter((code, at) => listed.indexOf(code) !== at)).toEqual([]);
});

test("each code that is listed exists", () => {
  const all = [...sources, readFileSync("sdk/errors.ts", "utf8")].join("\n");
  expect(listed.filter((code) => !new RegExp(`\\b${code}\\b`).test(all))).toEqual([]);
});

test("each bad input names its tests", () => {
  const rows = inputs.split("\n").filter((line) => /^\| (?!input|---)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => namedTests(row).length === 0)).toEqual([]);
});

test.each(namedTests(LIST))("$file has the test: $title", ({ file, title }) => {
  expect(readFileSync(file, "utf8")).toContain(title);
});
