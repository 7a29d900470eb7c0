/**
 * A real Chromium for tests. Where the machine lacks libraries that a browser needs,
 * those that come with the package are unpacked and the browser is started with them.
 */
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import chromium, { inflate } from "@sparticuz/chromium";
import {
  type Browser,
  type BrowserContextOptions,
  type Page,
  chromium as playwright,
} from "playwright-core";
import { expect } from "vitest";
import { browserCookies } from "./signed_in.ts";

/**
 * Made for a sandbox in the cloud: they end the browser with its first page, or switch
 * off the very rules that tests of a page rely on.
 */
const UNWANTED = [
  "--single-process",
  "--disable-web-security",
  "--allow-running-insecure-content",
  "--disable-site-isolation-trials",
];

/**
 * Starts the browser; the caller closes it.
 * @param env variables to add, such as those of {@link packedLibraries}
 */
export async function launchBrowser(env: Record<string, string> = {}): Promise<Browser> {
  const executablePath = await unpacked();
  try {
    return await start(executablePath, env);
  } catch (error) {
    if (!/error while loading shared libraries/.test(String(error))) throw error;
    return start(executablePath, await packedLibraries());
  }
}

/**
 * The browser is unpacked for its user alone, so each user of a machine needs a folder of
 * their own.
 */
async function unpacked(): Promise<string> {
  const shared = process.env.TMPDIR;
  const own = join(tmpdir(), `dagsmith-browser-${userInfo().uid}`);
  await mkdir(own, { recursive: true });
  process.env.TMPDIR = own;
  try {
    return await chromium.executablePath();
  } finally {
    if (shared === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = shared;
  }
}

/**
 * The environment in which the browser finds the libraries of its package, unpacked once.
 */
export async function packedLibraries(): Promise<Record<string, string>> {
  const main = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  await inflate(join(dirname(main), "..", "bin", "al2023.tar.br"));
  return { LD_LIBRARY_PATH: join(tmpdir(), "al2023", "lib") };
}

function start(executablePath: string, env: Record<string, string>): Promise<Browser> {
  return playwright.launch({
    executablePath,
    args: chromium.args.filter((arg) => !UNWANTED.includes(arg)),
    headless: true,
    env: { ...process.env, ...env } as Record<string, string>,
  });
}

/**
 * Opens a page; the test fails if the page raised an error, or its policy stopped
 * something.
 */
export async function visitAt(
  browser: Browser,
  address: string,
  use: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext(options);
  await context.addCookies([...browserCookies()]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("dialog", (dialog) => {
    if (dialog.type() === "alert") complaints.push(`alert ${dialog.message()}`);
    dialog.accept().catch((error: Error) => complaints.push(error.message));
  });
  try {
    await page.goto(address);
    await use(page);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}
