/** The page of a DAG in a browser and as text: grid, panel, docs and audit. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
beforeAll(async () => {
  const mask = (text: string): string => text.replaceAll("s3cret", "***");
  [web, browser] = await Promise.all([testWeb({ mask }), launchBrowser()]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

const get = async (path: string): Promise<string> => (await fetch(web.url + path)).text();
const visit = (path: string, use: (page: Page) => Promise<void>): Promise<void> =>
  visitAt(browser, web.url + path, use);

const MINUTE_MS = 60_000;

describe("the grid", () => {
  test("names each day once, and each month once", async () => {
    const version = await web.rows.dag(dagSpec("dated"));
    for (const at of ["2026-01-31T04:00Z", "2026-01-31T16:00Z", "2026-02-01T04:00Z"])
      await web.rows.run("dated", version, { startedAt: new Date(at) });
    const html = await get("/dags/dated");
    const days = [...html.matchAll(/<span class="day" aria-hidden="true">(.*?)<\/span>/g)];
    expect(days.map(([, text]) => text)).toEqual(["31<br/>Jan", "<br/>", "1<br/>Feb"]);
  });

  test("has an axis with the longest duration, and with the time of a bar of half the height", async () => {
    const version = await web.rows.dag(dagSpec("measured"));
    await web.rows.run("measured", version, { tookMs: 20 * MINUTE_MS });
    await web.rows.run("measured", version, { tookMs: 5 * MINUTE_MS });
    const html = await get("/dags/measured");
    expect(html).toContain("<span>20 min</span><span>5 min</span><span>0</span>");
    expect(html.match(/<rect class="success" [^>]*height="(?:40|20)"/g)).toHaveLength(2);
  });

  test("says of each cell how long it took, which try it was and why, masked", async () => {
    const version = await web.rows.dag(dagSpec("tipped"));
    const run = await web.rows.run("tipped", version, { state: "failed" });
    const row = { state: "failed", tookMs: 3 * MINUTE_MS, tryNumber: 3, reason: "no s3cret" };
    await web.rows.instance(run, "only", row);
    expect(await get("/dags/tipped")).toContain('title="failed, 3 min, try 3, no ***"');
  });
});

describe("the panel next to the grid", () => {
  test("follows arrow keys and clicks, and a second click opens the page", async () => {
    const tasks = [taskSpec("a"), taskSpec("b", { upstream: ["a"] })];
    const version = await web.rows.dag(dagSpec("panelled", { tasks }));
    const run = await web.rows.run("panelled", version, { state: "failed" });
    await web.rows.instance(run, "a", { state: "success" });
    const error = { name: "Error", message: "it broke\nhere", stack: "" };
    await web.rows.instance(run, "b", { state: "failed", error });
    await visit("/dags/panelled", async (page) => {
      await page.locator("body[data-script]").waitFor();
      const [cells, panel] = [page.locator(".grid td a"), page.locator("#grid-panel")];
      await cells.first().click();
      await panel.getByRole("heading", { name: "a" }).waitFor();
      await page.keyboard.press("ArrowDown");
      await panel.getByText("Error: it broke").waitFor();
      expect(await panel.textContent()).not.toContain("here");
      expect(await page.locator("[data-selected]").count()).toBe(1);
      await cells.nth(1).click();
      await page.waitForURL(`**/runs/${run}/tasks/b`);
    });
  });

  test("stays with its task when a new run moves the columns, and so does the focus", async () => {
    const version = await web.rows.dag(dagSpec("moved"));
    const run = await web.rows.run("moved", version);
    await web.rows.instance(run, "only", { state: "success", reason: "the first" });
    await visit("/dags/moved?runs=1", async (page) => {
      await page.locator("body[data-script]").waitFor();
      const first = page.locator(".grid td a");
      await first.click();
      await page.locator("#grid-panel", { hasText: "the first" }).waitFor();
      const next = await web.rows.run("moved", version);
      await web.rows.instance(next, "only", { state: "failed" });
      await page.locator(".grid td a.failed").waitFor();
      expect(await page.locator(".grid td a[data-selected]").count()).toBe(0);
      await page.locator("#grid-panel", { hasText: "the first" }).waitFor();
    });
    await visit("/dags/moved", async (page) => {
      await page.locator("body[data-script]").waitFor();
      await page.locator(".grid td a.success").focus();
      const next = await web.rows.run("moved", version);
      await web.rows.instance(next, "only", { state: "skipped" });
      await page.locator(".grid td a.skipped").waitFor();
      const [focused, selected] = await page.evaluate(() => [
        document.activeElement?.className,
        document.querySelector("[data-selected]")?.className,
      ]);
      expect([focused, selected]).toEqual(["success", "success"]);
    });
  });

  test("is a page without a script, and unknown for an instance that does not exist", async () => {
    const [row] = await web.rows.sql(
      "select id from dagsmith.task_instance where reason = 'the first'",
    );
    expect(await get(`/t/${row?.id}/panel`)).toContain("Open, with its log");
    expect((await fetch(`${web.url}/t/999999/panel`)).status).toBe(404);
  });
});

describe("docs", () => {
  test("of the DAG, of groups and of tasks are Markdown without HTML", async () => {
    const doc = "**Call** the [team](https://example.com)\n\n<script>alert(1)</script>";
    const groups = [{ groupId: "held", parent: null, doc: "_why_ held" }];
    const tasks = [taskSpec("held.a", { group: "held", doc: "`a` only" })];
    await web.rows.dag(dagSpec("documented", { doc, groups, tasks }));
    const html = await get("/dags/documented/docs");
    expect(html).toContain("<strong>Call</strong>");
    expect(html).toContain("<em>why</em> held");
    expect(html).toContain("<code>a</code> only");
    expect(html).toContain("&lt;script>alert(1)");
  });

  test("that are missing are asked for", async () => {
    await web.rows.dag(dagSpec("silent"));
    expect(await get("/dags/silent/docs")).toContain("This DAG has no docs.");
  });
});

describe("the audit of a DAG", () => {
  test("has filters, and never entries of other DAGs", async () => {
    await web.rows.dag(dagSpec("audited"));
    await web.rows.sql(
      `insert into dagsmith.audit (actor, action, dag_id) values ('ada', 'pause', 'audited'),
         ('grace', 'unpause', 'audited'), ('ada', 'pause', 'other')`,
    );
    const whoIn = async (query: string): Promise<string[]> =>
      [...(await get(`/dags/audited/audit?${query}`)).matchAll(/<td>(ada|grace)<\/td>/g)].map(
        ([, who = ""]) => who,
      );
    expect(await whoIn("")).toEqual(["grace", "ada"]);
    expect(await whoIn("user=ada")).toEqual(["ada"]);
    expect(await whoIn("action=unpause&dagId=other")).toEqual(["grace"]);
    expect(await get("/dags/audited/audit?from=never")).toContain('role="alert"');
  });

  test("has no export, which only admins may ask for", async () => {
    expect(await get("/dags/audited/audit")).not.toContain("/audit/export");
  });
});

describe("the tasks of a DAG", () => {
  test("have their last states, usual durations, failures and tries, and lead to their history", async () => {
    const tasks = [
      taskSpec("steady"),
      taskSpec("shaky"),
      taskSpec("many", { each: { items: [1] } }),
    ];
    const version = await web.rows.dag(dagSpec("measured_tasks", { tasks }));
    for (const [minutes, state] of [
      [1, "success"],
      [3, "failed"],
      [5, "success"],
    ] as const) {
      const run = await web.rows.run("measured_tasks", version, { state });
      const row = { tookMs: minutes * MINUTE_MS };
      await web.rows.instance(run, "steady", { ...row, state: "success" });
      await web.rows.instance(run, "shaky", { ...row, state, tryNumber: minutes });
    }
    const html = await get("/dags/measured_tasks/tasks");
    const row = (taskId: string): string =>
      new RegExp(`<tr data-key="${taskId}">.*?</tr>`).exec(html)?.[0] ?? "";
    expect(row("steady")).toContain(">3 min</td>");
    expect(row("steady")).toContain('href="/dags/measured_tasks/tasks/steady"');
    expect(row("shaky")).toContain(
      '>1 min</td><td class="number">1</td><td class="number low">5</td>',
    );
    expect(row("shaky")).toMatch(/class="success h.*class="failed h.*class="success h/);
    expect(row("many")).toContain("not run yet");
  });

  test("of a DAG without a run say so", async () => {
    await web.rows.dag(dagSpec("never_ran"));
    expect(await get("/dags/never_ran/tasks")).toContain("No runs yet");
  });
});

describe("the settings of a DAG", () => {
  test("are those of its version, with the switch, and with who may", async () => {
    const spec = dagSpec("set_up", { tags: ["shop"], maxActiveRuns: 3, maxActiveTasks: 8 });
    await web.rows.dag({ ...spec, dagRunTimeoutMs: 5 * MINUTE_MS, connections: ["shop_db"] });
    await actions.addUser(web.db, {
      ...{ name: "ops", grants: [{ role: "operator", tag: "shop" }], actor: "test" },
    });
    const html = await get("/dags/set_up/settings");
    const value = (name: string): string =>
      new RegExp(`<tr data-key="${name}">.*?<td>(.*?)</td></tr>`).exec(html)?.[1] ?? "";
    expect(value("Active runs at most")).toBe("3");
    expect(value("Running tasks at most, over all runs")).toBe("8");
    expect(value("Longest run")).toBe("5 min");
    expect(value("Connections")).toBe("shop_db");
    expect(value("Schedule on")).toContain('action="/dags/set_up/pause"');
    expect(html).toMatch(/trigger, backfill[^<]*<\/th><td>operator<\/td><td>ops, tester<\/td>/);
    expect(html).toMatch(/deploy and roll back<\/th><td>editor<\/td><td>tester<\/td>/);
  });
});
