/**
 * The frame of every page in a browser: colours, icons, the skip link, and the page that
 * shows all parts.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
beforeAll(async () => {
  [web, browser] = await Promise.all([testWeb({ isDevelopment: true }), launchBrowser()]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

test("a server that is not for development has no page of the design", async () => {
  const live = await testWeb();
  const answer = await fetch(`${live.url}/design`);
  await live.close();
  expect(answer.status).toBe(404);
});

const ground = (page: Page): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

test("the chosen colours come with the next page, before any script", async () => {
  await visitAt(browser, web.url, async (page) => {
    const light = await ground(page);
    await page.getByRole("button", { name: "auto" }).click();
    await page.getByRole("button", { name: "light" }).click();
    await page.getByRole("button", { name: "dark" }).waitFor();
    expect(await ground(page)).not.toBe(light);
    const next = await page.goto(`${web.url}/pools`);
    expect(await next?.text()).toContain('<html lang="en" data-theme="dark">');
    await page.getByRole("button", { name: "dark" }).click();
    expect(await ground(page)).toBe(light);
    expect(await (await page.reload())?.text()).toContain('<html lang="en">');
  });
});

test("another word in the cookie of the colours changes nothing", async () => {
  const answer = await fetch(web.url, { headers: { Cookie: 'dagsmith_theme="><script>' } });
  expect(await answer.text()).toContain('<html lang="en">');
});

test("the first key leads to the link that skips the bar", async () => {
  await visitAt(browser, web.url, async (page) => {
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the content" });
    expect(await skip.evaluate((link) => link === document.activeElement)).toBe(true);
    expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0);
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  });
});

test.each(["light", "dark"] as const)(
  "all parts are drawn in the %s scheme",
  async (colorScheme) => {
    await visitAt(
      browser,
      `${web.url}/design`,
      async (page) => {
        const icons = page.locator("svg.icon");
        expect(await icons.count()).toBeGreaterThan(2);
        await page.waitForFunction(() => {
          const icon = document.querySelector<SVGGraphicsElement>("svg.icon use");
          return icon !== null && icon.getBBox().width > 0;
        });
        const swatches = await page
          .locator(".swatch i")
          .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
        expect(swatches).not.toContain("rgba(0, 0, 0, 0)");
      },
      { colorScheme },
    );
  },
);
