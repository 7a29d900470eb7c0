/** Comments and documents do not use the words that docs/STYLE.md refuses. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { commentsOf } from "./support/comments.ts";

const textOf = (path: string): string => readFileSync(path, "utf8");
const files = execFileSync("git", ["ls-files"], { encoding: "utf8" })
  .split("\n")
  .filter(existsSync);

/** The first column of the table in docs/STYLE.md: the words in backticks. */
const refused = [...textOf("docs/STYLE.md").matchAll(/^\|((?: `[a-z ]+`,?)+) \|/gm)].flatMap(
  ([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word),
);
const REFUSED = new RegExp(`\\b(?:${refused.join("|").replaceAll(" ", "\\s+")})\\b`, "gi");

/** The refused words of a text; names of code in backticks do not count. */
const refusedIn = (text: string): readonly string[] =>
  text.replace(/`[^`\n]*`/g, "").match(REFUSED) ?? [];

const found = (path: string, text: string): readonly string[] =>
  refusedIn(text).map((word) => `${path}: ${word}`);

test("the list has words", () => {
  expect(refused).toEqual(expect.arrayContaining(["nobody", "its turn", "beside"]));
});

test("comments of the code and its tests do not use them", () => {
  const code = files.filter((path) =>
    /^(?:sdk|runtime|plugins|migrations|dags|test)\/.*\.(?:tsx?|mjs)$/.test(path),
  );
  expect(code.length).toBeGreaterThan(300);
  expect(code.flatMap((path) => found(path, commentsOf(textOf(path)).join("\n")))).toEqual([]);
});

test("documents do not use them", () => {
  const documents = files.filter((path) => /^(?:docs\/.*|[A-Z]+)\.md$/.test(path));
  expect(documents.length).toBeGreaterThan(20);
  expect(documents.flatMap((path) => found(path, textOf(path)))).toEqual([]);
});

describe("a refused word is found", () => {
  test.each([
    ["in a block", "/** Nobody waits. */"],
    ["in a line", "const x = 1; // read anew"],
    ["over two lines of a comment", "/**\n * The task has its\n * turn.\n */"],
    ["in a comment of SQL", "const SQL = `\n-- whoever comes first\nselect 1`;"],
  ])("%s", (_, text) => {
    expect(refusedIn(commentsOf(text).join("\n"))).toHaveLength(1);
  });

  test.each([
    ["in a text of code", 'const x = "nobody";'],
    ["as the name of code in a comment", "// the user `nobody`"],
    ["as a part of another word", "// besides"],
  ])("but not %s", (_, text) => {
    expect(refusedIn(commentsOf(text).join("\n"))).toEqual([]);
  });
});
