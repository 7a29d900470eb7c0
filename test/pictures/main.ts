/**
 * `npm run pictures`: makes the pictures of README again. With PICTURES=folder it puts a
 * picture of every screen into that folder instead: light, dark, and on a phone; with
 * PICTURES_OF="home,run" only of these screens.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { expect, test } from "vitest";
import * as actions from "../../runtime/actions/index.ts";
import { launchBrowser } from "../support/browser.ts";
import { browserCookies } from "../support/signed_in.ts";
import { testWeb } from "../support/web.ts";
import { fillWorld } from "./world.ts";

const WIDE = { viewport: { width: 1280, height: 800 } };

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { ...WIDE, colorScheme: "light" },
  dark: { ...WIDE, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
};

const TABS = ["graph", "runs", "tasks", "calendar", "decisions", "backfills", "code", "docs"];

/** Name of a picture to the address of its page. */
const screensOf = (run: number): Readonly<Record<string, string>> => ({
  ...{ home: "/", runs: "/runs", calendar: "/calendar", assets: "/data", system: "/system" },
  ...{ run: `/runs/${run}`, task: `/runs/${run}/tasks/load`, audit: "/audit", pools: "/pools" },
  ...{ mark: `/runs/${run}/tasks/load/mark?to=success`, compare: `/runs/${run}/compare` },
  ...{ deployments: "/deployments", dag_settings: "/dags/orders_daily/settings" },
  dag_audit: "/dags/orders_daily/audit",
  ...{ design: "/design", dag: "/dags/orders_daily", history: "/dags/orders_daily/tasks/load" },
  ...Object.fromEntries(TABS.map((tab) => [`dag_${tab}`, `/dags/orders_daily/${tab}`])),
});

/** File to address. */
type Pictures = Readonly<Record<string, string>>;

test("every picture is taken", async () => {
  const { PICTURES: folder, PICTURES_OF: only } = process.env;
  const web = await testWeb({ actions, isDevelopment: true });
  const browser = await launchBrowser();
  try {
    const screens = screensOf((await fillWorld(web.rows)).run);
    const readme = { "docs/page.png": screens.home ?? "", "docs/run.png": screens.run ?? "" };
    if (folder === undefined) return await take(browser, web.url, readme, LOOKS.light ?? {});
    await mkdir(folder, { recursive: true });
    const wanted = only?.split(",") ?? Object.keys(screens);
    for (const [look, options] of Object.entries(LOOKS)) {
      const files = wanted.map((name) => [
        join(folder, `${name}.${look}.png`),
        screens[name] ?? "",
      ]);
      await take(browser, web.url, Object.fromEntries(files), options);
    }
  } finally {
    await browser.close();
    await web.close();
  }
});

async function take(
  browser: Browser,
  url: string,
  pictures: Pictures,
  options: BrowserContextOptions,
): Promise<void> {
  const context = await browser.newContext(options);
  await context.addCookies([...browserCookies()]);
  const page = await context.newPage();
  for (const [path, address] of Object.entries(pictures)) {
    const answer = await page.goto(url + address);
    expect([address, answer?.status()]).toEqual([address, 200]);
    await page.screenshot({ path });
  }
  await context.close();
}
