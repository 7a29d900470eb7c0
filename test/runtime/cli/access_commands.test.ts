/** `dag users`, `dag tokens`, and the links that the first start of a page prints. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
// @ts-expect-error it is plain JavaScript, for the oldest Node
import { build, isBuilt } from "../../../runtime/launch/build.mjs";
import { CLI_ACTOR, newProject, output, type Project, stopped } from "../../support/cli.ts";
import { MIGRATED, type TestDatabase, testDatabase } from "../../support/postgres.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** The page is TSX, which only the build can run. */
const bin = join(ROOT, "dist/runtime/cli/bin.js");

let database: TestDatabase;
let project: Project;
beforeAll(async () => {
  if (!isBuilt(ROOT)) build(ROOT, process.execPath);
  database = await testDatabase({ from: MIGRATED });
  project = await newProject({}, { DATABASE_URL: database.url });
}, 300_000);
afterAll(async () => {
  await project.remove();
  await database.drop();
});

test("the first start of a page prints a link that makes the first admin, later starts do not", async () => {
  const web = project.start(["web", "--port", "0"], { bin });
  const said = await output(web, /once: \S+/);
  const link = /once: (\S+)/.exec(said)?.[1] ?? "";
  const code = new URL(link).searchParams.get("code") ?? "";
  const password = "correct horse battery";
  const body = new URLSearchParams({ code, name: "root", password, again: password });
  const url = new URL("/welcome", link);
  const welcome = await fetch(url, { method: "POST", redirect: "manual", body });
  expect([welcome.status, welcome.headers.get("location")]).toEqual([303, "/"]);
  expect(await stopped(web)).toBe(0);
  const again = project.start(["web", "--port", "0"], { bin });
  expect(await output(again, "The page is at")).not.toContain("welcome");
  expect(await stopped(again)).toBe(0);
}, 60_000);

test("users are added with a link, get roles, and are removed, but not the last admin", async () => {
  const { link } = await project.json<{ link: string }>(["users", "add", "ada"]);
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:8080\/welcome\?code=[\w-]{43}$/);
  expect(await project.json(["users", "add", "ada"])).toMatchObject({
    error: { code: "USER_EXISTS" },
  });
  expect((await project.dag(["users", "add", "No Name"])).code).toBe(2);
  expect((await project.dag(["users", "role", "ada", "king"])).code).toBe(2);
  await project.dag(["users", "role", "ada", "operator", "--tag", "finance"]);
  const { stdout } = await project.dag(["users", "list"]);
  expect(stdout).toMatch(/ada +viewer, operator for finance +link/);
  expect(stdout).toMatch(/root +admin +password/);
  for (const args of [
    ["users", "remove", "root"],
    ["users", "role", "root", "none"],
  ])
    expect(await project.json(args)).toMatchObject({ error: { code: "LAST_ADMIN" } });
  expect(await project.json(["users", "logout", "root"])).toMatchObject({ sessions: 1 });
});

test("a token is printed once, is refused when it is revoked or has expired, and the audit has all of it", async () => {
  const { token } = await project.json<{ token: string }>([
    ...["tokens", "create", "ada", "ci", "--scopes", "dag.read", "--days", "1"],
  ]);
  expect(token).toMatch(/^dag_[\w-]{49}$/);
  const { stdout } = await project.dag(["tokens", "list"]);
  expect(stdout).toMatch(/ada +ci +dag\.read +never +\d{4}-/);
  expect(stdout).not.toContain(token);
  const web = project.start(["web", "--port", "0"], { bin });
  const url = /at (\S+)/.exec(await output(web, /at \S+/))?.[1] ?? "";
  const ask = async (path: string, bearer = token): Promise<number> =>
    (await fetch(url + path, { headers: { Authorization: `Bearer ${bearer}` } })).status;
  expect(await ask("/api/v1/dags")).toBe(200);
  expect(await ask("/api/v1/pools")).toBe(403);
  expect(await ask("/api/v1/dags", `${token.slice(0, -1)}${token.endsWith("x") ? "y" : "x"}`)).toBe(
    401,
  );
  expect((await project.dag(["tokens", "list", "ada"])).stdout).not.toContain("never");
  await project.dag(["tokens", "revoke", "ada", "ci"]);
  expect(await ask("/api/v1/dags")).toBe(401);
  expect(await stopped(web)).toBe(0);
  expect(await project.json(["tokens", "revoke", "ada", "ci"])).toMatchObject({
    error: { code: "UNKNOWN_TOKEN" },
  });
  await project.dag(["users", "remove", "ada"]);
  const { entries } = await project.json<{ entries: { actor: string; action: string }[] }>([
    "audit",
  ]);
  const actions = entries.filter(({ actor }) => actor === CLI_ACTOR).map(({ action }) => action);
  expect(actions).toEqual([
    ...["remove user", "revoke token", "create token", "end sessions", "set role"],
    ...["make login link", "add user"],
  ]);
}, 60_000);

test("the audit is filtered by user, action and time, and exported whole", async () => {
  const entries = async (...args: readonly string[]) =>
    (await project.json<{ entries: { actor: string; action: string }[] }>(["audit", ...args]))
      .entries;
  const added = await entries("--user", CLI_ACTOR, "--action", "add user");
  expect(added.length).toBeGreaterThan(0);
  expect(new Set(added.map(({ action }) => action))).toEqual(new Set(["add user"]));
  expect(await entries("--user", CLI_ACTOR, "--to", "2026-01-01")).toEqual([]);
  expect(await entries("--from", "2026-01-01", "--limit", "1")).toHaveLength(1);
  const all = await entries("--limit", "10000");
  const csv = await project.dag(["audit", "--export", "csv"]);
  expect(csv.stdout.trimEnd().split("\n")).toHaveLength(all.length + 1);
  const lines = await project.dag(["audit", "--export", "jsonl", "--action", "add user"]);
  const found = lines.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(found.map(({ action }) => action)).toEqual(added.map(({ action }) => action));
  expect((await project.dag(["audit", "--export", "csv", "--json"])).code).toBe(2);
});
