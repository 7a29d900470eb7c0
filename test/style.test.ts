/** Comments and documents do not use the words that docs/STYLE.md refuses. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { commentsOf } from "./support/comments.ts";
import { waitsIn } from "./support/waits.ts";

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

/** Cheap: most files hold none of the words, and need not be read for their comments. */
const mayUse = (text: string): boolean =>
  text.replace(/\n\s*(?:\*|\/\/|--)?\s*/g, " ").search(REFUSED) >= 0;

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
  const suspect = code.filter((path) => mayUse(textOf(path)));
  expect(suspect.flatMap((path) => found(path, commentsOf(textOf(path)).join("\n")))).toEqual([]);
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
    expect(mayUse(text)).toBe(true);
  });

  test.each([
    ["in a text of code", 'const x = "nobody";'],
    ["as the name of code in a comment", "// the user `nobody`"],
    ["as a part of another word", "// besides"],
  ])("but not %s", (_, text) => {
    expect(refusedIn(commentsOf(text).join("\n"))).toEqual([]);
  });
});

/** Where time itself is the subject, by file, with the reason. */
const OF_TIME: Readonly<Record<string, string>> = {
  "test/support/until.ts": "it is the one wait",
  "test/runtime/faults/database.test.ts": "the database is away for longer than all patience",
  "test/runtime/faults/database_away.services.ts": "the database is away for longer still",
  "test/runtime/service/loop.test.ts": "the clock is the test's own",
  "test/runtime/store/connection_loss.test.ts": "the clock is the test's own",
  "test/runtime/store/session.test.ts": "the process is frozen for longer than a limit",
};
/**
 * The bench measures time, faults of the chaos run last, and the body of a task may take
 * time.
 */
const ROOMS_OF_TIME = /^test\/(?:bench|chaos)\/|\/(?:waiting_)?dags\//;

test("tests wait for signals and conditions, and not for time", () => {
  const tests = files.filter((path) => /^test\/.*\.ts$/.test(path) && !ROOMS_OF_TIME.test(path));
  const waiting = tests.filter((path) => waitsIn(textOf(path)).length > 0);
  expect(waiting.sort()).toEqual(Object.keys(OF_TIME).sort());
});

test("random cases are those of one seed", () => {
  const tests = files.filter((path) => /^test\/.*\.ts$/.test(path));
  const drawing = tests.filter((path) => /^import .* from "fast-check";$/m.test(textOf(path)));
  expect(drawing).toEqual(["test/support/fast_check.ts"]);
});

/** Where runs, instances and DAGs are written as SQL all the same, with the reason. */
const OF_ROWS: Readonly<Record<string, string>> = {
  "test/support/rows.ts": "it is the one writer",
  "test/support/hot_plans.ts": "its history of 100,000 instances is made by the server",
  "test/runtime/web/api.test.ts": "its 500 DAGs with 10,000 runs are made by the server",
  "test/chaos/checks.test.ts": "it breaks rows to see that a check finds it",
  "test/architecture.test.ts": "it has examples of writers",
  "test/style.test.ts": "it has an example of a writer",
};
const WRITER = /insert into dagsmith\.(?:dag|dag_version|dag_run|task_instance)[ (]/;

test("rows of DAGs, runs and instances are written by one file of the tests", () => {
  const tests = files.filter((path) => /^test\/(?!bench\/).*\.ts$/.test(path));
  const writers = tests.filter((path) => WRITER.test(textOf(path)));
  expect(writers.sort()).toEqual(Object.keys(OF_ROWS).sort());
  expect("insert into dagsmith.dag_run (run_id) values (1)").toMatch(WRITER);
  expect("insert into dagsmith.dag_run_label (run_id) values (1)").not.toMatch(WRITER);
});

describe("a wait for time is found", () => {
  test.each([
    ["a pause", "await new Promise((resolve) => setTimeout(resolve, 20));"],
    ["a pause of Node", 'import { setTimeout } from "node:timers/promises";'],
    ["a repeated question", "const timer = setInterval(() => look(), 20);"],
    ["a question with a rule of its own", "await expect.poll(() => count()).toBe(1);"],
    ["a question of vitest", "await vi.waitFor(() => expect(count()).toBe(1));"],
    ["a pause of the browser", "await page.waitForTimeout(100);"],
    ["a question on a new line", "await expect\n  .poll(count)\n  .toBe(1);"],
    ["a question without a pause", "while ((await count()) === 0);"],
  ])("%s", (_, text) => {
    expect(waitsIn(text)).toHaveLength(1);
  });

  test.each([
    ["a wait for an element", 'await page.getByText("done").waitFor();'],
    ["a loop that works", "while (await next()) handle();"],
    ["the text of a DAG", 'const DAG = "setTimeout(resolve, 5)";'],
  ])("but not %s", (_, text) => {
    expect(waitsIn(text)).toEqual([]);
  });
});
