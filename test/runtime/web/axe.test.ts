/**
 * axe looks at every page, light and dark: roles, names, headings, landmarks, contrast.
 */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { browserCookies } from "../../support/signed_in.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
let pages: readonly string[];
beforeAll(async () => {
  [web, browser] = await Promise.all([testWeb(), launchBrowser()]);
  pages = await filledPages();
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
    "insert into dagsmith.import_error (file, line, code, message) values ('a.ts', 3, 'BUNDLE_FAILED', 'why')",
  );
  const views = ["", "/graph", "/runs", "/decisions", "/backfills", "/audit", "/trigger"];
  return [
    ...["/", "/data", "/pools", "/users", "/account", ...views.map((view) => `/dags/seen${view}`)],
    ...["/dags/seen?folded=held", `/runs/${run}`, `/runs/${running}`, `/runs/${run}/clear`],
    ...[`/runs/${run}/tasks/first`, `/logs/${failed}/1/find?q=went`, "/nowhere"],
  ];
}

test.each(["light", "dark"] as const)(
  "axe finds nothing on any page (%s)",
  async (colorScheme) => {
    const context = await browser.newContext({ colorScheme });
    await context.addCookies([...browserCookies()]);
    const page = await context.newPage();
    const found: string[] = [];
    for (const path of pages) {
      await page.goto(web.url + path);
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const { id, nodes } of violations)
        found.push(`${path} ${id}: ${nodes.map(({ html }) => html.slice(0, 120))}`);
    }
    await context.close();
    expect(found).toEqual([]);
  },
  180_000,
);

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
