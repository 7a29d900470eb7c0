/** The list of faults stays true: it has all fifty, and each test that it names exists. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const LIST = readFileSync(new URL("README.md", import.meta.url), "utf8");
const lines = [...LIST.matchAll(/^\| (\d+) \| (.+) \| (.+) \|$/gm)].map(
  ([, number = "", fault = "", shown = ""]) => ({ number: Number(number), fault, shown }),
);

/** The tests that a row names: a file in code, and behind it titles in quotes. */
function named(shown: string): readonly { readonly file: string; readonly title: string }[] {
  return [...shown.matchAll(/`(test\/[\w/.]+\.test\.ts)`: ("[^"]+"(?: and "[^"]+")*)/g)].flatMap(
    ([, file = "", titles = ""]) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  );
}

test("every fault has a row, in order", () => {
  expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
});

test("every row names a test, or says that the fault cannot happen or which one it is", () => {
  const silent = lines.filter(
    ({ shown }) => named(shown).length === 0 && !/^Cannot happen|\(fault \d+\)/.test(shown),
  );
  expect(silent).toEqual([]);
});

test.each(lines.filter(({ shown }) => named(shown).length > 0))(
  "the tests of fault $number exist: $fault",
  ({ shown }) => {
    for (const { file, title } of named(shown)) expect(readFileSync(file, "utf8")).toContain(title);
  },
);
