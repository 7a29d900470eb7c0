/** Login at a real OIDC provider, in a real browser. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grantsOfClaim, parseOidcRules } from "../../../runtime/access/oidc_rules.ts";
import * as actions from "../../../runtime/actions/index.ts";
import { launchBrowser } from "../../support/browser.ts";
import { freePort } from "../../support/free_port.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const GROUPS: Record<string, readonly string[]> = { ada: ["data-admins"], grace: ["analysts"] };
const ROLES = "data-admins=admin, analysts=operator:mine";

let browser: Browser;
let server: Server;
let web: TestWeb;
/** Under a path, as behind a proxy: the provider answers to that path, too. */
let site: string;
beforeAll(async () => {
  browser = await launchBrowser();
  const port = await freePort();
  site = `http://127.0.0.1:${port}/dags-of/team`;
  server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on("request", providerAt(issuer, `${site}/login/oidc/callback`).callback());
  const client = { clientId: "dagsmith", clientSecret: "the secret of the client" };
  const oidc = { issuer, ...client, claim: "groups", rules: parseOidcRules(ROLES) };
  web = await testWeb({ withoutLink: true, port, baseUrl: site, oidc });
  await web.rows.dag(dagSpec("d", { tags: ["mine"] }));
  await web.rows.dag(dagSpec("other"));
}, 120_000);
afterAll(async () => {
  await browser.close();
  await web.close();
  server.closeAllConnections();
  server.close();
});

function providerAt(issuer: string, redirectUri: string): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: "dagsmith",
        client_secret: "the secret of the client",
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: id, groups: [...(GROUPS[id] ?? [])] }),
    }),
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
  });
}

/** Logs a user in, in a browser of their own, on the way to a page. */
async function logIn(user: string, path: string, use: (page: Page) => Promise<void>) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(site + path);
    await page.getByRole("link", { name: /Log in with 127\.0\.0\.1/ }).click();
    await page.locator("input[name=login]").fill(user);
    await page.locator("input[name=password]").fill("any");
    await page.locator("button[type=submit]").click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.waitForURL(`${site}/**`);
    await use(page);
  } finally {
    await context.close();
  }
}

test("a user comes back to the page they wanted, with the role of the claim", async () => {
  await logIn("grace", "/dags/d", async (page) => {
    await page.waitForURL("**/dags/d");
    await page.getByRole("link", { name: "grace" }).click();
    await page.getByText("operator for mine").waitFor();
    expect((await page.goto(`${site}/dags/other`))?.status()).toBe(403);
    expect((await page.goto(`${site}/users`))?.status()).toBe(403);
  });
  GROUPS.grace = ["data-admins"];
  await logIn("grace", "/users", async (page) => {
    expect(await page.getByRole("row", { name: /grace/ }).textContent()).toContain("admin");
  });
});

test("a user without a role is refused, and a taken name belongs to its first user", async () => {
  await logIn("mallory", "/", async (page) => {
    await page.getByText("Your account has no role here.").waitFor();
  });
  await actions.addUser(web.db, { name: "ada", grants: [], actor: "test" });
  await logIn("ada", "/account", async (page) => {
    expect(await page.locator("h1").textContent()).toMatch(/^user-[0-9a-f]{12}$/);
  });
});

test("an end of all sessions logs a user out in every browser", async () => {
  await logIn("grace", "/", async (page) => {
    await actions.endUserSessions(web.db, { name: "grace", actor: "test" });
    await page.goto(site);
    await page.waitForURL("**/login?next=%2F");
  });
});

test("an answer that another browser began, a changed one and a second one are refused", async () => {
  const callback = `${site}/login/oidc/callback`;
  expect((await fetch(`${callback}?code=x&state=y`)).status).toBe(401);
  const begun = await fetch(`${site}/login/oidc?next=//evil.example`, { redirect: "manual" });
  const cookie = begun.headers.get("set-cookie")?.split(";")[0] ?? "";
  const to = new URL(begun.headers.get("location") ?? "");
  expect(to.searchParams.get("code_challenge_method")).toBe("S256");
  expect(to.searchParams.get("nonce")).toMatch(/^[\w-]{43}$/);
  const answer = (state: string | null): Promise<Response> =>
    fetch(`${callback}?code=x&state=${state}`, { headers: { Cookie: cookie }, redirect: "manual" });
  expect((await answer("another")).status).toBe(401);
  expect((await answer(to.searchParams.get("state"))).status).toBe(401);
});

test("rules give the highest role for each tag, and nothing without a match", () => {
  const rules = parseOidcRules("*=viewer, ops=operator, leads=admin:mine, a=b=editor:mine");
  expect(grantsOfClaim(rules, ["ops"])).toEqual([{ role: "operator", tag: null }]);
  expect(grantsOfClaim(rules, "leads")).toEqual([
    { role: "viewer", tag: null },
    { role: "admin", tag: "mine" },
  ]);
  expect(grantsOfClaim(rules, ["a=b", "leads"])).toContainEqual({ role: "admin", tag: "mine" });
  for (const claim of [null, undefined, 7, { ops: true }, [["ops"]]])
    expect(grantsOfClaim(parseOidcRules("ops=operator"), claim)).toEqual([]);
  for (const wrong of ["ops", "=admin", "ops=root", "ops=", "ops=Admin"])
    expect(() => parseOidcRules(wrong)).toThrow(/group=role/);
});
