/**
 * Who may do what: every registered route, asked by each kind of caller, with each method
 * and in many spellings. The routes come from their registrations; what is expected is
 * written here again, apart from the code that decides.
 */
import { Agent, request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Grant, type Permission, ROLES } from "../../../runtime/access/permissions.ts";
import * as actions from "../../../runtime/actions/index.ts";
import type { Registration } from "../../../runtime/web/http/routes.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

/** The least role of each permission, and whether a role for a tag is enough. */
const LEAST: Readonly<Record<Permission, readonly [Grant["role"], "tag" | "all" | "any"]>> = {
  "dag.read": ["viewer", "tag"],
  "asset.read": ["viewer", "all"],
  "system.read": ["viewer", "any"],
  "account.use": ["viewer", "any"],
  "xcom.read": ["operator", "tag"],
  "dag.operate": ["operator", "tag"],
  "question.answer": ["viewer", "tag"],
  "asset.update": ["operator", "all"],
  "dag.deploy": ["editor", "all"],
  "pool.edit": ["editor", "all"],
  "connection.read": ["editor", "all"],
  "connection.edit": ["editor", "all"],
  "variable.read": ["editor", "all"],
  "variable.edit": ["editor", "all"],
  "audit.read": ["admin", "all"],
  "user.edit": ["admin", "all"],
  "key.edit": ["admin", "all"],
};

interface Caller {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** None for a caller who is not logged in. */
  readonly role?: Grant["role"];
  /** `own`: for the tag of the DAG; `foreign`: for another tag. */
  readonly reach?: "all" | "own" | "foreign";
  readonly scope?: Permission;
}

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.toUpperCase(),
  (path) => `/.${path}`,
  (path) => `/healthz/..${path}`,
  (path) => `/healthz/%2e%2e${path}`,
  (path) => `${path}/healthz`,
  (path) => `${path}/../healthz`,
  (path) => `${path};/healthz`,
  (path) => `${path}%2fhealthz`,
  (path) => `${path}?x=/healthz`,
  (path) => `${path}?topic=home&tag=mine`,
  (path) => path.replace("/", "/%2f"),
  (path) => `${path}%00`,
  (path) => `${path}.`,
  (path) => `${path}%20`,
  (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => `/login/..${path}`,
  (path) => `/assets/page.css/..${path}`,
];

let web: TestWeb;
let routes: readonly Registration[];
let ids: Readonly<Record<string, string | number>>;
let version: number;
const callers: Caller[] = [];

beforeAll(async () => {
  // With the page of the design, so that every route is there.
  web = await testWeb({ withoutLink: true, isDevelopment: true });
  routes = web.server.routes.filter(({ access }) => typeof access === "object");
  const cron = "0 0 * * *";
  const schedule = { type: "cron_data_interval", cron, timezone: "UTC" } as const;
  const schedules = [{ name: "", schedule, params: {} }];
  version = await web.rows.dag(dagSpec("d", { tags: ["mine"], schedules }));
  // Its number is 1, as that of the run: addresses name both by `:id`.
  const range = { from: "2026-01-01", to: "2026-01-02" };
  await actions.createBackfill(web.db, { dagId: "d", ...range, actor: "test" });
  const run = await web.rows.run("d", version, { state: "running" });
  const instance = await web.rows.instance(run, "only", { state: "running" });
  const values = { dagId: "d", taskId: "only", mapIndex: 0, tryNumber: 1, event: "e" };
  ids = {
    ...values,
    id: run,
    instanceId: instance,
    name: "not-there",
    token: "not-there",
    file: "page.js",
    object: "00000000-0000-4000-8000-000000000000",
  };
  callers.push({ name: "a stranger", headers: {} }, await endedSession());
  for (const role of ROLES)
    for (const reach of ["all", "own", "foreign"] as const) callers.push(await person(role, reach));
  for (const scope of Object.keys(LEAST) as Permission[]) callers.push(await scoped(scope));
});
afterAll(async () => {
  AGENT.destroy();
  await web.close();
});

const TAGS = { all: null, own: "mine", foreign: "theirs" } as const;

