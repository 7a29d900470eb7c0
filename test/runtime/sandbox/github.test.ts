import { afterEach, beforeEach, expect, test } from "vitest";
import { type SandboxGithub, startSandboxGithub } from "../../../runtime/sandbox/github.ts";

interface Issue {
  readonly id: number;
  readonly state: string;
  readonly title: string;
  readonly pull_request?: object;
  readonly assignee: { readonly id: number; readonly login: string } | null;
}

let github: SandboxGithub;
beforeEach(async () => {
  github = await startSandboxGithub();
  // The third question of a server is refused; these tests, but one, are not about that.
  await Promise.all([1, 2, 3].map(() => fetch(`${github.url}/orgs/kestra-io/repos`)));
});
afterEach(() => github.close());

async function all<Item>(path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let url: string | undefined = `${github.url}${path}`; url; ) {
    const response: Response = await fetch(url);
    expect(response.status).toBe(200);
    items.push(...((await response.json()) as Item[]));
    url = /<([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return items;
}

async function issuesOf(org: string): Promise<Issue[]> {
  const repos = await all<{ name: string }>(`/orgs/${org}/repos`);
  return (
    await Promise.all(
      repos.map(({ name }) => all<Issue>(`/repos/${org}/${name}/issues?state=all&per_page=100`)),
    )
  ).flat();
}

test("has what real data has: several pages, big ids, pull requests, odd titles", async () => {
  const issues = await issuesOf("astronomerio");
  expect(issues.length).toBeGreaterThan(250);
  expect(issues.every(({ id }) => id > 2 ** 31 && Number.isSafeInteger(id))).toBe(true);
  expect(new Set(issues.map(({ id }) => id)).size).toBe(issues.length);
  expect(issues.some(({ pull_request }) => pull_request)).toBe(true);
  for (const odd of [/"/, /'/, /\\/, /\n/, /\t/, /東京/, /🚀/])
    expect(issues.some(({ title }) => odd.test(title))).toBe(true);
  expect(await all("/orgs/astronomerio/members?per_page=100")).toHaveLength(112);
});

test("has one person with equally many open issues in both organisations, known to both by one id", async () => {
  const counts = await Promise.all(
    ["astronomerio", "airflow-plugins"].map(async (org) => {
      const members = await all<{ id: number; login: string }>(`/orgs/${org}/members?per_page=100`);
      const open = (await issuesOf(org)).filter(
        ({ state, assignee }) => state === "open" && assignee !== null,
      );
      expect(open.every(({ assignee }) => members.some(({ id }) => id === assignee?.id))).toBe(
        true,
      );
      return open
        .filter(({ assignee }) => assignee?.login === "grace-both")
        .map(({ assignee }) => assignee?.id);
    }),
  );
  expect(counts[0]).toHaveLength(3);
  expect(counts[0]).toEqual(counts[1]);
});

test("shows open issues unless asked for others", async () => {
  const count = async (query: string): Promise<number> =>
    (await all(`/repos/astronomerio/open-example-dags/issues${query}`)).length;
  expect([await count(""), await count("?state=closed"), await count("?state=all")]).toEqual([
    50, 50, 100,
  ]);
});

test("answers the same after a restart", async () => {
  const again = await startSandboxGithub();
  const text = async (url: string): Promise<string> =>
    (
      await (await fetch(`${url}/repos/airflow-plugins/github_plugin/issues?state=all`)).text()
    ).replaceAll(url, "");
  expect(await text(again.url)).toBe(await text(github.url));
  await again.close();
});

test("refuses one request, the third, with a secondary rate limit", async () => {
  const fresh = await startSandboxGithub();
  const answers: Response[] = [];
  for (let n = 0; n < 5; n++) answers.push(await fetch(`${fresh.url}/orgs/astronomerio/members`));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 200, 200]);
  expect(answers[2]?.headers.get("retry-after")).toBe("1");
  await fresh.close();
});

test("knows an answer by its ETag and counts the quota down", async () => {
  const first = await fetch(`${github.url}/repos/kestra-io/kestra`);
  const second = await fetch(first.url, {
    headers: { "if-none-match": first.headers.get("etag")! },
  });
  expect(second.status).toBe(304);
  expect(await second.text()).toBe("");
  const remaining = [first, second].map(({ headers }) =>
    Number(headers.get("x-ratelimit-remaining")),
  );
  expect(remaining[0]! - remaining[1]!).toBe(1);
});

test.each([
  "/",
  "/orgs/nobody/repos",
  "/orgs/astronomerio/hooks",
  "/repos/astronomerio/none/issues",
  "/repos/astronomerio/toString",
  "/repos/astronomerio/empty/constructor",
  "/%E0%A4%A",
])("has no %s", async (path) => {
  const response = await fetch(github.url + path);
  expect(response.status).toBe(404);
});

test("lists the organisations of an account only for one who logs in", async () => {
  expect((await fetch(`${github.url}/user/orgs`)).status).toBe(401);
  expect(
    (await fetch(`${github.url}/user/orgs`, { headers: { authorization: "token t" } })).status,
  ).toBe(200);
});

test("takes messages at a webhook and remembers them", async () => {
  const post = async (body: string): Promise<number> =>
    (await fetch(`${github.url}/webhooks/team`, { method: "POST", body })).status;
  expect(await post('{"content": "one"}')).toBe(204);
  expect(await post('{"content": "two ★"}')).toBe(204);
  expect(await post('{"content": ""}')).toBe(400);
  expect(await post('{"content": 7}')).toBe(400);
  expect(await post("null")).toBe(400);
  expect(await post("no JSON")).toBe(400);
  const messages = await (await fetch(`${github.url}/webhooks/team/messages`)).json();
  expect(messages).toMatchObject([{ content: "one" }, { content: "two ★" }]);
  expect(await (await fetch(`${github.url}/webhooks/other/messages`)).json()).toEqual([]);
});

test("may be closed twice", async () => {
  const fresh = await startSandboxGithub();
  await fresh.close();
  await fresh.close();
});
