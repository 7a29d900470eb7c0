/**
 * Every page, light and dark: roles, names, headings, landmarks, contrast by axe; widths,
 * and what works without a script.
 */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { askedRun } from "../../support/asked.ts";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { everyPage } from "../../support/every_page.ts";
import { known } from "../../support/migrated.ts";
import { formsIn, type PageForm } from "../../support/page_links.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { browserCookies } from "../../support/signed_in.ts";
import { twoTeams } from "../../support/two_teams.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
let pages: readonly string[];
beforeAll(async () => {
  // With the page of the design, so that every page is there.
  [web, browser] = await Promise.all([testWeb({ actions, isDevelopment: true }), launchBrowser()]);
  const grants = [{ role: "viewer", tag: null }] as const;
  await actions.addUser(web.db, { name: "other", grants, actor: "test" });
  const all = await everyPage(web, await twoTeams(web));
  pages = [...new Set([...(await filledPages()), ...all])];
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

const PARAMS = {
  type: "object",
  required: ["name"],
  properties: {
    name: { type: "string", title: "Name", description: "whose orders" },
    note: { type: "string", maxLength: 500, default: "two\nlines" },
    count: { type: "integer", minimum: 1 },
    day: { type: "string", format: "date" },
    dry: { type: "boolean", default: false },
    kind: { enum: ["full", "part", null] },
    many: { type: "array", items: { enum: ["a", "b"] } },
    list: { type: "array", items: { type: "string" } },
    other: { anyOf: [{ type: "string" }, { type: "null" }] },
    place: {
      type: "object",
      title: "Place",
      properties: { city: { type: "string" }, zip: { type: "integer" } },
    },
  },
};

/** Something on every page: states of all kinds, errors, logs, decisions, a backfill. */
async function filledPages(): Promise<readonly string[]> {
  const schedule = { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" } as const;
  const spec = dagSpec("seen", {
    tasks: [taskSpec("first"), taskSpec("held.only", { group: "held" }), taskSpec("last")],
    groups: [{ groupId: "held", parent: null, doc: "why" }],
    schedules: [{ name: "", schedule, params: {} }],
    paramsSchema: PARAMS,
  });
  const version = await web.rows.dag(spec);
  const running = await web.rows.run("seen", version, { state: "running" });
  const run = await web.rows.run("seen", version, { state: "failed" });
  const failed = await web.rows.instance(run, "first", { state: "failed" });
  await web.rows.instance(run, "held.only", { state: "upstream_failed" });
  await web.rows.instance(running, "first", { state: "running" });
  await web.rows.log(failed, 0, ["began", "went wrong"], 1, "error");
  await web.rows.sql(
    "insert into dagsmith.step (run_id, task_id, map_index, name, try_number, result) values ($1, 'first', -1, 'create', 1, $2)",
    [run, JSON.stringify({ text: "long ".repeat(100) })],
  );
  await web.rows.sql(
    "insert into dagsmith.state (scope, key, value, run_id, task_id, map_index, try_number) values ('dag:seen', 'cursor', $2, $1, 'first', -1, 1)",
    [run, JSON.stringify("2026-01-01")],
  );
  const asks = dag("asks");
  asks.ask("sign", { subject: "-", options: ["Approve", "Reject"] });
  await known(web.db, describeDag(asks));
  await askedRun(web.db, "asks");
  await web.rows.sql(
    "insert into dagsmith.import_error (file, line, code, message) values ('a.ts', 3, 'BUNDLE_FAILED', 'why')",
  );
  return [
    ...[
      "/dags/seen",
      "/dags/seen/graph",
      "/dags/seen/decisions",
      "/dags/seen/trigger",
      "/dags/seen/state",
    ],
    ...["/dags/seen?folded=held", `/runs/${run}`, `/runs/${running}`],
    ...["failed", "skipped"].map((to) => `/runs/${run}/tasks/last/mark?to=${to}`),
    ...[`/runs/${run}/tasks/first`, `/t/${failed}/panel`, "/nowhere"],
  ];
}

/** Long enough for a loaded machine: axe needs seconds for a page then. */
const WALK_MS = 900_000;

/** What axe finds. Its legacy mode opens no further page; it differs in iframes only. */
async function faultsOf(page: Page, rules?: string): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" ")}`,
  );
}

async function widthsThatScroll(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  for (const width of [390, 768, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
    if (scrolled !== width) found.push(`${scrolled} wide on a screen of ${width}`);
  }
  return found;
}

/** Each page is opened once, because opening costs most. It ends as wide as a desktop. */
async function faultsOn(page: Page, path: string): Promise<readonly string[]> {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(web.url + path);
  const wide = await widthsThatScroll(page);
  const light = await faultsOf(page);
  await page.emulateMedia({ colorScheme: "dark" });
  // All other rules are about the document, which is the same.
  const dark = (await faultsOf(page, "color-contrast")).map((fault) => `dark: ${fault}`);
  return [...wide, ...light, ...dark].map((fault) => `${path} ${fault}`);
}

test(
  "no page scrolls sideways at any width, and axe finds nothing on it, in light or dark",
  async () => {
    const context = await browser.newContext();
    await context.addCookies([...browserCookies()]);
    const page = await context.newPage();
    const found: string[] = [];
    for (const path of pages) found.push(...(await faultsOn(page, path)));
    await context.close();
    expect(found).toEqual([]);
  },
  WALK_MS,
);

test("every page is one that exists, and reads without a script", async () => {
  expect(pages.length).toBeGreaterThan(45);
  for (const path of pages) {
    const answer = await fetch(web.url + path);
    const html = await answer.text();
    expect([path, answer.status]).toEqual([path, path === "/nowhere" ? 404 : 200]);
    expect([path, /<main [^>]*>.*<h[12]/s.test(html)]).toEqual([path, true]);
  }
});

test("every form of every page has an address and a button, so it is sent without a script", async () => {
  const dead: string[] = [];
  for (const path of pages) {
    const html = await (await fetch(web.url + path)).text();
    for (const [form] of html.matchAll(/<form\b.*?<\/form>/gs))
      if (!/\baction="\//.test(form) || !/type="(?:submit|search)"/.test(form))
        dead.push(`${path}: ${form.slice(0, 120)}`);
  }
  expect(dead).toEqual([]);
});

describe("without a script", () => {
  /** Forms that remove what other forms are about, and last of all the own session's end. */
  const ENDS = [
    /(?:cancel|delete|remove|restore|revoke)$/,
    /^\/account\/(?:password|sessions)/,
    /^\/logout$/,
  ];
  const isOfRound = (round: number, { action }: PageForm): boolean =>
    ENDS.findIndex((pattern) => pattern.test(action)) === round;
  const keyOf = ({ action, fields }: PageForm): string => `${action} ${fields.get("do") ?? ""}`;

  /** The forms of all pages; a field that is empty gets a text. */
  async function formsOfRound(round: number): Promise<readonly PageForm[]> {
    const forms: PageForm[] = [];
    for (const path of pages)
      for (const form of formsIn(await (await fetch(web.url + path)).text())) {
        for (const [name, value] of form.fields) if (value === "") form.fields.set(name, "made");
        if (form.method === "post" && !form.action.startsWith("/users/tester/")) forms.push(form);
      }
    return forms.filter((form) => isOfRound(round, form));
  }

  /** What a browser shows after a form was sent, and whether it was sent elsewhere. */
  async function sent({ action, fields }: PageForm): Promise<string> {
    const answer = await fetch(web.url + action, {
      ...{ method: "POST", body: fields, redirect: "manual" },
    });
    const to = answer.headers.get("location");
    if (to === null) return resultOf(answer.status, await answer.text());
    if (answer.status !== 303) return `${answer.status} to ${to}`;
    const { status, url } = await fetch(new URL(to, web.url + action));
    return status === 200 || new URL(url).pathname === "/login" ? "done" : `${to}: ${status}`;
  }

  /** A page that says what was done, or what is wrong with the form. */
  function resultOf(status: number, html: string): string {
    if (!/<main [^>]*>.*<h[12]/s.test(html)) return `${status}, and no page`;
    if (status === 200) return "done";
    const says = /role="alert"|<h1>[^<]+<\/h1><p>[^<]{10}/.test(html);
    return [400, 404, 409, 422].includes(status) && says ? "says why not" : `${status}: ${html}`;
  }

  /** Routes that a page of this server never shows, or that programs call. */
  const NO_FORM = /^\/(?:mcp$|api|hooks|login|welcome)/;
  /** Sent by the tests of users and of logins: they need rows of their own. */
  const SENT_ELSEWHERE = ["/account/password", "/account/sessions/:id/end", "/users/:name/enable"];

  test(
    "every form of every page is sent, and its answer is another page or says the result",
    async () => {
      const found: string[] = [];
      const forms = new Map<string, PageForm>();
      // The second round has the forms of what the first one changed: unpause, enable.
      for (const round of [-1, -1, 0, 1, 2])
        for (const form of await formsOfRound(round)) {
          if (forms.has(keyOf(form))) continue;
          forms.set(keyOf(form), form);
          const result = await sent(form);
          if (!["done", "says why not"].includes(result)) found.push(`${form.action}: ${result}`);
        }
      expect(found).toEqual([]);
      const posts = web.server.routes.filter(
        ({ method, path }) => method === "post" && !NO_FORM.test(path),
      );
      const isSent = (path: string): boolean => {
        const pattern = new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`);
        return [...forms.values()].some(({ action }) => pattern.test(action.replace(/\?.*/, "")));
      };
      expect(posts.filter(({ path }) => !isSent(path)).map(({ path }) => path)).toEqual(
        SENT_ELSEWHERE,
      );
    },
    WALK_MS,
  );
});

test("axe finds nothing on the login page", async () => {
  const locked = await testWeb({ token: "page-token-of-32-characters-long!!" });
  try {
    await visitAt(browser, `${locked.url}/login`, async (page) => {
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  } finally {
    await locked.close();
  }
});
