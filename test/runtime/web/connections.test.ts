/** Connections, variables and pools on the page and the API: secrets are only written. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const SECRET = "t0psecret";
let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({
    environment: { DAG_CONN_OUTSIDE: `postgres://x:${SECRET}@db`, DAG_VAR_COLOUR: SECRET },
  });
});
afterAll(() => web.close());

const page = async (path: string): Promise<string> => (await fetch(web.url + path)).text();

/** Sends a form with the token of the page that shows it. */
async function send(path: string, fields: Record<string, string>, from = "/account") {
  const token = /name="_form" value="([^"]+)"/.exec(await page(from))?.[1] ?? "";
  const body = new URLSearchParams({ _form: token, ...fields });
  const answer = await fetch(web.url + path, { method: "POST", body, redirect: "manual" });
  return { status: answer.status, text: await answer.text() };
}
const api = async (path: string, body: unknown): Promise<{ status: number; json: unknown }> => {
  const headers = { "content-type": "application/json" };
  const sent = { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(`${web.url}/api/v1${path}`, sent);
  return { status: answer.status, json: await answer.json() };
};

const LAKE = {
  ...{ id: "lake", type: "postgres", version: "0", "p:host": "db", "p:port": "5432" },
  ...{ "p:login": "etl", "p:password": SECRET, "p:sslmode": '"disable"' },
};
const stored = () => web.secrets.stored.connection("lake");

describe("a connection", () => {
  test("is refused with the field and what is allowed, and its secret is not sent back", async () => {
    const wrong = { ...LAKE, "p:sslrootcert": "no certificate" };
    const { status, text } = await send("/connections", wrong);
    expect(status).toBe(422);
    expect(text).toContain("sslrootcert is not PEM text");
    expect(text).toContain('value="etl"');
    expect(text).not.toContain(SECRET);
    expect(await stored()).toBeNull();
  });

  test("is stored by a form, and shown without its secrets", async () => {
    expect((await send("/connections", LAKE)).status).toBe(303);
    const shown = (await page("/connections")) + (await page("/connections/lake"));
    expect(shown).toContain('value="db"');
    expect(shown).not.toContain(SECRET);
  });

  test("keeps its secret when the field is left empty", async () => {
    const next = { ...LAKE, version: "1", "p:host": "db2", "p:password": "" };
    expect((await send("/connections", next)).status).toBe(303);
    expect(await stored()).toMatchObject({ host: "db2", password: SECRET });
  });

  test("is not changed by an editor who has read an older version", async () => {
    const late = await send("/connections", { ...LAKE, version: "1", "p:host": "late" });
    expect([late.status, late.text]).toEqual([422, expect.stringContaining("was changed")]);
    const again = await send("/connections", { ...LAKE, "p:host": "again" });
    expect(again.status).toBe(422);
    const value = `postgres://late:${SECRET}@db`;
    expect(await api("/connections/lake", { value, version: 1 })).toMatchObject({
      ...{ status: 409, json: { error: { code: "CHANGED_MEANWHILE" } } },
    });
    expect(await stored()).toMatchObject({ host: "db2" });
  });

  test("loses one secret alone, by its box or by the API, and keeps the others", async () => {
    const value = `postgres://etl:${SECRET}@db?sslkey=-----BEGIN%20${SECRET}`;
    await api("/connections/two", { value });
    const shown = await page("/connections/two");
    expect(shown).toContain('name="clear" value="password"');
    expect(shown).not.toContain(SECRET);
    const { version: _, ...form } = { ...LAKE, id: "two", "p:password": "", clear: "password" };
    expect((await send("/connections", { ...form, version: "1" })).status).toBe(303);
    const two = () => web.secrets.stored.connection("two");
    expect(await two()).toMatchObject({
      ...{ password: null, login: "etl", extra: { sslkey: expect.stringContaining(SECRET) } },
    });
    expect((await api("/connections/two/clear", { fields: ["sslkey"] })).status).toBe(200);
    expect((await two())?.extra).not.toHaveProperty("sslkey");
    const refused = await api("/connections/two/clear", { fields: ["sslkey"] });
    expect(refused).toMatchObject({ status: 400, json: { error: { code: "INVALID_ARGUMENT" } } });
    expect(JSON.stringify(refused)).toContain('\\"sslkey\\" is not set; set are: host, login');
    expect((await api("/connections/none/clear", { fields: ["host"] })).status).toBe(404);
  });

  test.each(["slack", "discord", "teams", "webhook"])(
    "of type %s hides the address of its webhook, wherever it is written",
    async (type) => {
      const id = `hook_${type}`;
      const value = `${type}://hooks.${SECRET}.example.com/services/${SECRET}`;
      expect((await api(`/connections/${id}`, { value })).status).toBe(200);
      expect(await page(`/connections/${id}`)).not.toContain(SECRET);
      expect(await page("/connections")).not.toContain(SECRET);
    },
  );

  test("is used by DAGs that name it, also before a run has read it", async () => {
    const hook = { type: "webhook", name: "w", secret: "hook_key", bodySchema: null } as const;
    const table = { connection: "named", schema: "public", table: "t", operations: [] };
    const changes = { type: "postgresChanges", name: "c", ...table } as const;
    await web.rows.dag(dagSpec("limited", { connections: ["named"] }));
    await web.rows.dag(dagSpec("listening", { on: [hook, changes as never] }));
    await web.secrets.stored.setVariable("hook_key", SECRET);
    await api("/connections/named", { value: "http://example.com" });
    const get = async (path: string) => (await fetch(`${web.url}/api/v1${path}`)).json();
    expect(await get("/connections")).toMatchObject({
      connections: expect.arrayContaining([
        expect.objectContaining({
          id: "named",
          usedBy: ["limited", "listening"],
          lastUsedAt: null,
        }),
      ]),
    });
    expect(await get("/variables")).toMatchObject({
      variables: expect.arrayContaining([
        expect.objectContaining({ key: "hook_key", usedBy: ["listening"] }),
      ]),
    });
    await web.rows.sql("update dagsmith.dag set removed_at = now() where dag_id = 'limited'");
    expect(JSON.stringify(await get("/connections"))).not.toContain("limited");
    for (const id of [
      "named",
      "two",
      ...["slack", "discord", "teams", "webhook"].map((one) => `hook_${one}`),
    ])
      await api(`/connections/${id}/delete`, {});
  });

  test("that was deleted is not made again by an editor who has read it", async () => {
    await api("/connections/gone", { value: "http://example.com", version: 0 });
    expect((await api("/connections/gone/delete", {})).status).toBe(200);
    const late = await api("/connections/gone", { value: "http://example.com", version: 1 });
    expect(late.status).toBe(409);
  });

  test("of the environment is listed as read-only, with its source", async () => {
    const list = (await (await fetch(`${web.url}/api/v1/connections`)).json()) as object;
    expect(list).toMatchObject({
      connections: [
        { id: "lake", type: "postgres", source: "database", version: 2 },
        { id: "outside", type: null, source: "environment", version: null },
      ],
    });
    expect(JSON.stringify(list)).not.toContain(SECRET);
    expect((await fetch(`${web.url}/connections/outside`)).status).toBe(404);
  });

  test("leaves audit rows without its secret", async () => {
    const rows = await web.rows.sql("select action, detail::text from dagsmith.audit");
    const text = JSON.stringify(rows);
    expect(text).toContain("set connection");
    expect(text).not.toContain(SECRET);
  });

  test("is neither listed for a viewer nor linked on the page of pools", async () => {
    const by = { actor: "test" };
    await actions.addUser(web.db, { name: "vera", grants: [{ role: "viewer", tag: null }], ...by });
    const limits = { name: "t", scopes: null, days: null, ...by };
    const token = await actions.createToken(web.db, { user: "vera", ...limits });
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${web.url}/connections`, { headers })).status).toBe(403);
    const pools = await (await fetch(`${web.url}/pools`, { headers })).text();
    expect(pools).not.toContain("/connections");
    expect(pools).not.toContain("New pool");
    expect(await page("/pools")).toContain('href="/connections"');
  });
});

describe("the test of connections", () => {
  test("is limited to two at once, and to twenty a minute", async () => {
    const all = await Promise.all(
      Array.from({ length: 4 }, () => api("/connections/nowhere/test", {})),
    );
    const once = all.map(({ status }) => status);
    expect(once.filter((status) => status !== 429 && status !== 404)).toEqual([]);
    const later: number[] = [];
    for (let n = 0; n < 21; n += 1) later.push((await api("/connections/nowhere/test", {})).status);
    expect(later.at(-1)).toBe(429);
  });
});

describe("a variable", () => {
  test("is set, changed and deleted, and its value is never shown", async () => {
    const set = { key: "region", value: SECRET, version: "0" };
    expect((await send("/variables", set)).status).toBe(303);
    expect((await send("/variables", set)).text).toContain("was changed, created or deleted");
    expect((await send("/variables", { ...set, version: "1" })).status).toBe(303);
    const text = await page("/variables");
    expect(text).toContain("region");
    expect(text).toContain("colour");
    expect(text).not.toContain(SECRET);
    expect((await send("/variables/region/delete", {})).status).toBe(303);
    expect((await send("/variables/region/delete", {})).status).toBe(404);
  });
});

describe("a pool", () => {
  test("is created, changed and deleted on its page", async () => {
    const set = { name: "api", slots: "4", description: "calls", version: "0" };
    expect((await send("/pools", set)).status).toBe(303);
    expect(web.asked.at(-1)).toMatchObject({
      ...{ verb: "setPool", request: { name: "api", slots: 4, description: "calls", version: 0 } },
    });
    expect((await send("/pools", { ...set, slots: "many" })).status).toBe(422);
    expect((await send("/pools/api/delete", {})).status).toBe(303);
    expect(web.asked.at(-1)).toMatchObject({ verb: "deletePool", request: { name: "api" } });
  });

  test("is not changed by an editor who has read an older version", async () => {
    const pool = { name: "narrow", slots: 1, actor: "test" };
    await actions.setPool(web.db, { ...pool, version: 0 });
    await actions.setPool(web.db, { ...pool, version: 1 });
    await expect(actions.setPool(web.db, { ...pool, version: 1 })).rejects.toMatchObject({
      code: "CHANGED_MEANWHILE",
    });
  });
});

describe("a setting that was deleted and made again", () => {
  const stale = { code: "CHANGED_MEANWHILE" };

  test("is not changed by an editor of the deleted pool", async () => {
    const pool = { name: "again", slots: 1, actor: "test" };
    await actions.setPool(web.db, { ...pool, version: 0 });
    await actions.deletePool(web.db, { ...pool, version: 1 });
    await actions.setPool(web.db, { ...pool, version: 0 });
    await expect(actions.setPool(web.db, { ...pool, version: 1 })).rejects.toMatchObject(stale);
    await actions.setPool(web.db, { ...pool, version: 2 });
  });

  test.each([
    ["variable", "/variables/again", { value: "x" }],
    ["connection", "/connections/again", { value: "http://example.com" }],
  ])("is not changed by an editor of the deleted %s", async (_, path, body) => {
    expect((await api(path, { ...body, version: 0 })).status).toBe(200);
    expect((await send(`${path}/delete`, {})).status).toBe(303);
    expect((await api(path, { ...body, version: 0 })).status).toBe(200);
    expect((await api(path, { ...body, version: 1 })).status).toBe(409);
    expect((await api(path, { ...body, version: 2 })).status).toBe(200);
  });
});