/** A program that acts as a user with one role. */
async function person(role: Grant["role"], reach: NonNullable<Caller["reach"]>): Promise<Caller> {
  const name = `${role}-${reach}`;
  const grants = [{ role, tag: TAGS[reach] }];
  await actions.addUser(web.db, { name, grants, actor: "test" });
  return { name, role, reach, headers: await bearer(name, null) };
}

/** An admin's token with one scope. */
async function scoped(scope: Permission): Promise<Caller> {
  const headers = await bearer("admin-all", [scope]);
  return { name: `token for ${scope}`, role: "admin", reach: "all", scope, headers };
}

async function bearer(user: string, scopes: readonly Permission[] | null) {
  const name = scopes?.join() ?? "all";
  const limits = { scopes, days: null, actor: "test" };
  const token = await actions.createToken(web.db, { user, name, ...limits });
  return { Authorization: `Bearer ${token}` };
}

async function endedSession(): Promise<Caller> {
  const ended = await testWeb();
  const headers = { Cookie: ended.cookie.replace(/_\d+=/, `_${new URL(web.url).port}=`) };
  await ended.close();
  return { name: "an ended session", headers };
}

function isAllowed({ role, reach, scope }: Caller, { access }: Registration): boolean {
  if (role === undefined || typeof access === "string") return false;
  if (scope !== undefined && scope !== access.permission) return false;
  const [least, needed] = LEAST[access.permission];
  if (ROLES.indexOf(role) < ROLES.indexOf(least)) return false;
  if (reach === "all" || needed === "any") return true;
  if (needed === "all") return false;
  return reach === "own" || access.of === "listed";
}

function addressOf({ path, access }: Registration): string {
  const address = path.replace(/:(\w+)/g, (_, name: string) => String(ids[name]));
  const topic = typeof access === "object" && access.of === "topic";
  return topic ? `${address}?topic=run:${ids.id}` : address;
}

const AGENT = new Agent({ keepAlive: true, maxSockets: 8 });

/** Only the status: a stream that opens has no end. */
function ask(method: string, path: string, headers: Caller["headers"]): Promise<number> {
  const { hostname, port } = new URL(web.url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers, agent: AGENT }, (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.on("error", () => undefined);
      // A stream has no end.
      if (answer.headers["content-type"]?.startsWith("text/event-stream")) asked.destroy();
      else answer.resume();
    });
    asked.on("error", (error) => (asked.destroyed ? undefined : reject(error)));
    asked.end();
  });
}

