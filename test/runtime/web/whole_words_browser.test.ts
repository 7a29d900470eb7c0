/**
 * Phones: a line may end behind a word of a long id, and never within it; the chosen tab is
 * on the screen; the names of the grid are readable.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenWords } from "../../support/broken_words.ts";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const PHONE = { viewport: { width: 390, height: 800 } };

let web: TestWeb;
let browser: Browser;
beforeAll(async () => {
  [web, browser] = await Promise.all([testWeb({ isDevelopment: true }), launchBrowser()]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

/** The pages that show the id of the DAG, of its run and of its task. */
async function pagesWith(dagId: string, taskId: string): Promise<readonly string[]> {
  const upstream = taskSpec(`before-${taskId}`);
  const task = taskSpec(taskId, { upstream: [upstream.taskId] });
  const version = await web.rows.dag(dagSpec(dagId, { tasks: [upstream, task] }));
  const run = await web.rows.run(dagId, version, { state: "failed", runId: `manual__${dagId}` });
  await web.rows.instance(run, taskId, { state: "failed", reason: "it failed" });
  await web.rows.sql(
    "insert into dagsmith.audit (actor, action, dag_id, run_id) values ('ada', 'run.trigger', $1, $2)",
    [dagId, `manual__${dagId}`],
  );
  const tabs = ["", "/graph", "/runs", "/decisions", "/backfills", "/audit", "/trigger", "/code"];
  return [
    ...["/", "/runs", "/data", "/pools", "/system", "/audit", `/search?q=${dagId}`],
    ...[
      `/search?q=${taskId}`,
      `/bulk/runs?do=clear&run=${run}`,
      `/bulk/dags?do=pause&dag=${dagId}`,
    ],
    ...[`/runs/${run}`, `/runs/${run}/tasks/${taskId}`, `/runs/${run}/clear`],
    ...tabs.map((tab) => `/dags/${dagId}${tab}`),
  ];
}

async function brokenOn(page: Page, pages: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of pages) {
    await page.goto(web.url + path);
    found.push(...(await page.evaluate(brokenWords)).map((word) => `${path}: ${word}`));
  }
  return found;
}

test.each([
  [
    "underscores",
    "daily_warehouse_load_of_all_customer_orders_by_region",
    "copy_orders_into_warehouse",
  ],
  [
    "hyphens",
    "daily-warehouse-load-of-all-customer-orders-by-region",
    "copy-orders-into-warehouse",
  ],
  ["dots", "daily.warehouse.load.of.all.customer.orders.by.region", "copy.orders.into.warehouse"],
  ["humps", "dailyWarehouseLoadOfAllCustomerOrdersByRegion", "copyOrdersIntoTheWarehouse"],
])("an id with %s breaks between its words on every page", async (_, dagId, taskId) => {
  const pages = await pagesWith(dagId, taskId);
  await visitAt(
    browser,
    web.url,
    async (page) => expect(await brokenOn(page, pages)).toEqual([]),
    PHONE,
  );
});

test("an id is copied from the page as it is", async () => {
  const dagId = "an_id_to_copy_that_is_longer_than_a_line_of_a_phone";
  await web.rows.dag(dagSpec(dagId));
  await visitAt(
    browser,
    `${web.url}/dags/${dagId}`,
    async (page) => {
      await page.locator("h1").evaluate((title) => getSelection()?.selectAllChildren(title));
      expect(await page.evaluate(() => getSelection()?.toString())).toBe(dagId);
    },
    PHONE,
  );
});

test("the check finds a word that a line breaks", async () => {
  await visitAt(browser, web.url, async (page) => {
    await page.evaluate(() => {
      const text = document.createElement("p");
      text.textContent = "a_broken";
      Object.assign(text.style, { width: "4ch", overflowWrap: "anywhere" });
      document.body.replaceChildren(text);
    });
    expect(await page.evaluate(brokenWords)).toEqual(["broken"]);
  });
});

test.each([
  ["first", ""],
  ["middle", "/decisions"],
  ["last", "/settings"],
])("the %s tab of a DAG is on the screen of a phone when it is chosen", async (_, tab) => {
  await web.rows.dag(dagSpec("tabbed"));
  await visitAt(
    browser,
    `${web.url}/dags/tabbed${tab}`,
    async (page) => {
      const chosen = page.locator("nav.tabs [aria-current]");
      const box = await chosen.boundingBox();
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(PHONE.viewport.width);
      expect(await page.evaluate(() => window.scrollY)).toBe(0);
    },
    PHONE,
  );
});

/** What is on top of the names of the grid, in steps of 4 px, and is no name. */
function aboveNames(): readonly string[] {
  const names = [...document.querySelectorAll<HTMLElement>(".grid tbody th")];
  return names.flatMap((name) => {
    const { left, right, top, height } = name.getBoundingClientRect();
    const count = Math.floor((right - left) / 4);
    return Array.from({ length: count }, (_, at) => left + 2 + at * 4)
      .map((x) => document.elementFromPoint(x, top + height / 2))
      .filter((found) => !name.contains(found))
      .map((found) => `${name.innerText}: ${found?.outerHTML}`);
  });
}

test("no cell of the grid shows through the names of the tasks on a phone", async () => {
  const version = await web.rows.dag(dagSpec("many_runs"));
  for (let day = 1; day <= 20; day++) {
    const startedAt = new Date(Date.UTC(2026, 0, day));
    const run = await web.rows.run("many_runs", version, { startedAt });
    await web.rows.instance(run, "only", { state: "success", startedAt });
  }
  await visitAt(
    browser,
    `${web.url}/dags/many_runs`,
    async (page) => {
      const scrolled = page.locator(".scroll.newest");
      const room = await scrolled.evaluate((box) => box.scrollWidth - box.clientWidth);
      expect(room).toBeGreaterThan(100);
      expect(await page.evaluate(aboveNames)).toEqual([]);
    },
    PHONE,
  );
});
