import { parseConnection } from "dagsmith";
import { githubHook } from "dagsmith/plugins/github";
import { type RunTaskOptions, runTask } from "dagsmith/testing";
import { expect, test } from "vitest";
import { githubConnection } from "../../../plugins/github/connection.ts";
import { loopback, sendJson } from "../../support/loopback.ts";

type ConnectionValue = NonNullable<RunTaskOptions["connections"]>[string];

const getRepo = (connection: ConnectionValue) =>
  runTask(
    async ({ hook }) => {
      const { data } = await (await hook(githubHook("github"))).rest.repos.get({
        owner: "acme",
        repo: "one",
      });
      return data.stargazers_count;
    },
    { connections: { github: connection } },
  );

test.each<[string, (url: URL) => ConnectionValue, string | undefined]>([
  [
    "a token as password",
    (url) => ({ type: "github", host: url.origin, password: "abc" }),
    "token abc",
  ],
  [
    "a token in extra",
    (url) => ({ type: "github", host: url.origin, extra: { token: "abc" } }),
    "token abc",
  ],
  [
    "a token in extra before login and password",
    (url) => ({
      type: "github",
      host: url.origin,
      login: "a",
      password: "b",
      extra: { token: "c" },
    }),
    "token c",
  ],
  [
    "login and password",
    (url) => ({ type: "github", host: url.origin, login: "ada", password: "abc" }),
    `Basic ${btoa("ada:abc")}`,
  ],
  ["nothing", (url) => ({ type: "github", host: url.origin }), undefined],
  ["a URI with protocol", (url) => `github://:abc@${url.host}?protocol=http`, "token abc"],
  [
    "a URI with a base URL",
    (url) => `github://:abc@?base_url=${encodeURIComponent(url.origin)}`,
    "token abc",
  ],
  [
    "a URI with an encoded host",
    (url) => `github://:abc@${encodeURIComponent(url.origin)}`,
    "token abc",
  ],
])("logs in with %s", async (_, connection, authorization) => {
  await using github = await loopback((_request, response) =>
    sendJson(response, 200, { stargazers_count: 728 }),
  );
  const { output } = await getRepo(connection(new URL(github.url)));
  expect(output).toBe(728);
  expect(github.requests.map(({ url, headers }) => [url.pathname, headers.authorization])).toEqual([
    ["/repos/acme/one", authorization],
  ]);
});

test.each([
  ["github://:t@", "https://api.github.com"],
  ["github://:t@github.example.com", "https://github.example.com"],
  ["github://:t@github.example.com:8443", "https://github.example.com:8443"],
  [
    "github://:t@?base_url=https%3A%2F%2Fgithub.example.com%2Fapi%2Fv3%2F",
    "https://github.example.com/api/v3",
  ],
  ["github://:t@https%3A%2F%2Flogin%3Asecret%40github.example.com", "https://github.example.com"],
])("reads %s as %s", (uri, url) => {
  expect(githubConnection.read(parseConnection("github", uri)).baseUrl).toBe(url);
});

test("refuses a host that is none, without repeating it", () => {
  expect(() =>
    githubConnection.read(parseConnection("github", '{"type": "github", "host": "a b:s3cret"}')),
  ).toThrow(/^Connection "github" cannot be read: host is neither/);
});

test("fails on a body that was cut, instead of answering with nothing", async () => {
  await using github = await loopback((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"stargazers_count": 7', () => response.destroy());
  });
  await expect(getRepo({ type: "github", host: github.url })).rejects.toThrow(
    "GitHub: GET /repos/acme/one failed: ",
  );
});

test("does not repeat a request that writes", async () => {
  await using github = await loopback((_, response) =>
    sendJson(response, 502, { message: "Bad Gateway" }),
  );
  const createIssue = runTask(
    async ({ hook }) =>
      void (await (
        await hook(githubHook("github"))
      ).rest.issues.create({ owner: "acme", repo: "one", title: "once" })),
    { connections: { github: { type: "github", host: github.url } } },
  );
  await expect(createIssue).rejects.toThrow(
    "GitHub: POST /repos/acme/one/issues answered 502: Bad Gateway",
  );
  expect(github.requests).toHaveLength(1);
});

test.each([
  ...[400, 401, 403, 410, 422, 451].map((status) => [status, false] as const),
  ...[404, 409].map((status) => [status, true] as const),
])("an error of %i says that a retry of the task helps: %s", async (status, retryable) => {
  await using github = await loopback((_, response) =>
    sendJson(response, status, { message: "no" }),
  );
  const { output } = await runTask(
    async ({ hook }) => {
      const { rest } = await hook(githubHook("github"));
      return rest.repos.get({ owner: "acme", repo: "one" }).then(
        () => null,
        (error: { readonly retryable?: boolean }) => error.retryable ?? null,
      );
    },
    { connections: { github: { type: "github", host: github.url } } },
  );
  expect(output).toBe(retryable);
});

test("is for connections of type github", async () => {
  await expect(getRepo("http://example.com")).rejects.toThrow('this hook needs "github"');
});
