/** Users and their tokens through the API, and users who are disabled. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const TOKEN = "a-long-token-for-tests";
const PASSWORD = "correct horse battery";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ withoutLink: true, token: TOKEN, baseUrl: "http://127.0.0.1/some/path" });
});
afterAll(() => web.close());

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function api(method: string, path: string, body?: unknown, token = TOKEN): Promise<Answer> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${web.url}/api/v1${path}`, { method, headers, ...sent });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

const post = (path: string, body?: unknown): Promise<Answer> => api("POST", path, body);

/** Sets the password of a user by a link. */
async function accept(link: unknown): Promise<number> {
  const code = new URL(String(link)).searchParams.get("code") ?? "";
  const body = new URLSearchParams({ code, password: PASSWORD, again: PASSWORD });
  const sent = { method: "POST", body, redirect: "manual" } as const;
  return (await fetch(`${web.url}/welcome`, sent)).status;
}

async function logIn(name: string): Promise<{ readonly status: number; readonly cookie: string }> {
  const body = new URLSearchParams({ name, password: PASSWORD });
  const sent = { method: "POST", body, redirect: "manual" } as const;
  const answer = await fetch(`${web.url}/login`, sent);
  return { status: answer.status, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
}

describe("an admin's program", () => {
  test("adds a user, who comes in by the link of the answer", async () => {
    const roles = [{ role: "operator", tag: "finance" }, { role: "viewer" }];
    const added = await post("/users", { name: "ada", roles });
    expect([added.status, added.body.link]).toEqual([
      201,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1\/some\/path\/welcome\?code=[\w-]{43}$/),
    ]);
    expect(await accept(added.body.link)).toBe(303);
    expect((await logIn("ada")).status).toBe(303);
    expect((await api("GET", "/users")).body).toMatchObject({
      users: [
        {
          name: "ada",
          roles: [
            { role: "viewer", tag: null },
            { role: "operator", tag: "finance" },
          ],
          ...{ hasPassword: true, issuer: null, disabledAt: null },
        },
      ],
    });
  });

  test("gives a role and takes it away, and makes another link", async () => {
    await post("/users", { name: "grace" });
    const roleOf = async () =>
      ((await api("GET", "/users")).body.users as { name: string; roles: unknown }[]).find(
        ({ name }) => name === "grace",
      )?.roles;
    expect((await post("/users/grace/role", { role: "editor" })).status).toBe(200);
    expect(await roleOf()).toEqual([{ role: "editor", tag: null }]);
    expect((await post("/users/grace/role", { role: null })).status).toBe(200);
    expect(await roleOf()).toEqual([]);
    expect(await accept((await post("/users/grace/link")).body.link)).toBe(303);
    await logIn("grace");
    expect((await post("/users/grace/logout")).body).toEqual({ sessions: 2 });
  });

  test("creates a token of a user, which acts as that user until it is revoked", async () => {
    const made = await post("/users/ada/tokens", { name: "ci", scopes: ["dag.read"], days: 1 });
    expect(made.status).toBe(201);
    const token = String(made.body.token);
    expect((await api("GET", "/dags", undefined, token)).status).toBe(200);
    expect((await api("GET", "/users", undefined, token)).status).toBe(403);
    expect((await api("GET", "/users/ada/tokens")).body).toMatchObject({
      tokens: [{ user: "ada", name: "ci", scopes: ["dag.read"] }],
    });
    expect((await post("/users/ada/tokens/ci/revoke")).status).toBe(200);
    expect((await api("GET", "/dags", undefined, token)).status).toBe(401);
  });

  test.each([
    ["/users", { name: "No Name" }, 400, "INVALID_ARGUMENT"],
    ["/users", { name: "ada" }, 409, "USER_EXISTS"],
    ["/users", { name: "king", roles: [{ role: "king" }] }, 400, "INVALID_ARGUMENT"],
    ["/users/nobody-here/role", { role: "viewer" }, 404, "UNKNOWN_USER"],
    ["/users/nobody-here/disable", undefined, 404, "UNKNOWN_USER"],
    ["/users/nobody-here/tokens", { name: "x" }, 404, "UNKNOWN_USER"],
    ["/users/ada/tokens", { name: "x", scopes: [] }, 400, "INVALID_ARGUMENT"],
    ["/users/ada/tokens/none/revoke", undefined, 404, "UNKNOWN_TOKEN"],
  ])("that sends %s %j gets %i", async (path, body, status, code) => {
    const answer = await post(path, body);
    expect([answer.status, answer.body.error]).toMatchObject([status, { code }]);
  });
});

describe("a disabled user", () => {
  test("is refused at once in every way, and comes back with the same roles and tokens", async () => {
    await accept((await post("/users", { name: "joan", roles: [{ role: "viewer" }] })).body.link);
    const token = String((await post("/users/joan/tokens", { name: "ci" })).body.token);
    const { cookie } = await logIn("joan");
    const withCookie = async () =>
      (await fetch(`${web.url}/account`, { headers: { Cookie: cookie } })).status;
    expect([await withCookie(), (await api("GET", "/dags", undefined, token)).status]).toEqual([
      200, 200,
    ]);
    const { link } = (await post("/users/joan/link")).body;
    expect((await post("/users/joan/disable")).status).toBe(200);
    expect(await withCookie()).toBe(401);
    expect((await api("GET", "/dags", undefined, token)).status).toBe(401);
    expect((await logIn("joan")).status).toBe(401);
    expect(await accept(link)).toBe(410);
    expect((await post("/users/joan/enable")).status).toBe(200);
    expect((await logIn("joan")).status).toBe(303);
    expect((await api("GET", "/dags", undefined, token)).status).toBe(200);
  });

  test("is never the last admin", async () => {
    await post("/users", { name: "root", roles: [{ role: "admin" }] });
    const refused = await post("/users/root/disable");
    expect([refused.status, refused.body.error]).toMatchObject([409, { code: "LAST_ADMIN" }]);
    await post("/users", { name: "second", roles: [{ role: "admin" }] });
    expect((await post("/users/root/disable")).status).toBe(200);
    expect((await post("/users/second/remove")).body.error).toMatchObject({ code: "LAST_ADMIN" });
  });
});

test("a token makes no token, so that neither its scopes nor its end can be left behind", async () => {
  await actions.addUser(web.db, {
    ...{ name: "eve", actor: "test" },
    grants: [{ role: "admin", tag: null }],
  });
  const asked = { user: "eve", name: "small", days: 1, actor: "test" };
  const token = await actions.createToken(web.db, { ...asked, scopes: ["account.use"] });
  const answer = await fetch(`${web.url}/account/tokens`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: new URLSearchParams({ name: "large", days: "" }),
  });
  expect(answer.status).toBe(403);
  expect(await web.rows.sql("select from dagsmith.api_token where name = 'large'")).toEqual([]);
});
