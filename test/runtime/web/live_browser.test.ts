/**
 * What a person holds on the page while it changes: selections, boxes, zones, the newest
 * run.
 */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { until } from "../../support/until.ts";
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

const visit = (
  path: string,
  use: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> => visitAt(browser, web.url + path, use, options);

test("selected text and untouched rows stay while another row changes", async () => {
  await web.rows.dag(dagSpec("kept"));
  const version = await web.rows.dag(dagSpec("moving"));
  await visit("/", async (page) => {
    await page.getByRole("link", { name: "kept", exact: true }).evaluate((link) => {
      getSelection()?.selectAllChildren(link);
      link.setAttribute("data-mine", "");
    });
    await web.rows.run("moving", version, { state: "running" });
    const row = page.getByRole("row").filter({ hasText: "moving" });
    await row.locator(".bars .running").first().waitFor();
    expect(await page.evaluate(() => getSelection()?.toString())).toBe("kept");
  });
});

test("a row that goes takes no other row with it, and one that comes stands at its place", async () => {
  for (const dagId of ["rows_a", "rows_b", "rows_c"]) await web.rows.dag(dagSpec(dagId));
  const names = (page: Page) => page.locator("th[scope=row] > a:first-child").allTextContents();
  await visit("/?q=rows_", async (page) => {
    expect(await names(page)).toEqual(["rows_a", "rows_b", "rows_c"]);
    await web.rows.sql("update dagsmith.dag set removed_at = now() where dag_id = 'rows_b'");
    await page.getByRole("link", { name: "rows_b", exact: true }).waitFor({ state: "detached" });
    await web.rows.dag(dagSpec("rows_ab"));
    await page.getByRole("link", { name: "rows_ab", exact: true }).waitFor();
    expect(await names(page)).toEqual(["rows_a", "rows_ab", "rows_c"]);
  });
});

describe("after live changes a page is as its reload, and got the changed rows alone:", () => {
  const ROWS = ["fast", "slow"].map((taskId) => taskSpec(taskId));

  /** Opens a page, makes a change, and compares what is live with a page fetched now. */
  async function followed(
    path: string,
    part: string,
    change: () => Promise<unknown>,
    isThere: (page: Page) => Promise<unknown>,
  ): Promise<void> {
    await visit(path, async (page) => {
      const answers: Promise<string>[] = [];
      page.on("response", (answer) => {
        if (answer.request().headers()["x-live"] === "1" && answer.status() === 200)
          answers.push(answer.text());
      });
      await change();
      await isThere(page);
      const whole = await page.evaluate(async () => (await fetch(location.href)).text());
      await until(
        `${path} is as its reload`,
        async () => (await shown(page, part)) === (await shownIn(page, part, whole)),
      );
      const texts = await Promise.all(answers);
      expect(texts.join("")).toContain("data-same");
      for (const text of texts) expect(text).not.toContain("<body");
    });
  }

  const shown = (page: Page, part: string): Promise<string> =>
    page.evaluate((id) => document.getElementById(id)?.innerText ?? "", part);
  const shownIn = (page: Page, part: string, html: string): Promise<string> =>
    page.evaluate(
      ([id, text]) => {
        const fresh = new DOMParser().parseFromString(text ?? "", "text/html");
        const now = document.getElementById(id ?? "");
        if (!now) return "no such part";
        const copy = document.importNode(fresh.getElementById(id ?? "") as HTMLElement, true);
        now.after(copy);
        const words = copy.innerText;
        copy.remove();
        return words;
      },
      [part, html],
    );

  async function someRuns(dagId: string, count: number): Promise<number[]> {
    const version = await web.rows.dag(dagSpec(dagId, { tasks: ROWS }));
    const runs: number[] = [];
    for (let n = 0; n < count; n += 1) {
      const run = await web.rows.run(dagId, version, { state: "success", tookMs: 60_000 });
      for (const { taskId } of ROWS) await web.rows.instance(run, taskId, { state: "success" });
      runs.push(run);
    }
    return runs;
  }

  test("the grid, when a run comes and another changes", async () => {
    const [first] = await someRuns("grid_lives", 4);
    await followed(
      "/dags/grid_lives?runs=4",
      "grid",
      async () => {
        await web.rows.sql(
          "update dagsmith.task_instance set state = 'failed' where run_id = $1 and task_id = 'slow'",
          [first! + 2],
        );
        await someRuns("grid_lives", 1);
      },
      (page) => page.locator(`.grid thead a[href="/runs/${first}"]`).waitFor({ state: "detached" }),
    );
  });

  test("the run, when one of its tasks changes", async () => {
    const [run] = await someRuns("run_lives", 1);
    await followed(
      `/runs/${run}`,
      "tasks",
      () =>
        web.rows.sql(
          "update dagsmith.task_instance set state = 'failed' where run_id = $1 and task_id = 'slow'",
          [run],
        ),
      (page) => page.locator("#tasks .state.failed").waitFor(),
    );
  });

  test("the runs of all DAGs, when one comes", async () => {
    await someRuns("runs_live", 3);
    await followed(
      "/runs?dag=runs_live",
      "runs",
      () => someRuns("runs_live", 1),
      (page) => page.locator("#runs tbody tr:nth-child(4)").waitFor(),
    );
  });

  test("a list of which the page lacks a row, because something else removed it", async () => {
    await someRuns("torn", 3);
    await visit("/runs?dag=torn", async (page) => {
      await page.locator("#runs tbody tr:nth-child(2)").evaluate((row) => row.remove());
      await someRuns("torn", 1);
      await page.locator("#runs tbody tr:nth-child(4)").waitFor();
    });
  });
});

test("the log is in the zone of the page, for lines that were there and lines that come", async () => {
  const version = await web.rows.dag(dagSpec("zoned"));
  const run = await web.rows.run("zoned", version, { state: "running" });
  const id = await web.rows.instance(run, "only", { state: "running" });
  await web.rows.log(id, 0, ["already there"]);
  await visit(
    `/runs/${run}/tasks/only`,
    async (page) => {
      await page.getByRole("button", { name: "times in UTC" }).click();
      await web.rows.log(id, 1, ["came later"]);
      await page.locator("#log li", { hasText: "came later" }).waitFor();
      for (const time of await page.locator("#log li time").all()) {
        const at = new Date((await time.getAttribute("datetime")) ?? "");
        const wall = at.toLocaleTimeString("en-GB", { timeZone: "Asia/Kolkata" });
        expect(await time.textContent()).toContain(wall);
      }
    },
    { timezoneId: "Asia/Kolkata" },
  );
});

test.each([true, false])(
  "a line of a log is marked by its link, which others can open (with script: %s)",
  async (javaScriptEnabled) => {
    const version = await web.rows.dag(dagSpec("linked"));
    const run = await web.rows.run("linked", version, { state: "running" });
    const id = await web.rows.instance(run, "only", { state: "running" });
    const texts = Array.from({ length: 300 }, (_, at) => `text ${at + 1}`);
    await web.rows.log(id, 0, texts);
    const marked = (page: Page): Promise<string | null> =>
      page.locator("#log li:target").innerText();
    await visit(
      `/runs/${run}/tasks/only`,
      async (page) => {
        await page.locator("#L250 .place").click();
        await page.waitForURL(/\?try=1#L250$/);
        expect(await marked(page)).toContain("text 250");
        await page.goto(`${web.url}/runs/${run}/tasks/only?try=1#L7`);
        expect(await marked(page)).toContain("text 7");
        await page.locator("#L7").isVisible();
        if (!javaScriptEnabled) return;
        await web.rows.log(id, 1, ["came later"]);
        await page.locator("#L301", { hasText: "came later" }).waitFor();
        expect(await page.locator("#log ol").evaluate((list) => list.scrollTop)).toBeLessThan(500);
      },
      { javaScriptEnabled },
    );
  },
);

test("a line that the page of a long log leaves out is shown with the lines around it", async () => {
  const version = await web.rows.dag(dagSpec("left_out"));
  const run = await web.rows.run("left_out", version, { state: "success" });
  const id = await web.rows.instance(run, "only", { state: "success" });
  for (let seq = 0; seq < 60; seq += 1)
    await web.rows.log(
      ...([id, seq, Array.from({ length: 100 }, (_, at) => `text ${seq * 100 + at + 1}`)] as const),
    );
  await visit(`/runs/${run}/tasks/only?try=1#L1234`, async (page) => {
    await page.waitForURL(/find\?at=12\.33#l12\.33$/);
    await page.locator("li.here", { hasText: "text 1234" }).waitFor();
  });
});

test.each([true, false])(
  "a grid that overflows opens at its newest run (with script: %s)",
  async (javaScriptEnabled) => {
    const version = await web.rows.dag(dagSpec("wide", { tasks: [taskSpec("only")] }));
    for (let count = 0; count < 40; count += 1) await web.rows.run("wide", version);
    await visit(
      "/dags/wide",
      async (page) => {
        const box = await page.locator(".scroll").boundingBox();
        const newest = await page.locator(".grid thead th:last-child").boundingBox();
        const name = await page.locator(".grid tbody th").first().boundingBox();
        expect(newest!.x + newest!.width).toBeLessThanOrEqual(box!.x + box!.width);
        expect(newest!.x).toBeGreaterThan(box!.x);
        expect(Math.round(name!.x)).toBeGreaterThanOrEqual(Math.round(box!.x));
        expect(name!.x).toBeLessThan(box!.x + 10);
      },
      { javaScriptEnabled, viewport: { width: 390, height: 800 } },
    );
  },
);

test("every page has the clock of its zone", async () => {
  for (const path of ["/", "/runs", "/data", "/pools", "/system", "/audit", "/dags/kept/trigger"])
    await visit(path, (page) => page.getByRole("button", { name: "times in UTC" }).waitFor());
});

test("no page scrolls sideways, on a phone, a tablet or a desktop", async () => {
  const dagId = "a_dag_with_a_name_that_is_as_long_as_people_make_them";
  const version = await web.rows.dag(dagSpec(dagId));
  const run = await web.rows.run(dagId, version, { state: "failed" });
  await web.rows.instance(run, "only", { state: "failed" });
  const views = ["", "/graph", "/runs", "/decisions", "/backfills", "/audit", "/trigger", "/code"];
  const pages = [
    ...["/", "/runs", "/data", "/pools", "/system", "/audit", "/search?q=dag", "/design"],
    ...[
      `/bulk/runs?do=clear&run=${run}`,
      `/bulk/dags?do=pause&dag=${dagId}`,
      `/runs/${run}`,
      `/runs/${run}/tasks/only`,
    ],
    ...[`/runs/${run}/clear`, ...views.map((view) => `/dags/${dagId}${view}`)],
  ];
  for (const width of [390, 768, 1440])
    await visit(
      "/",
      async (page) => {
        for (const path of pages) {
          await page.goto(web.url + path);
          const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(`${path}: ${scrolled}`).toBe(`${path}: ${width}`);
        }
      },
      { viewport: { width, height: 800 } },
    );
});
