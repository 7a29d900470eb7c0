/**
 * `npm run pictures`: makes the pictures of README again. With PICTURES=folder it puts a
 * picture of every screen into that folder instead: light, dark, and on a phone; with
 * PICTURES_OF="home,run" only of these screens.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect, test } from "vitest";
import * as actions from "../../runtime/actions/index.ts";
import { launchBrowser } from "../support/browser.ts";
import { browserCookies } from "../support/signed_in.ts";
import { testWeb } from "../support/web.ts";
import { fillMore } from "./more_world.ts";
import { EMPTY, LOGIN, type Screen, type Screens, screensOf } from "./screens.ts";
import { fillWorld } from "./world.ts";

const WIDE = { viewport: { width: 1280, height: 800 } };

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { ...WIDE, colorScheme: "light" },
  dark: { ...WIDE, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
};

const { PICTURES: folder, PICTURES_OF: only } = process.env;

test.runIf(folder === undefined)("the pictures of README are taken", async () => {
  const web = await testWeb({ actions });
  const browser = await launchBrowser();
  try {
    const { run } = await fillWorld(web.rows);
    const pictures = {
      "docs/page.png": { address: "/" },
      "docs/run.png": { address: `/runs/${run}` },
    };
    await take(browser, web.url, pictures, LOOKS.light ?? {});
  } finally {
    await browser.close();
    await web.close();
  }
});

test.runIf(folder !== undefined)("a picture of every screen is taken", async () => {
  const [web, empty, locked] = await Promise.all([
    testWeb({ actions, isDevelopment: true }),
    testWeb({ actions }),
    testWeb({ token: "page-token-of-32-characters-long!!" }),
  ]);
  const browser = await launchBrowser();
  try {
    const { run } = await fillWorld(web.rows);
    const log = await fillMore(web, run);
    await takeAll(browser, web.url, screensOf({ run, log }));
    await takeAll(browser, empty.url, EMPTY);
    await takeAll(browser, locked.url, LOGIN);
  } finally {
    await browser.close();
    await Promise.all([web, empty, locked].map((one) => one.close()));
  }
});

/** In each look, those that were asked for. */
async function takeAll(browser: Browser, url: string, screens: Screens): Promise<void> {
  const into = folder ?? "";
  await mkdir(into, { recursive: true });
  const wanted = Object.entries(screens).filter(
    ([name]) => only === undefined || only.split(",").includes(name),
  );
  for (const [look, options] of Object.entries(LOOKS)) {
    const files = wanted.map(([name, screen]) => [join(into, `${name}.${look}.png`), screen]);
    await take(browser, url, Object.fromEntries(files), options);
  }
}

/** @param pictures file to screen */
async function take(
  browser: Browser,
  url: string,
  pictures: Screens,
  options: BrowserContextOptions,
): Promise<void> {
  const context = await browser.newContext(options);
  await context.addCookies([...browserCookies()]);
  const page = await context.newPage();
  for (const [path, screen] of Object.entries(pictures)) {
    await open(page, url, screen);
    await page.screenshot({ path });
  }
  await context.close();
}

async function open(page: Page, url: string, screen: Screen): Promise<void> {
  const { address, keys = [], part, status = 200 } = screen;
  const answer = await page.goto(url + address);
  expect([address, answer?.status()]).toEqual([address, status]);
  if (keys.length > 0) await page.locator("body[data-script]").waitFor();
  for (const key of keys) await page.keyboard.press(key);
  if (part) await page.locator(part).first().scrollIntoViewIfNeeded();
}
