import { expect, test } from "vitest";
import { loopback, sendJson } from "../../support/loopback.ts";
import { extract, items, serveGithub } from "./github_server.ts";

const members = { object: "members", org: "acme" } as const;

test.each([
  { count: 0, requests: 1 },
  { count: 1, requests: 1 },
  { count: 100, requests: 1 },
  { count: 101, requests: 2 },
  { count: 200, requests: 2 },
])("reads a list of $count with $requests requests", async ({ count, requests }) => {
  await using github = await serveGithub({ "/orgs/acme/members": items(count) });
  const { output } = await extract(github, members);
  expect(output).toEqual(items(count));
  expect(github.requests).toHaveLength(requests);
});

test("reads to the end when the payload asks for smaller pages", async () => {
  await using github = await serveGithub({ "/orgs/acme/members": items(100) });
  const { output } = await extract(github, { ...members, payload: { per_page: 30 } });
  expect(output).toEqual(items(100));
  expect(github.requests.map(({ url }) => url.searchParams.get("per_page"))).toEqual([
    "30",
    "30",
    "30",
    "30",
  ]);
});

test("asks the host of the connection for the next page, wherever the link points", async () => {
  await using github = await loopback(({ url }, response) => {
    const isFirst = !url.searchParams.has("page");
    sendJson(
      response,
      200,
      [{ id: isFirst ? 1 : 2 }],
      isFirst ? { link: '<https://github.invalid/orgs/acme/members?page=2>; rel="next"' } : {},
    );
  });
  expect((await extract(github, members)).output).toEqual([{ id: 1 }, { id: 2 }]);
});

test("fails when a list is answered with something else", async () => {
  await using github = await loopback((_, response) => sendJson(response, 200, { items: [] }));
  await expect(extract(github, members)).rejects.toThrow(
    "GET /orgs/acme/members answered 200 with something that is not a list",
  );
});

test.each([
  { repo: "one", paths: ["/repos/acme/one/issues"] },
  { repo: ["one", "two"], paths: ["/repos/acme/one/issues", "/repos/acme/two/issues"] },
  { repo: "all", paths: ["/orgs/acme/repos", "/repos/acme/one/issues", "/repos/acme/two/issues"] },
])("reads the issues of repo $repo", async ({ repo, paths }) => {
  const lists = {
    "/orgs/acme/repos": [{ name: "one" }, { name: "two" }],
    "/repos/acme/one/issues": items(2),
    "/repos/acme/two/issues": items(1),
  };
  await using github = await serveGithub(lists);
  const { output } = await extract(github, { object: "issues", org: "acme", repo });
  expect(output).toHaveLength(repo === "one" ? 2 : 3);
  expect(github.requests.map(({ url }) => url.pathname)).toEqual(paths);
});

test.each([
  ["members", "/orgs/acme/members"],
  ["repositories", "/orgs/acme/repos"],
  ["organizations", "/user/orgs"],
] as const)("reads %s once, from %s, even for all repositories", async (object, path) => {
  await using github = await serveGithub({ [path]: items(3) });
  const { output } = await extract(github, { object, org: "acme", repo: "all" });
  expect(output).toHaveLength(3);
  expect(github.requests.map(({ url }) => url.pathname)).toEqual([path]);
});

test.each([
  ["commits", "/repos/acme/one/commits"],
  ["commit_comments", "/repos/acme/one/comments"],
  ["issue_comments", "/repos/acme/one/issues/comments"],
  ["pull_requests", "/repos/acme/one/pulls"],
] as const)("reads %s from %s", async (object, path) => {
  await using github = await serveGithub({ [path]: items(3) });
  expect((await extract(github, { object, org: "acme", repo: "one" })).output).toHaveLength(3);
});

test("asks for issues and pull requests in every state unless the payload names one", async () => {
  await using github = await serveGithub({
    "/repos/acme/one/issues": [],
    "/repos/acme/one/pulls": [],
  });
  await extract(github, { object: "issues", org: "acme", repo: "one" });
  await extract(github, { object: "pull_requests", org: "acme", repo: "one" });
  await extract(github, { object: "issues", org: "acme", repo: "one", payload: { state: "open" } });
  expect(github.requests.map(({ url }) => url.searchParams.get("state"))).toEqual([
    "all",
    "all",
    "open",
  ]);
});

test("counts pull requests as issues, as GitHub does, unless told to drop them", async () => {
  await using github = await serveGithub({
    "/repos/acme/one/issues": [{ id: 1 }, { id: 2, pull_request: { url: "p" } }],
  });
  const kept = await extract(github, { object: "issues", org: "acme", repo: "one" });
  expect(kept.output).toEqual([{ id: 1 }, { id: 2, pull_request_url: "p" }]);
  const dropped = await extract(github, {
    object: "issues",
    org: "acme",
    repo: "one",
    pullRequests: "drop",
  });
  expect(dropped.output).toEqual([{ id: 1 }]);
});
