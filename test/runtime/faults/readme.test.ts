/**
 * The list of faults stays true: it has all fifty, and each test that it names exists.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { namedTests } from "../../support/named_tests.ts";

const LIST = readFileSync(new URL("README.md", import.meta.url), "utf8");
const lines = [...LIST.matchAll(/^\| (\d+) \| (.+) \| (.+) \|$/gm)].map(
  ([, number = "", fault = "", shown = ""]) => ({ number: Number(number), fault, shown }),
);

test("every fault has a row, in order", () => {
  expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
});

test("every row names a test, or says that the fault cannot happen or which one it is", () => {
  const silent = lines.filter(
    ({ shown }) => namedTests(shown).length === 0 && !/^Cannot happen|\(fault \d+\)/.test(shown),
  );
  expect(silent).toEqual([]);
});

test.each(lines.filter(({ shown }) => namedTests(shown).length > 0))(
  "the tests of fault $number exist: $fault",
  ({ shown }) => {
    for (const { file, title } of namedTests(shown))
      expect(readFileSync(file, "utf8")).toContain(title);
  },
);
