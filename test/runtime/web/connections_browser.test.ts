/** A connection in a real browser: made, tested, broken, mended, and used by a DAG. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { until } from "../../support/until.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";
import { deploy, runNow, runToEnd, testWorker } from "../../support/worker.ts";

let web: TestWeb;
let browser: Browser;
let server: URL;
beforeAll(async () => {
  // As the page of a deployment does, which knows the secrets of its sources.
  const mask = (text: string): string => web.secrets.resolver.mask(text);
  [web, browser] = await Promise.all([testWeb({ mask }), launchBrowser()]);
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
        await page
          .getByRole("status")
          .filter({ hasText: /It works: PostgreSQL \d+/ })
          .waitFor();
        expect(await field(page, "password").inputValue()).toBe("");
        if (javaScriptEnabled) await fits(page);
        await field(page, "schema").fill("no_such_database");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByRole("button", { name: "Test" }).click();
        await page
          .getByRole("status")
          .filter({ hasText: /It failed: .*no_such_database/ })
          .waitFor();
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

const READS = `
import { dag } from "dagsmith";
const d = dag("reads_the_till");
d.task("read", async ({ connection, log }) => {
  const till = await connection("till");
  log.info("the password is " + till.password);
  console.log(encodeURIComponent(till.password), Buffer.from(till.password).toString("base64"));
  return { host: till.host, stolen: till.password };
});
d.task("fail", async ({ connection }) => {
  throw new Error("refused " + (await connection("till")).password);
});
export default d;`;

test("a person makes a connection, a DAG run uses it, and its secret is on no page, log, answer or row", async () => {
  const secret = "till-p4ss/word+secret";
  const hidden = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")];
  const worker = await testWorker(web.db, { secrets: web.secrets.resolver });
  onTestFinished(() => worker.stop());
  await deploy(web.db, await dagFolder({ "reads.js": READS }));
  const seen: string[] = [];
  await visitAt(browser, `${web.url}/new/connection?type=https`, async (page) => {
    await page.locator('[name="id"]').fill("till");
    await field(page, "host").fill("till.example.com");
    await field(page, "login").fill("clerk");
    await field(page, "password").fill(secret);
    await page.getByRole("button", { name: "Create connection" }).click();
    await page.waitForURL("**/connections/till");
    const { id } = await runToEnd(web.db, "reads_the_till");
    const run = await runNow(web.db, id);
    for (const path of ["/connections", "/connections/till", "/audit", "/dags/reads_the_till"])
      await look(page, path, seen);
    await look(page, `/runs/${id}`, seen);
    for (const task of ["read", "fail"]) {
      await look(page, `/runs/${id}/tasks/${task}`, seen);
      await until("a mask on the page", async () => (await page.content()).includes("***"));
      for (const path of ["connections", "audit", `runs/${id}`, `runs/${id}/tasks/${task}`])
        seen.push(await (await fetch(`${web.url}/api/v1/${path}`)).text());
      const log = `logs/${run.task(task).id}/1`;
      seen.push(await (await fetch(`${web.url}/api/v1/${log}`)).text());
    }
  });
  // An XCom is stored as it is, because other tasks read it; it is masked when it is shown.
  for (const table of ["log_chunk", "task_instance", "audit", "connection"])
    seen.push(JSON.stringify(await web.rows.sql(`select t::text from dagsmith.${table} t`)));
  expect(seen.some((text) => text.includes("the password is ***"))).toBe(true);
  for (const form of hidden) expect(seen.filter((text) => text.includes(form))).toEqual([]);
});

/** Keeps what a page has, as a person and as a program see it. */
async function look(page: Page, path: string, seen: string[]): Promise<void> {
  await page.goto(web.url + path);
  seen.push(await page.content(), await page.innerText("body"));
}
