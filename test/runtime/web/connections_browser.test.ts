/** A connection in a real browser: made, tested, broken, mended, and used by a DAG. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
let server: URL;
beforeAll(async () => {
  [web, browser] = await Promise.all([testWeb(), launchBrowser()]);
  server = new URL(web.databaseUrl);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

const field = (page: Page, name: string) => page.locator(`[name="p:${name}"]`);

async function fits(page: Page): Promise<void> {
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  for (const width of [390, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, `${page.url()} at ${width}`).toBeLessThanOrEqual(width);
  }
}

test.each([true, false])(
  "a connection is created, tested, broken, and tested again (script: %s)",
  async (javaScriptEnabled) => {
    const id = `lake_${javaScriptEnabled}`;
    await visitAt(
      browser,
      `${web.url}/connections`,
      async (page) => {
        await page.getByRole("link", { name: "New connection" }).click();
        await page.getByRole("link", { name: "PostgreSQL" }).click();
        await page.locator('[name="id"]').fill(id);
        await field(page, "host").fill(server.hostname);
        await field(page, "port").fill(server.port);
        await field(page, "schema").fill(server.pathname.slice(1));
        await field(page, "login").fill(decodeURIComponent(server.username));
        await field(page, "password").fill(decodeURIComponent(server.password));
        await page.getByRole("button", { name: "Create connection" }).click();
        await page.getByRole("button", { name: "Test" }).click();
        await expect
          .poll(() => page.getByRole("status").allTextContents())
          .toContainEqual(expect.stringMatching(/It works: PostgreSQL \d+/));
        expect(await field(page, "password").inputValue()).toBe("");
        if (javaScriptEnabled) await fits(page);
        await field(page, "schema").fill("no_such_database");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByRole("button", { name: "Test" }).click();
        await expect
          .poll(() => page.getByRole("status").allTextContents())
          .toContainEqual(expect.stringMatching(/It failed: .*no_such_database/));
      },
      { javaScriptEnabled },
    );
    expect(await web.secrets.stored.connection(id)).toMatchObject({
      ...{ schema: "no_such_database", password: decodeURIComponent(server.password) },
    });
  },
);

test.each(["/connections", "/new/connection", "/variables", "/pools"])(
  "%s is clean for axe, and fits on every screen",
  async (path) => {
    await web.rows.sql(
      "insert into dagsmith.pool (name, slots) values ('api', 3) on conflict do nothing",
    );
    await web.secrets.stored.setVariable("region", "eu");
    await visitAt(browser, web.url + path, fits);
  },
);
