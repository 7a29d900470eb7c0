import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { s3Hook } from "dagsmith/plugins/aws";
import { type GithubToS3Options, githubToS3 } from "dagsmith/plugins/github";
import { type RunTaskOptions, runTask } from "dagsmith/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SandboxS3, startSandboxS3 } from "../../../runtime/sandbox/s3.ts";
import type { Loopback } from "../../support/loopback.ts";
import { items, serveGithub } from "./github_server.ts";

let s3: SandboxS3;
beforeEach(async () => {
  s3 = await startSandboxS3({ buckets: ["lake"] });
});
afterEach(() => s3.close());

const to = { github: "github", s3: "s3", bucket: "lake", key: "github/acme.json" } as const;

const connected = (github: Loopback): RunTaskOptions => ({
  connections: {
    github: { type: "github", host: github.url, password: "t" },
    s3: { type: "aws", host: s3.url, login: "key", password: "secret" },
  },
});

const sizeOf = (github: Loopback, key: string): Promise<number | null> =>
  runTask(
    async ({ hook }) => (await (await hook(s3Hook("s3"))).head("lake", key))?.size ?? null,
    connected(github),
  ).then(({ output }) => output);

const uploadsLeft = (github: Loopback): Promise<number> =>
  runTask(async ({ hook }) => {
    const { client } = await hook(s3Hook("s3"));
    return (
      (await client.send(new ListMultipartUploadsCommand({ Bucket: "lake" }))).Uploads?.length ?? 0
    );
  }, connected(github)).then(({ output }) => output);

const stored = (github: Loopback, key: string): Promise<string> =>
  runTask(
    async ({ hook }) => (await hook(s3Hook("s3"))).getText("lake", key),
    connected(github),
  ).then(({ output }) => output);

test("writes a JSON object a line and says how much there was", async () => {
  await using github = await serveGithub({
    "/orgs/acme/repos": [{ name: "one" }, { name: "none" }, { name: "two" }],
    "/repos/acme/one/issues": [
      { id: 2_200_000_001, title: 'two\nlines, "quoted"\u2028', user: { id: 7, login: "ada" } },
      ...items(149),
    ],
    "/repos/acme/none/issues": [],
    "/repos/acme/two/issues": items(1),
  });
  const { output } = await runTask(
    githubToS3({ ...to, org: "acme", repo: "all", object: "issues" }),
    connected(github),
  );
  const text = await stored(github, to.key);
  expect(output).toEqual({
    records: 151,
    pages: 4,
    bytes: Buffer.byteLength(text),
    bucket: "lake",
    key: to.key,
  });
  const lines = text.split("\n");
  expect(lines.pop()).toBe("");
  expect(lines).toHaveLength(151);
  expect(JSON.parse(lines[0]!)).toEqual({
    id: 2_200_000_001,
    title: 'two\nlines, "quoted"\u2028',
    user_id: 7,
  });
});

test("writes an empty object when there is nothing", async () => {
  await using github = await serveGithub({ "/orgs/acme/members": [] });
  const { output } = await runTask(
    githubToS3({ ...to, org: "acme", object: "members" }),
    connected(github),
  );
  expect(output).toMatchObject({ records: 0, pages: 1, bytes: 0 });
  expect(await stored(github, to.key)).toBe("");
});

test("a page that fails leaves no object behind, not even a part, and keeps the one of before", async () => {
  let broken = false;
  // Twelve pages of a megabyte each: the upload has begun to send parts before the last
  // page fails.
  const large = items(1_200).map((item) => ({ ...item, body: "x".repeat(10_000) }));
  await using github = await serveGithub(
    { "/orgs/acme/members": large, "/orgs/new/members": large },
    (_, url) => (broken && url.searchParams.get("page") === "12" ? { status: 404 } : undefined),
  );
  const extract = (org: string, key: string) =>
    runTask(githubToS3({ ...to, key, org, object: "members" }), connected(github));
  const before = await extract("acme", "old.json");
  broken = true;
  await expect(extract("acme", "old.json")).rejects.toMatchObject({
    name: "FailTask",
    message: /GET \/orgs\/acme\/members answered 404/,
  });
  await expect(extract("new", "new.json")).rejects.toThrow("GET /orgs/new/members answered 404");
  expect(await sizeOf(github, "old.json")).toBe(before.output.bytes);
  expect(await sizeOf(github, "new.json")).toBeNull();
  expect(await uploadsLeft(github)).toBe(0);
});

test("key, payload, interval, org and repo may be functions of the context", async () => {
  await using github = await serveGithub({ "/repos/acme/one/issues": items(1) });
  const operator = githubToS3({
    ...to,
    object: "issues",
    org: async ({ params }) => (params as { org: string }).org,
    repo: () => ["one"],
    key: ({ logicalDate }) => `github/${logicalDate.toISODate()}.json`,
    payload: ({ logicalDate }) => ({ labels: `year-${logicalDate.year}` }),
    interval: ({ dataInterval }) => dataInterval,
  });
  const { output } = await runTask(operator, {
    ...connected(github),
    logicalDate: "2018-01-05T00:00:00Z",
    params: { org: "acme" },
  });
  expect(output.key).toBe("github/2018-01-05.json");
  expect(Object.fromEntries(github.requests[0]!.url.searchParams)).toMatchObject({
    ...{ since: "2018-01-05T00:00:00Z", labels: "year-2018" },
  });
});

test.each([
  [
    { object: "isues", org: "acme", repo: "all" },
    /githubToS3: object is "isues"; allowed: commits, commit_comments, .*members/,
  ],
  [{ object: "toString", org: "acme", repo: "all" }, /object is "toString"/],
  [
    { object: "issues", org: "acme" },
    /repo is missing; allowed: a name, a list of names, or "all"/,
  ],
  [{ object: "issues", org: "acme", repo: [] }, /repo is \[\]/],
  [{ object: "members", org: "acme", repo: "one" }, /repo is "one"; allowed: "all" or nothing/],
  [{ object: "members" }, /org is missing/],
])("refuses %j when the DAG is written", (source, message) => {
  expect(() => githubToS3({ ...to, ...source } as GithubToS3Options)).toThrow(message);
});

test("a repo known only at run time is checked then", async () => {
  await using github = await serveGithub({});
  const operator = githubToS3({ ...to, object: "issues", org: "acme", repo: () => [] });
  await expect(runTask(operator, connected(github))).rejects.toThrow("repo is []");
  expect(github.requests).toEqual([]);
});
