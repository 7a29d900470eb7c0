/** The list of attacks stays true: each row names tests, and each of them exists. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { namedTests } from "./support/named_tests.ts";

const LIST = readFileSync(new URL("../docs/threats.md", import.meta.url), "utf8");
const rows = LIST.split("\n").filter(
  (line) => line.startsWith("| ") && !line.startsWith("| class"),
);

test("every class of attack names its tests", () => {
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter((row) => namedTests(row).length === 0)).toEqual([]);
});

test.each(namedTests(LIST))("$file has the test: $title", ({ file, title }) => {
  expect(readFileSync(file, "utf8")).toContain(title);
});
