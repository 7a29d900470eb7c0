/** Every route and every action names the permission that it needs. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  allows,
  type Grant,
  PERMISSIONS,
  type Permission,
  ROLES,
  tagsWith,
} from "../../../runtime/access/permissions.ts";
import * as actions from "../../../runtime/actions/index.ts";
import { BY_PROOF, PERMISSION_OF } from "../../../runtime/actions/permissions.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const WEB = fileURLToPath(new URL("../../../runtime/web/", import.meta.url));

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb();
  await web.rows.dag(dagSpec("d"));
});
afterAll(() => web.close());

describe("registrations", () => {
  test("no file registers a route but the one that demands its permission", () => {
    const raw = globSync("**/*.{ts,tsx}", { cwd: WEB }).filter((file) =>
      /\bRouter\(|\b(?:app|router|handler)\.(?:get|post|put|delete|patch|all)\(/.test(
        readFileSync(`${WEB}${file}`, "utf8"),
      ),
    );
    expect(raw).toEqual(["http/routes.ts"]);
  });

  test("only probes, login and style are public, and only webhooks have proofs of their own", () => {
    const withAccess = (wanted: string): string[] =>
      web.server.routes.filter(({ access }) => access === wanted).map(({ path }) => path);
    expect(withAccess("public")).toEqual([
      "/healthz",
      "/readyz",
      "/assets/page.css",
      "/assets/icon.svg",
      "/login",
      "/login",
      "/open",
      "/welcome",
      "/welcome",
    ]);
    expect(withAccess("webhook")).toEqual(["/hooks/:dagId/:name"]);
    expect(withAccess("tools")).toEqual(["/mcp", "/mcp"]);
  });

  test("a route that changes something needs more than to see it", () => {
    const weak = web.server.routes.filter(
      ({ method, access }) =>
        method === "post" && typeof access === "object" && access.permission.endsWith(".read"),
    );
    expect(weak).toEqual([]);
  });

  test("a route about a DAG has the parameter that names the DAG", () => {
    const parameter = { dagId: ":dagId", run: ":id", backfill: ":id", instance: ":instanceId" };
    for (const { path, access } of web.server.routes) {
      if (typeof access === "string" || access.of === null || !(access.of in parameter)) continue;
      expect(path).toContain(parameter[access.of as keyof typeof parameter]);
    }
  });

  test("every action that people can take names its permission", () => {
    const pure = ["checkParams", "problemsOf"];
    const named = Object.keys(actions).filter((name) => !pure.includes(name));
    expect([...Object.keys(PERMISSION_OF), ...BY_PROOF].sort()).toEqual(named.sort());
  });
});

describe("rights", () => {
  const by = (...grants: Grant[]) => ({ grants, scopes: null });
  const names = Object.keys(PERMISSIONS) as Permission[];
  const of = (role: Grant["role"]): Permission[] =>
    names.filter((name) => allows(by({ role, tag: null }), name, []));

  test("without a grant nothing is allowed", () => {
    expect(names.filter((name) => allows(by(), name, null) || allows(by(), name, ["x"]))).toEqual(
      [],
    );
  });

  test("each role has the permissions of the role before, and more", () => {
    for (const [index, role] of ROLES.entries()) {
      const before = ROLES[index - 1];
      if (before === undefined) continue;
      expect(of(role)).toEqual(expect.arrayContaining(of(before)));
      expect(of(role).length).toBeGreaterThan(of(before).length);
    }
    expect(of("admin")).toEqual(names);
  });

  test("a grant for a tag counts for its DAGs, and never for the deployment", () => {
    const rights = by({ role: "admin", tag: "finance" }, { role: "viewer", tag: "sales" });
    expect(allows(rights, "dag.operate", ["daily", "finance"])).toBe(true);
    expect(allows(rights, "dag.operate", ["sales"])).toBe(false);
    expect(allows(rights, "dag.read", ["sales"])).toBe(true);
    expect(allows(rights, "dag.read", [])).toBe(false);
    expect(allows(rights, "pool.edit", null)).toBe(false);
    expect(allows(rights, "user.edit", null)).toBe(false);
    expect(allows(rights, "system.read", null)).toBe(true);
    expect(tagsWith(rights, "dag.read")).toEqual(["finance", "sales"]);
    expect(tagsWith(rights, "dag.operate")).toEqual(["finance"]);
    expect(tagsWith(by({ role: "viewer", tag: null }), "dag.operate")).toEqual([]);
    expect(tagsWith(by({ role: "viewer", tag: null }), "dag.read")).toBeNull();
  });

  test("the scopes of a token limit the rights of its user, and add none", () => {
    const grants = [{ role: "operator", tag: null } as const];
    const scoped = { grants, scopes: ["dag.read", "pool.edit"] as const };
    expect(names.filter((name) => allows(scoped, name, null))).toEqual(["dag.read"]);
    expect(tagsWith(scoped, "dag.operate")).toEqual([]);
  });
});
