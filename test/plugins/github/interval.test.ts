/** An extract of the rows of one data interval. */
import { type GithubSource, githubColumns } from "dagsmith/plugins/github";
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { githubObjects, type IntervalRule } from "../../../plugins/github/objects.ts";
import { extract, type Item, serveGithub } from "./github_server.ts";

/** In another zone than GitHub's times. */
const vienna = (text: string) =>
  DateTime.fromISO(text, { zone: "Europe/Vienna" }) as DateTime<true>;
const interval = { start: vienna("2026-01-02T00:00:00Z"), end: vienna("2026-01-03T00:00:00Z") };
const AT = {
  before: "2026-01-01T23:59:59Z",
  start: "2026-01-02T00:00:00Z",
  last: "2026-01-02T23:59:59Z",
  end: "2026-01-03T00:00:00Z",
};

const objects = Object.keys(githubObjects) as (keyof typeof githubObjects)[];
const timed = objects.filter((object) => "interval" in githubObjects[object]);
const ruleOf = (object: string) =>
  (githubObjects as Readonly<Record<string, { interval?: IntervalRule }>>)[object]!.interval!;

/** The item of GitHub whose row has `time` in the column of the rule. */
const itemAt = (object: string, time: string | null): Item =>
  object === "commits"
    ? { sha: time, commit: { committer: { date: time } } }
    : { id: time, [ruleOf(object).time]: time };

const pathOf = (object: keyof typeof githubObjects) =>
  `/repos/acme/one/${githubObjects[object].path}`;

describe.each(timed)("the %s of an interval", (object) => {
  const column = ruleOf(object).time;
  const source = { object, org: "acme", repo: "one", interval } as GithubSource;

  test("begin with its start and end before its end", async () => {
    const times = [AT.end, AT.last, AT.start, AT.before];
    await using github = await serveGithub({
      [pathOf(object)]: times.map((time) => itemAt(object, time)),
    });
    const { output } = await extract(github, source);
    expect(output.map((row) => row[column])).toEqual([AT.last, AT.start]);
  });

  test("have a column of their time", () => {
    expect(githubColumns[object]).toContainEqual({ name: column, type: "timestamptz" });
  });
});

test.each([
  ["issues", { since: AT.start }],
  ["issue_comments", { since: AT.start }],
  ["commits", { since: AT.start, until: AT.end }],
  ["pull_requests", { sort: "updated", direction: "desc" }],
  ["forks", { sort: "newest" }],
] as const)("GitHub is asked for the %s of an interval alone", async (object, parameters) => {
  await using github = await serveGithub({ [pathOf(object)]: [] });
  await extract(github, {
    ...{ object, org: "acme", repo: "one", interval },
    payload: { since: "2020-01-01T00:00:00Z", sort: "created" },
  });
  expect(Object.fromEntries(github.requests[0]!.url.searchParams)).toMatchObject(parameters);
});

test.each(["pull_requests", "forks", "workflow_runs"] as const)(
  "the %s are read latest first, no further than the interval begins",
  async (object) => {
    const times = [AT.end, AT.last, AT.last, AT.start, AT.before, AT.before, AT.before, AT.before];
    await using github = await serveGithub({
      [pathOf(object)]: times.map((time) => itemAt(object, time)),
    });
    const { output } = await extract(github, {
      ...{ object, org: "acme", repo: "one", interval, payload: { per_page: 2 } },
    });
    expect(output).toHaveLength(3);
    expect(github.requests).toHaveLength(3);
  },
);

test("a draft, which is not published, is in no interval", async () => {
  await using github = await serveGithub({ [pathOf("releases")]: [itemAt("releases", null)] });
  const source = { object: "releases", org: "acme", repo: "one" } as const;
  expect((await extract(github, { ...source, interval })).output).toEqual([]);
  expect((await extract(github, source)).output).toHaveLength(1);
});

test("stars are asked for with their time", async () => {
  await using github = await serveGithub({ [pathOf("stars")]: [itemAt("stars", AT.start)] });
  const { output } = await extract(github, { object: "stars", org: "acme", repo: ["one"] });
  expect(output).toEqual([
    { id: AT.start, starred_at: AT.start, repository_full_name: "acme/one" },
  ]);
  expect(github.requests[0]?.headers.accept).toContain("star+json");
});

test("an interval without length is refused: it would have no rows", async () => {
  await using github = await serveGithub({ [pathOf("issues")]: [] });
  const empty = { start: interval.start, end: interval.start };
  await expect(
    extract(github, { object: "issues", org: "acme", repo: "one", interval: empty }),
  ).rejects.toThrow(
    /interval is "2026-01-02T01:00:00.000\+01:00\/2026-.*"; allowed: an interval that/,
  );
  expect(github.requests).toEqual([]);
});

test("an interval of contributors is refused, because they have no time", async () => {
  await using github = await serveGithub({});
  await expect(
    extract(github, { object: "contributors", org: "acme", repo: "one", interval }),
  ).rejects.toThrow(/interval is "contributors"; allowed: nothing, because GitHub gives/);
});