/** So many requests at once. */
async function each<Item>(items: readonly Item[], use: (item: Item) => Promise<void>) {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await use(item);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

describe("what a user with a role for a tag sees", () => {
  const get = async (caller: string, path: string): Promise<Response> =>
    fetch(web.url + path, { headers: callers.find(({ name }) => name === caller)?.headers ?? {} });

  test("is the DAGs of that tag, their number, and no broken file", async () => {
    await web.rows.sql(
      "insert into dagsmith.import_error (file, code, message) values ('x.ts', 'X', 'broken')",
    );
    const ids = async (caller: string): Promise<string[]> =>
      (
        (await (await get(caller, "/api/v1/dags")).json()) as { dags: { dagId: string }[] }
      ).dags.map(({ dagId }) => dagId);
    expect(await ids("viewer-all")).toEqual(["d"]);
    expect(await ids("viewer-own")).toEqual(["d"]);
    expect(await ids("viewer-foreign")).toEqual([]);
    const home = async (caller: string) => (await get(caller, "/")).text();
    expect(await home("viewer-foreign")).not.toContain("/dags/d");
    expect(await home("viewer-foreign")).not.toContain("broken");
    expect(await home("viewer-all")).toContain("broken");
    const errors = await (await get("viewer-own", "/api/v1/import-errors")).json();
    expect(errors).toEqual({ importErrors: [] });
  });

  test("has buttons for what the role may do, and no value of an XCom below operator", async () => {
    await web.rows.sql(
      "insert into dagsmith.xcom (run_id, task_id, map_index, key, value) values ($1, 'only', -1, 'return_value', '\"the value\"')",
      [ids.id],
    );
    const page = async (caller: string) => (await get(caller, `/runs/${ids.id}/tasks/only`)).text();
    expect(await page("viewer-own")).not.toContain("the value");
    expect(await page("operator-own")).toContain("the value");
    expect(await (await get("viewer-own", "/dags/d")).text()).not.toContain('action="/dags/d/');
    expect(await (await get("operator-own", "/dags/d")).text()).toContain('action="/dags/d/');
  });

  test("is their runs, in every list and search, and no version or failure of others", async () => {
    const runId = "manual__hidden";
    const failed = await web.rows.run("d", version, { state: "failed", runId });
    const seen: Record<string, readonly boolean[]> = {};
    const lists = ["/", "/runs", "/runs?dag=d", "/runs?state=failed", "/system"];
    const words = ["d", "only", runId, `d/${runId}`, String(failed)];
    const paths = [...lists, ...words.map((word) => `/search?q=${word}`)];
    const shows = async (caller: string, path: string): Promise<boolean> =>
      /"\/(dags\/d|runs\/\d)/.test(await (await get(caller, path)).text());
    for (const path of paths)
      seen[path] = await Promise.all(
        ["viewer-all", "viewer-own", "viewer-foreign"].map((caller) => shows(caller, path)),
      );
    expect(seen).toEqual(Object.fromEntries(paths.map((path) => [path, [true, true, false]])));
  });

  test("is no asset, because assets have no tags", async () => {
    await web.rows.sql("insert into dagsmith.asset (uri) values ('lake://orders')");
    const found = async (caller: string) => (await get(caller, "/search?q=lake")).text();
    expect(await found("viewer-all")).toContain("uri=lake");
    expect(await found("viewer-own")).not.toContain("uri=lake");
  });

  test("has boxes only for DAGs that the role may operate", async () => {
    const boxes = async (caller: string, path: string) =>
      (await (await get(caller, path)).text()).includes('type="checkbox"');
    for (const path of ["/", "/runs"]) {
      expect(await boxes("viewer-own", path)).toBe(false);
      expect(await boxes("operator-own", path)).toBe(true);
    }
  });

  test("is all that a bulk action takes", async () => {
    await web.rows.dag(dagSpec("other"));
    const post = async (caller: string, path: string, body: string): Promise<number> => {
      const headers = callers.find(({ name }) => name === caller)?.headers ?? {};
      const sent = { method: "POST", headers, body: new URLSearchParams(body) };
      return (await fetch(web.url + path, sent)).status;
    };
    const asked = web.asked.length;
    for (const [caller, query] of [
      ["operator-foreign", "do=pause&dag=d"],
      ["operator-own", "do=pause&dag=d&dag=other"],
      ["operator-own", "do=pause&dag=not-there"],
    ] as const) {
      expect((await get(caller, `/bulk/dags?${query}`)).status).toBe(403);
      expect(await post(caller, "/bulk/dags", query)).toBe(403);
    }
    const cancel = `do=cancel&run=${ids.id}`;
    expect((await get("operator-foreign", `/bulk/runs?${cancel}`)).status).toBe(403);
    expect(await post("operator-foreign", "/bulk/runs", cancel)).toBe(403);
    expect(await post("viewer-own", "/bulk/runs", cancel)).toBe(403);
    expect(web.asked).toHaveLength(asked);
    expect((await get("operator-own", "/bulk/dags?do=pause&dag=d")).status).toBe(200);
    expect(await post("operator-own", "/bulk/runs", cancel)).toBe(200);
    expect(web.asked.at(-1)).toMatchObject({ verb: "cancelRun", request: { id: ids.id } });
  });
});

/** Every caller by its name, so that each is a test of its own. */
const NAMES = [
  ...["a stranger", "an ended session"],
  ...ROLES.flatMap((role) => ["all", "own", "foreign"].map((reach) => `${role}-${reach}`)),
  ...Object.keys(LEAST).map((scope) => `token for ${scope}`),
];
const named = (name: string): Caller => callers.find((one) => one.name === name) as Caller;

/** Routes that take bodies of more than a megabyte, or of other types. */
const MEBIBYTE = 1024 * 1024;
const LONGER_BODIES: Readonly<Record<string, { readonly type: string; readonly most: number }>> = {
  "/api/v1/deployments": { type: "application/json", most: 32 * MEBIBYTE },
  "/api/v1/deployments/preview": { type: "application/json", most: 32 * MEBIBYTE },
  "/api/v1/deployments/chunks": { type: "application/octet-stream", most: MEBIBYTE },
};

/** For a machine that is busy with other things. */
const LONG_MS = 300_000;

describe("every route", () => {
  test("is asked by every caller", () => {
    expect(callers.map(({ name }) => name)).toEqual(NAMES);
    expect(routes.length).toBeGreaterThan(70);
  });

  test.each(NAMES)(
    "lets %s pass with the permission, and refuses without it",
    async (name) => {
      const caller = named(name);
      const refused = caller.role === undefined ? [401, 403] : [403];
      const wrong: string[] = [];
      await each(routes, async (route) => {
        const status = await ask(route.method.toUpperCase(), addressOf(route), caller.headers);
        const isRefused = refused.includes(status);
        if (isRefused === isAllowed(caller, route) || status >= 500)
          wrong.push(`${route.method} ${route.path}: ${status}`);
      });
      expect(wrong).toEqual([]);
    },
    LONG_MS,
  );

  test("that takes a body refuses one of more than a megabyte", async () => {
    const wrong: string[] = [];
    const posts = web.server.routes.filter(
      ({ method, path }) => method === "post" && !(path in LONGER_BODIES),
    );
    expect(posts.length).toBeGreaterThan(50);
    await each(posts, async (route) => {
      const status = await askWithBody(addressOf(route));
      if (status !== 413) wrong.push(`${route.path}: ${status}`);
    });
    expect(wrong).toEqual([]);
  });

  test.each(Object.entries(LONGER_BODIES))(
    "%s refuses a body over the limit of its own",
    async (path, { type, most }) => {
      const headers = { ...named("admin-all").headers, "Content-Type": type };
      const sent = { method: "POST", headers, body: new Uint8Array(most + 1) };
      expect((await fetch(web.url + path, sent)).status).toBe(413);
    },
  );

  test.each(["a stranger", "an ended session", "admin-foreign"])(
    "refuses %s with every method and in every spelling",
    async (name) => {
      const caller = named(name);
      const known = caller.role !== undefined;
      const refused = known ? [400, 403, 404] : [401, 403];
      const wrong: string[] = [];
      const asked = routes
        .filter((route) => !isAllowed(caller, route))
        .flatMap((route) => {
          const [path, own] = [addressOf(route), route.method.toUpperCase()];
          const spelt = SPELLINGS.map((spell) => ({ method: own, path: spell(path) }));
          return [...METHODS.map((method) => ({ method, path })), ...spelt];
        });
      await each(asked, async ({ method, path }) => {
        const status = await ask(method, path, caller.headers);
        // The router answers OPTIONS with the methods of an address, and runs no route.
        const isListed = known && method === "OPTIONS" && status === 200;
        if (!refused.includes(status) && !isListed && !isOpen(caller, method, path))
          wrong.push(`${method} ${path}: ${status}`);
      });
      expect(wrong).toEqual([]);
    },
    LONG_MS,
  );
});

/** More than any route takes. */
const LARGE = "x".repeat(1_100_000);

async function askWithBody(path: string): Promise<number> {
  const type = /^\/(?:api\/|mcp$)/.test(path)
    ? "application/json"
    : "application/x-www-form-urlencoded";
  const headers = { ...named("admin-all").headers, "Content-Type": type };
  return (await fetch(web.url + path, { method: "POST", headers, body: LARGE })).status;
}

/** Another method of an address may be a route that the caller has the permission for. */
function isOpen(caller: Caller, method: string, path: string): boolean {
  const wanted = method === "HEAD" ? "GET" : method;
  return routes.some(
    (route) =>
      route.method.toUpperCase() === wanted &&
      addressOf(route) === path &&
      isAllowed(caller, route),
  );
}
