/** The page under a path of its host, as behind a proxy, in a real browser. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeLoginLink } from "../../../runtime/actions/index.ts";
import { htmlUnder } from "../../../runtime/web/http/base_path.ts";
import { launchBrowser } from "../../support/browser.ts";
import { freePort } from "../../support/free_port.ts";
import { type TwoTeams, twoTeams } from "../../support/two_teams.ts";
import { until } from "../../support/until.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const BASE = "/some/path";

let browser: Browser;
let page: Page;
let web: TestWeb;
let site: string;
let runs: TwoTeams;
/** What the browser asked for outside the path, or got no good answer for. */
const wrong: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  const port = await freePort();
  site = `http://127.0.0.1:${port}${BASE}`;
  web = await testWeb({ withoutLink: true, port, baseUrl: site });
  runs = await twoTeams(web);
  page = await (await browser.newContext()).newPage();
  page.on("response", (answer) => {
    const isOurs = answer.url() === site || answer.url().startsWith(`${site}/`);
    if (!isOurs || answer.status() >= 400) wrong.push(`${answer.status()} ${answer.url()}`);
  });
  page.on("dialog", (dialog) => void dialog.accept());
}, 120_000);
afterAll(async () => {
  await browser.close();
  await web.close();
});

test("the first admin comes in by the link, and stays under the path", async () => {
  const code = await makeLoginLink(web.db, { name: null, actor: "test" });
  await page.goto(`${site}/welcome?code=${code}`);
  await page.locator("input[name=name]").fill("ada");
  await page.locator("input[name=password]").fill("correct horse battery");
  await page.locator("input[name=again]").fill("correct horse battery");
  await page.locator("button[type=submit]").click();
  await page.waitForURL(`${site}/`);
  const cookies = await page.context().cookies();
  expect(cookies.map(({ name, path }) => [name, path])).toEqual([
    [expect.stringMatching(/^dagsmith_\d+_some_path$/), BASE],
  ]);
  expect(wrong).toEqual([]);
});

test("every link of every page leads to a page under the path", async () => {
  const kind = (href: string): string =>
    `${new URL(href).pathname}?${[...new URL(href).searchParams.keys()]}`;
  const found = [`${site}/`, `${site}/search?q=o`];
  const kinds = new Set(found.map(kind));
  for (let href = found.shift(); href !== undefined; href = found.shift()) {
    await page.goto(href);
    const links = await page
      .locator("a[href]:not([download])")
      // The links of a drawing have an object as their `href`.
      .evaluateAll((all) => all.map((link) => String(link.getAttribute("href"))));
    for (const link of links.map((one) => new URL(one, page.url()).href)) {
      if (link.includes("download") || kinds.has(kind(link))) continue;
      kinds.add(kind(link));
      found.push(link);
    }
  }
  expect(kinds.size).toBeGreaterThan(30);
  expect([...kinds].filter((one) => !one.startsWith(BASE))).toEqual([]);
  expect(wrong).toEqual([]);
}, 240_000);

test("a page stays live, and its forms, its search and its keys lead back under the path", async () => {
  await page.goto(`${site}/runs/${runs.called}`);
  await page.locator("body[data-connection=live]").waitFor();
  await web.rows.sql(
    "update dagsmith.dag_run set state = 'success', finished_at = now() where id = $1",
    [runs.called],
  );
  await page.locator("#run-head .state.success").waitFor();
  await page.keyboard.press("/");
  await page.locator("dialog input").fill("ours");
  await page.locator("dialog .found a", { hasText: "Trigger ours" }).click();
  await page.waitForURL(`${site}/dags/ours/trigger`);
  await page.keyboard.press("Escape");
  await page.goto(`${site}/dags/ours/audit`);
  await page.locator("form[action$='/pause'] button").first().click();
  await page.waitForURL(`${site}/dags/ours/audit`);
  await page.locator("body[data-connection]").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.waitForURL(`${site}/runs`);
  await page.locator("#theme button").click();
  const theme = await until("the cookie of the colours", async () =>
    (await page.context().cookies()).find(({ name }) => name === "dagsmith_theme"),
  );
  expect(theme.path).toBe(`${BASE}/`);
  expect(wrong).toEqual([]);
}, 120_000);

test("a reader who logged out is asked for the login, and comes back to the page", async () => {
  await page.goto(`${site}/runs?state=failed`);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL(`${site}/login`);
  await page.goto(`${site}/runs?state=failed`);
  await page.waitForURL(`${site}/login?next=**`);
  await page.locator("input[name=name]").fill("ada");
  await page.locator("input[name=password]").fill("correct horse battery");
  await page.locator("button[type=submit]").click();
  await page.waitForURL(`${site}/runs?state=failed`);
  expect(wrong).toEqual([]);
});

describe("without a browser", () => {
  test("a proxy may take the path off, and nothing else is taken for it", async () => {
    const status = async (path: string) =>
      (await fetch(new URL(path, site), { redirect: "manual" })).status;
    expect(await status(`${BASE}/healthz`)).toBe(200);
    expect(await status("/healthz")).toBe(200);
    expect(await status(`${BASE}y/healthz`)).toBe(401);
    expect(await status(`${BASE}${BASE}/healthz`)).toBe(401);
    expect(await status(`/SOME/path/healthz`)).toBe(401);
    expect(await status(`${BASE}/api/v1/dags`)).toBe(401);
    expect(await status(`${BASE}/hooks/d/h`)).toBe(401);
  });

  test("the API says where it is", async () => {
    const headers = { cookie: await cookieOf() };
    const answer = await fetch(`${site}/api/v1/openapi.json`, { headers });
    expect(await answer.json()).toMatchObject({ servers: [{ url: `${BASE}/api/v1` }] });
  });

  test("only addresses get the path: no text, no value and no other site", () => {
    const kept = `<p title="/a">&lt;a href=&quot;/b&quot;> href="/c"</p><input value="/d"/>`;
    expect(htmlUnder(BASE, kept)).toBe(kept);
    const other = `<a href="//evil.example">x</a><a href="https://x/">y</a><a href="#z">z</a>`;
    expect(htmlUnder(BASE, other)).toBe(other);
    expect(htmlUnder(BASE, `<a class="b > c" href="/x"><form action="/y" method="post">`)).toBe(
      `<a class="b > c" href="${BASE}/x"><form action="${BASE}/y" method="post">`,
    );
    expect(htmlUnder("", `<a href="/x">`)).toBe(`<a href="/x">`);
  });
});

async function cookieOf(): Promise<string> {
  const cookies = await page.context().cookies();
  return cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
}
