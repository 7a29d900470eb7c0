/** What an extract does when GitHub fails. Tests that wait for seconds run side by side. */
import { expect, test } from "vitest";
import { loopback, sendJson } from "../../support/loopback.ts";
import { extract, type Fault, items, serveGithub, TOKEN } from "./github_server.ts";

const members = { object: "members", org: "acme", payload: { per_page: 10 } } as const;
const lists = { "/orgs/acme/members": items(95) };

async function failureOf(extraction: Promise<unknown>): Promise<Error> {
  return extraction.then(
    () => expect.unreachable("the extract succeeded"),
    (error: Error) => error,
  );
}

test.each<[string, Fault]>([
  ["502", { status: 502 }],
  ["500", { status: 500 }],
  ["a body cut short", "cut"],
  ["a body that ends early without saying so", "cut unannounced"],
])("every fifth answer being %s costs no row", async (_, fault) => {
  await using github = await serveGithub(lists, (count) => (count % 5 === 0 ? fault : undefined));
  const { output } = await extract(github, members);
  expect(output).toEqual(items(95));
});

test.concurrent.each<[string, Fault]>([
  ["502", { status: 502 }],
  ["a body cut short", "cut"],
  ["a body that ends early without saying so", "cut unannounced"],
])("a page that is always %s fails the extract after 4 tries, to be retried", async (_, fault) => {
  await using github = await serveGithub(lists, (_count, url) =>
    url.searchParams.get("page") === "3" ? fault : undefined,
  );
  const error = await failureOf(extract(github, members));
  expect(error.name).toBe("Error");
  expect(error.message).toMatch(/^Extract of members failed\. GitHub: GET \/orgs\/acme\/members /);
  expect(github.requests).toHaveLength(2 + 4);
});

test.each([
  [400, "Bad Request"],
  [401, "Bad credentials"],
  [403, "Resource not accessible by personal access token"],
  [404, "Not Found"],
  [410, "Gone"],
  [422, "Validation Failed"],
])(
  "%i fails the task at once and for good, naming object, path and status but no token",
  async (status, message) => {
    await using github = await serveGithub(lists, (count) =>
      count === 3 ? { status, message } : undefined,
    );
    const error = await failureOf(extract(github, members));
    expect(error.name).toBe("FailTask");
    expect(error.message).toBe(
      `Extract of members failed. GitHub: GET /orgs/acme/members answered ${status}: ${message}`,
    );
    expect(`${error.message}${error.stack}`).not.toContain(TOKEN);
    expect(github.requests).toHaveLength(3);
  },
);

const withGone = {
  "/orgs/acme/repos": [{ name: "one" }, { name: "gone" }, { name: "two" }],
  "/repos/acme/one/issues": items(2),
  "/repos/acme/two/issues": items(1),
};

test.each([403, 404, 410, 451])(
  "a repository of all that answers %i has no rows, and a warning",
  async (status) => {
    await using github = await serveGithub(withGone, (_, url) =>
      url.pathname.includes("gone") ? { status } : undefined,
    );
    const { output, log } = await extract(github, { object: "issues", org: "acme", repo: "all" });
    expect(output).toEqual([...items(2), ...items(1)]);
    expect(log).toEqual([
      {
        level: "warn",
        text: expect.stringMatching(
          `^acme/gone has no rows in this extract: GitHub: GET /repos/acme/gone/issues answered ${status}: `,
        ),
      },
    ]);
  },
);

test.each([[{ repo: "all", unreadable: "fail" }], [{ repo: ["one", "gone"] }]] as const)(
  "with %o a repository that cannot be read fails the extract",
  async (options) => {
    await using github = await serveGithub(withGone);
    const error = await failureOf(extract(github, { object: "issues", org: "acme", ...options }));
    expect(error).toMatchObject({
      name: "FailTask",
      message: expect.stringContaining("GET /repos/acme/gone/issues answered 404"),
    });
  },
);

test("of all repositories, one that refuses for another reason fails the extract", async () => {
  await using github = await serveGithub(withGone, (_, url) =>
    url.pathname.includes("gone") ? { status: 422 } : undefined,
  );
  await failureOf(extract(github, { object: "issues", org: "acme", repo: "all" }));
  await failureOf(extract(github, { object: "issues", org: "none", repo: "all" }));
});

test.each([403, 404])(
  "an extract fails when every repository answers %i, because the login may lack a right",
  async (status) => {
    await using github = await serveGithub(withGone, (_, url) =>
      url.pathname.startsWith("/repos/") ? { status } : undefined,
    );
    const error = await failureOf(
      extract(github, { object: "issues", org: "acme", repo: ["one", "two"], unreadable: "skip" }),
    );
    expect(error).toMatchObject({
      name: "FailTask",
      message: expect.stringMatching(
        `^Extract of issues failed. No repository of acme can be read; give the login the right to read issues. .* answered ${status}: `,
      ),
    });
  },
);

