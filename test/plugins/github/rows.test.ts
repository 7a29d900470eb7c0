import { githubColumns } from "dagsmith/plugins/github";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toRecord } from "../../../plugins/github/flatten.ts";
import { githubObjects } from "../../../plugins/github/objects.ts";
import { type SandboxGithub, startSandboxGithub } from "../../../runtime/sandbox/github.ts";
import { extract } from "./github_server.ts";

describe("a row", () => {
  const person = { id: 5, login: "ada" };

  test.each([
    ["joins nested keys by an underscore", { a: { b: { c: 1 } } }, {}, { a_b_c: 1 }],
    ["names list items by their index", { a: ["x", { b: "y" }] }, {}, { a_0: "x", a_1_b: "y" }],
    ["has no column for empty lists and objects", { id: 1, a: [], b: {} }, {}, { id: 1 }],
    [
      "keeps null, false, zero and empty text",
      { a: null, b: false, c: 0, d: "" },
      {},
      { a: null, b: false, c: 0, d: "" },
    ],
    ["keeps one field of a sub-object", { user: person }, { user: "id" }, { user_id: 5 }],
    [
      "keeps the column of a sub-object that is null",
      { user: null },
      { user: "id" },
      { user_id: null },
    ],
    [
      "keeps the column of a sub-object that lacks the field",
      { user: {} },
      { user: "id" },
      { user_id: null },
    ],
    ["has no column for a sub-object that is absent", { id: 1 }, { user: "id" }, { id: 1 }],
    [
      "leaves a sub-object out altogether",
      { id: 1, labels: [{ id: 2 }] },
      { labels: null },
      { id: 1 },
    ],
    [
      "writes numbers beyond 53 bits as text",
      { id: (2n ** 60n) as never },
      {},
      { id: "1152921504606846976" },
    ],
  ])("%s", (_, object, keep, row) => {
    expect(toRecord(object, keep as Record<string, string | null>)).toEqual(row);
  });

  test("keeps a key named __proto__", () => {
    expect(Object.keys(toRecord(JSON.parse('{"__proto__": {"a": 1}, "b": 2}'), {}))).toEqual([
      "__proto___a",
      "b",
    ]);
  });

  test.each([
    ["commits", { author: person, committer: person }, { author_id: 5, committer_id: 5 }],
    ["commit_comments", { user: person }, { user_id: 5 }],
    ["issue_comments", { user: person }, { user_id: 5 }],
    [
      "issues",
      {
        labels: [{ id: 1 }],
        milestone: { id: 2 },
        assignee: person,
        user: person,
        closed_by: null,
      },
      { milestone_id: 2, assignee_id: 5, user_id: 5, closed_by_id: null },
    ],
    [
      "pull_requests",
      {
        assignee: null,
        milestone: null,
        user: person,
        head: { label: "a:b", sha: "1" },
        base: { label: "a:c", repo: {} },
      },
      { assignee_id: null, milestone_id: null, user_id: 5, head_label: "a:b", base_label: "a:c" },
    ],
    ["repositories", { owner: person }, { owner_id: 5 }],
    ["members", person, person],
    ["contributors", person, person],
    ["forks", { owner: person, license: { key: "mit" } }, { owner_id: 5, license_key: "mit" }],
    ["releases", { author: person, assets: [{ id: 1 }] }, { author_id: 5 }],
    ["stars", { starred_at: "t", user: person }, { starred_at: "t", user_id: 5 }],
    [
      "workflow_runs",
      {
        ...{ actor: person, triggering_actor: null, head_commit: { id: "a" }, pull_requests: [1] },
        ...{ repository: { id: 1, full_name: "a/b" }, head_repository: null },
      },
      {
        ...{ actor_id: 5, triggering_actor_id: null },
        ...{ repository_full_name: "a/b", head_repository_full_name: null },
      },
    ],
    ["teams", { parent: { id: 1, name: "all" } }, { parent_id: 1 }],
    ["organizations", person, person],
  ] as const)("of %s has its sub-objects cut down", (object, given, row) => {
    expect(toRecord(given as never, githubObjects[object].keep)).toEqual(row);
  });
});

describe("the columns", () => {
  let github: SandboxGithub;
  beforeAll(async () => {
    github = await startSandboxGithub();
  });
  afterAll(() => github.close());

  test.each(Object.keys(githubColumns) as (keyof typeof githubColumns)[])(
    "of %s are rightly named and typed",
    async (object) => {
      const { output } = await extract(
        { url: github.url } as never,
        { object, org: "airflow-plugins", repo: "all" } as never,
      );
      const types = new Map(githubColumns[object].map(({ name, type }) => [name, type]));
      expect(types.size).toBe(githubColumns[object].length);
      expect(output.length).toBeGreaterThan(0);
      for (const row of output) {
        for (const [name, value] of Object.entries(row))
          if (value !== null && types.has(name))
            expect(fits(value, types.get(name)!), name).toBe(true);
        expect(Object.keys(row)).toEqual(expect.arrayContaining(ALWAYS[object]));
      }
      for (const name of ALWAYS[object]) expect(types.has(name), name).toBe(true);
    },
  );

  /** Some of the columns that no row lacks. */
  const ALWAYS: Readonly<Record<keyof typeof githubColumns, string[]>> = {
    commits: ["sha", "author_id", "committer_id", "commit_message", "commit_author_date"],
    commit_comments: ["id", "user_id", "commit_id", "created_at"],
    contributors: ["id", "login", "contributions", "repository_full_name"],
    forks: ["id", "owner_id", "full_name", "created_at", "repository_full_name"],
    issue_comments: ["id", "user_id", "issue_url", "created_at"],
    issues: [
      "id",
      "number",
      "user_id",
      "assignee_id",
      "milestone_id",
      "locked",
      "state",
      "title",
      "created_at",
      "closed_at",
      "repository_url",
    ],
    members: ["id", "login", "site_admin", "type", "avatar_url", "received_events_url"],
    organizations: ["id", "login", "description"],
    pull_requests: [
      "id",
      "number",
      "user_id",
      "assignee_id",
      "head_label",
      "base_label",
      "merged_at",
      "_links_self_href",
    ],
    releases: ["id", "tag_name", "author_id", "published_at", "repository_full_name"],
    stars: ["user_id", "starred_at", "repository_full_name"],
    teams: ["id", "slug", "parent_id"],
    workflow_runs: ["id", "run_number", "conclusion", "created_at", "repository_full_name"],
    repositories: [
      "id",
      "owner_id",
      "full_name",
      "private",
      "stargazers_count",
      "license_key",
      "permissions_admin",
    ],
  };

  const fits = (value: unknown, type: string): boolean => {
    if (type === "boolean") return typeof value === "boolean";
    if (type === "integer") return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31;
    if (type === "bigint") return Number.isSafeInteger(value);
    if (type === "timestamptz") return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(value));
    return typeof value === "string";
  };

  test("hold every id as a bigint", () => {
    for (const { name, type } of Object.values(githubColumns).flat()) {
      if (/^id$|_id$/.test(name) && !/(node|gravatar|commit|spdx)_id$/.test(name))
        expect(type, name).toBe("bigint");
    }
  });
});
