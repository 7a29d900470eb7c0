/** Views show ids by one component, which lets a line end behind a word of an id. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** An id as the whole text of an element. The text of an option is never broken. */
const PLAIN_ID = /<(?!option\b)\w+(?:[^<>]|=>)*>\s*\{[\w.]*(?:dagId|taskId|runId)\}\s*<\//g;

const plainIds = (view: string): string[] => view.match(PLAIN_ID) ?? [];

test("no view writes an id without it", () => {
  const views = globSync("runtime/web/views/**/*.tsx");
  expect(views.length).toBeGreaterThan(30);
  const found = views.flatMap((path) =>
    plainIds(readFileSync(path, "utf8")).map((text) => `${path}: ${text}`),
  );
  expect(found).toEqual([]);
});

test("the check finds an id that is written without it", () => {
  expect(plainIds("<a href={address}>{run.dagId}</a>")).toHaveLength(1);
  expect(plainIds("<h1>\n  {taskId}\n</h1>")).toHaveLength(1);
  expect(plainIds("<b><Id text={dagId} /></b><option value={taskId}>{taskId}</option>")).toEqual(
    [],
  );
});