test("an organisation whose repositories all have their issues off has no rows", async () => {
  await using github = await serveGithub(withGone, (_, url) =>
    url.pathname.startsWith("/repos/") ? { status: 410 } : undefined,
  );
  const { output } = await extract(github, { object: "issues", org: "acme", repo: "all" });
  expect(output).toEqual([]);
});

test.concurrent("a rate limit that stays is no refusal of the repository", async () => {
  await using github = await serveGithub(withGone, (_, url) =>
    url.pathname.includes("gone") ? { status: 403, headers: { "retry-after": "0" } } : undefined,
  );
  const error = await failureOf(extract(github, { object: "issues", org: "acme", repo: "all" }));
  expect(error).toMatchObject({ name: "Error", message: expect.stringContaining("answered 403") });
});

test.concurrent.each<[string, Fault]>([
  ["429 with Retry-After", { status: 429, headers: { "retry-after": "1" } }],
  [
    "429 with a reset",
    { status: 429, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" } },
  ],
  ["403 with Retry-After", { status: 403, headers: { "retry-after": "1" } }],
])("%s is waited out, once for each answer", async (_, fault) => {
  await using github = await serveGithub(lists, (count) => (count === 4 ? fault : undefined));
  const { output, log } = await extract(github, members);
  expect(output).toEqual(items(95));
  expect(github.requests).toHaveLength(11);
  expect(log[0]?.text).toMatch(/^GitHub rate limit at GET .*: waiting [012] s \(1 of 3\)$/);
});

test.concurrent("a 429 that stays is asked for four times, to be retried", async () => {
  await using github = await serveGithub(lists, () => ({
    status: 429,
    headers: { "retry-after": "0" },
  }));
  expect(await failureOf(extract(github, members))).toMatchObject({ name: "Error" });
  expect(github.requests).toHaveLength(4);
});

test("a server that is not there fails the extract, to be retried", async () => {
  const github = await serveGithub(lists);
  await github[Symbol.asyncDispose]();
  const error = await failureOf(extract(github, members));
  expect(error.name).toBe("Error");
  expect(error.message).toMatch(/GET \/orgs\/acme\/members failed: .*ECONNREFUSED/);
});

test.concurrent("waits out a secondary rate limit for as long as GitHub asks, and says so in the log", async () => {
  const limit: Fault = {
    status: 403,
    headers: { "retry-after": "1" },
    message: "You have exceeded a secondary rate limit.",
  };
  await using github = await serveGithub(lists, (count) => (count === 4 ? limit : undefined));
  const { output, log } = await extract(github, members);
  expect(output).toEqual(items(95));
  expect(log).toEqual([
    {
      level: "warn",
      text: "GitHub secondary rate limit at GET /orgs/acme/members: waiting 1 s (1 of 3)",
    },
  ]);
});

test.concurrent("gives up on a rate limit after 3 waits, to be retried", async () => {
  const limit: Fault = {
    status: 403,
    headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" },
    message: "API rate limit exceeded",
  };
  await using github = await serveGithub(lists, () => limit);
  const error = await failureOf(extract(github, members));
  expect(error.name).toBe("Error");
  expect(error.message).toContain("answered 403: API rate limit exceeded");
  expect(github.requests).toHaveLength(4);
});

test("an abort ends the wait for a rate limit", async () => {
  const task = new AbortController();
  await using github = await loopback((_, response) => {
    sendJson(
      response,
      403,
      { message: "You have exceeded a secondary rate limit." },
      { "retry-after": "600" },
    );
    response.once("close", () => task.abort(new Error("cancelled")));
  });
  expect((await failureOf(extract(github, members, { signal: task.signal }))).message).toBe(
    "cancelled",
  );
});

test("an abort ends a request that nobody answers", async () => {
  const task = new AbortController();
  await using github = await loopback(() => task.abort(new Error("cancelled")));
  expect((await failureOf(extract(github, members, { signal: task.signal }))).message).toBe(
    "cancelled",
  );
});

test("a repository without commits has no contributors", async () => {
  await using github = await loopback((_, response) => void response.writeHead(204).end());
  const source = { object: "contributors", org: "acme", repo: "one" } as const;
  expect((await extract(github, source)).output).toEqual([]);
});

test("a repository without any commit has no rows, while other conflicts fail", async () => {
  await using empty = await serveGithub({}, () => ({
    status: 409,
    message: "Git Repository is empty.",
  }));
  expect((await extract(empty, { object: "commits", org: "acme", repo: "one" })).output).toEqual(
    [],
  );
  await using conflict = await serveGithub({}, () => ({ status: 409, message: "Conflict" }));
  await failureOf(extract(conflict, { object: "commits", org: "acme", repo: "one" }));
});
