/** What people on call do, in a browser, with the number of clicks that each takes. */
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { askedRun } from "../../support/asked.ts";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { known } from "../../support/migrated.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
beforeAll(async () => {
  [web, browser] = await Promise.all([testWeb({ actions }), launchBrowser()]);
  await failedRuns("nightly", 12);
  await web.rows.dag(dagSpec("one_of_tag", { tags: ["shop"] }));
  await web.rows.dag(dagSpec("two_of_tag", { tags: ["shop"] }));
  await web.rows.dag(dagSpec("of_no_tag"));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

/** Runs that failed an hour ago: their second task failed, their third could not run. */
async function failedRuns(dagId: string, count: number): Promise<void> {
  const tasks = [
    taskSpec("extract"),
    taskSpec("load", { upstream: ["extract"] }),
    taskSpec("report", { upstream: ["load"] }),
  ];
  const version = await web.rows.dag(dagSpec(dagId, { tasks }));
  for (let n = 0; n < count; n++) await failedRun(dagId, version, n);
}

async function failedRun(dagId: string, version: number, n: number): Promise<void> {
  const startedAt = new Date(Date.now() - 3_600_000 + n * 1_000);
  const run = await web.rows.run(dagId, version, {
    state: "failed",
    startedAt,
    runId: `night_${n}`,
  });
  await web.rows.instance(run, "extract", { state: "success", startedAt });
  const error = { name: "PostgresError", message: `no table t${n}\nsecond line`, stack: "" };
  const failed = await web.rows.instance(run, "load", { state: "failed", startedAt, error });
  await web.rows.log(failed, 0, [`reading t${n}`]);
  await web.rows.instance(run, "report", { state: "upstream_failed", startedAt });
}

type Click = (on: Locator) => Promise<void>;

/** Clicks, and counts the clicks. */
function counting(): {
  readonly click: Click;
  readonly count: () => number;
} {
  let clicks = 0;
  const click = async (on: Locator): Promise<void> => {
    clicks += 1;
    await on.click();
  };
  return { click, count: () => clicks };
}

const states = async (): Promise<readonly unknown[]> =>
  (
    await web.rows.sql(
      `select t.state, count(*)::int from dagsmith.task_instance t join dagsmith.dag_run r on r.id = t.run_id
       where r.dag_id = 'nightly' group by 1 order by 1`,
    )
  ).map(({ state, count }) => `${state} ${count}`);

const visit = (path: string, use: (page: Page) => Promise<void>, script = true): Promise<void> =>
  visitAt(browser, web.url + path, use, { javaScriptEnabled: script });

test("what failed last night, and why: no click, and one click to the log", async () => {
  await visit("/", async (page) => {
    const { click, count } = counting();
    const band = page.getByRole("region", { name: "Failed in the last 24 hours" });
    const row = band.getByRole("listitem").first();
    expect(await row.textContent()).toMatch(/nightly.*load PostgresError: no table t11/);
    expect(await row.textContent()).not.toContain("second line");
    await click(row.getByRole("link", { name: "load" }));
    await page.locator("#log li", { hasText: "reading t11" }).waitFor();
    expect(count()).toBe(1);
  });
});

test("the failed tasks of 12 runs run again: 4 clicks", async () => {
  expect(await states()).toEqual(["failed 12", "success 12", "upstream_failed 12"]);
  await visit("/", async (page) => {
    const { click, count } = counting();
    await click(page.getByRole("link", { name: "All failed runs" }));
    await click(page.getByLabel("Select all runs of this page"));
    expect(await page.locator("[data-picked]").textContent()).toBe("12 selected");
    await click(page.getByRole("button", { name: "Clear failed tasks…" }));
    const rows = page.locator("main tbody tr");
    expect(await rows.count()).toBe(12);
    expect(await rows.first().textContent()).toMatch(/^nightly.*\d, manualload, report/);
    expect(await rows.first().getByRole("link").getAttribute("title")).toMatch(/^night_\d+$/);
    await page.getByLabel("Reason").fill("the table is back");
    await click(page.getByRole("button", { name: "Clear failed tasks (12 runs)" }));
    await page.getByRole("heading", { name: "12 of 12 runs cleared" }).waitFor();
    await page.getByRole("link", { name: "All runs" }).waitFor();
    expect(count()).toBe(4);
  });
  expect(await states()).not.toContain("failed 12");
  const audit = await web.rows.sql(
    "select detail ->> 'reason' as reason from dagsmith.audit where action = 'clear'",
  );
  expect(audit).toEqual(Array(12).fill({ reason: "the table is back" }));
});

test.each([true, false])("all DAGs of a tag are paused (with script: %s)", async (script) => {
  await web.rows.sql("update dagsmith.dag set is_paused = false");
  await visit(
    "/",
    async (page) => {
      const { click, count } = counting();
      await click(page.getByRole("link", { name: "shop" }).first());
      const boxes = page.locator(".pick [name=dag]");
      if (script) await click(page.getByLabel("Select all DAGs of this page"));
      else for (const box of await boxes.all()) await click(box);
      await click(page.getByRole("button", { name: "Pause…", exact: true }));
      await click(page.getByRole("button", { name: "Pause DAGs (2)" }));
      await page.getByRole("heading", { name: "2 of 2 DAGs paused" }).waitFor();
      expect(count()).toBe(script ? 4 : 5);
    },
    script,
  );
  const paused = await web.rows.sql(
    "select dag_id from dagsmith.dag where is_paused order by dag_id",
  );
  expect(paused).toEqual([{ dag_id: "one_of_tag" }, { dag_id: "two_of_tag" }]);
});

describe("a question of people on call is answered", () => {
  const answered = (path: string, most: number, ask: (page: Page, click: Click) => Promise<void>) =>
    visit(path, async (page) => {
      const { click, count } = counting();
      await ask(page, click);
      expect(count()).toBeLessThanOrEqual(most);
    });
  const place = (page: Page, name: string): Locator =>
    page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true });

  test("what runs next: 1 click to the calendar of all DAGs", async () => {
    const cron = { type: "cron_data_interval", cron: "0 4 * * *", timezone: "UTC" } as const;
    const schedules = [{ name: "", schedule: cron, params: {} }];
    await web.rows.dag(dagSpec("soon", { schedules }), { nextRunAfter: new Date() });
    await answered("/", 1, async (page, click) => {
      await click(place(page, "Calendar"));
      await page.locator(".days .today").waitFor();
    });
    await answered("/dags/soon", 2, async (page, click) => {
      await click(page.getByRole("link", { name: "Calendar" }).last());
      await click(page.getByRole("link", { name: "Next", exact: true }));
      await page.locator(".days .planned").first().waitFor();
    });
  });

  test("what leads to an asset, and what it leads to: 2 clicks", async () => {
    const tasks = [taskSpec("write", { outlets: [{ asset: "lake://orders" }] })];
    await web.rows.dag(dagSpec("writes", { tasks }));
    await web.rows.dag(dagSpec("waits", { assets: { asset: "lake://orders" } }));
    await answered("/", 2, async (page, click) => {
      await click(place(page, "Assets"));
      await click(page.locator(".graph a", { hasText: "lake://orders" }));
      await page.locator(".graph [aria-current]", { hasText: "lake://orders" }).waitFor();
      expect(await page.locator(".graph .dag").count()).toBe(2);
    });
  });

  test("which code ran, and did the task get slower: 1 click each from its page", async () => {
    const version = await web.rows.dag(dagSpec("slower"));
    const run = await web.rows.run("slower", version);
    await web.rows.instance(run, "only", { state: "success" });
    const task = `/runs/${run}/tasks/only`;
    await answered(task, 1, async (page, click) => {
      await click(page.getByTitle("The code that ran"));
      await page.waitForURL(/\/dags\/slower\/code\?version=1/);
    });
    await answered(task, 1, async (page, click) => {
      await click(page.getByRole("link", { name: "Last runs" }));
      await page.locator(".history rect").waitFor();
    });
  });

  test("how a run differs from the run before: 1 click from its page", async () => {
    const version = await web.rows.dag(dagSpec("differs"));
    await web.rows.run("differs", version, { tookMs: 60_000 });
    const run = await web.rows.run("differs", version, { tookMs: 180_000 });
    await answered(`/runs/${run}`, 1, async (page, click) => {
      await click(page.getByRole("link", { name: "Compare" }));
      await page.getByRole("cell", { name: "+2 min" }).waitFor();
    });
  });

  test("what a mark would change, and the mark itself: 3 clicks from the page of the task", async () => {
    const version = await web.rows.dag(dagSpec("marked"));
    const run = await web.rows.run("marked", version, { state: "failed" });
    await web.rows.instance(run, "only", { state: "failed" });
    await answered(`/runs/${run}/tasks/only`, 3, async (page, click) => {
      await click(page.getByText("Mark as…"));
      await click(page.locator(".menu a", { hasText: "success" }));
      await page.getByText("1 task instance will be marked success").waitFor();
      await click(page.getByRole("button", { name: "Mark as success" }));
      await page.locator("#task-head .title > .state.success").waitFor();
    });
  });

  test("is the system healthy, and who did what: 1 click each", async () => {
    await answered("/", 1, async (page, click) => {
      await click(place(page, "System"));
      await page.getByRole("heading", { name: "System", level: 1 }).waitFor();
    });
    await answered("/", 1, async (page, click) => {
      await click(place(page, "Audit"));
      await page.getByRole("heading", { name: "Audit", level: 1 }).waitFor();
    });
  });

  test("a line of a log is found, and has an address: 1 click behind the search", async () => {
    const version = await web.rows.dag(dagSpec("logs"));
    const run = await web.rows.run("logs", version, { state: "failed" });
    const id = await web.rows.instance(run, "only", { state: "failed" });
    await web.rows.log(id, 0, ["fine", "needle here", "fine"]);
    await answered(`/logs/${id}/1/find?q=needle`, 1, async (page, click) => {
      await click(page.locator(".log li a").first());
      await page.waitForURL(/[?&]at=/);
      await page.getByText("needle here").waitFor();
    });
  });
});

describe("a job of people on call needs few clicks:", () => {
  const place = (page: Page, name: string): Locator =>
    page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true });
  const clicks = (path: string, count: number, use: (page: Page, click: Click) => Promise<void>) =>
    visit(path, async (page) => {
      const counted = counting();
      await use(page, counted.click);
      expect(counted.count()).toBe(count);
    });

  test("why does it not run: no click, each row of the run says why", async () => {
    const tasks = [
      taskSpec("slow"),
      taskSpec("next", { upstream: ["slow"] }),
      taskSpec("full"),
      taskSpec("idle"),
    ];
    const version = await web.rows.dag(dagSpec("waiting", { tasks }));
    const run = await web.rows.run("waiting", version, { state: "running" });
    await web.rows.instance(run, "slow", { state: "running" });
    await web.rows.instance(run, "full", { state: "scheduled" });
    await web.rows.instance(run, "idle", { state: "queued" });
    await clicks(`/runs/${run}`, 0, async (page) => {
      const why = (task: string) =>
        page.locator("#tasks tbody tr", { hasText: task }).locator("td p").first().textContent();
      expect(await why("next")).toBe("waits for slow (running)");
      expect(await why("full")).toBe("waits for a slot under its limits");
      expect(await why("idle")).toBe("waits for a worker");
    });
  });

  test("which runs are late: no click, home names missed deadlines and those soon due", async () => {
    const version = await web.rows.dag(dagSpec("promised"));
    const [missed, soon] = [
      await web.rows.run("promised", version, { state: "running" }),
      await web.rows.run("promised", version, { state: "running" }),
    ];
    await web.rows.sql(
      `insert into dagsmith.callback (run_id, event, ordinal, state, finished_at)
       values ($1, 'deadline', 0, 'success', now())`,
      [missed],
    );
    await web.rows.sql(
      "insert into dagsmith.deadline (run_id, ordinal, due_at) values ($1, 0, now() + interval '30 minutes')",
      [soon],
    );
    await clicks("/", 0, async (page) => {
      const late = page.getByRole("region", { name: "Late, or due within the hour" });
      const rows = await late.getByRole("listitem").allTextContents();
      expect(rows[0]).toContain("missed its deadline");
      expect(rows[1]).toContain("must end soon");
    });
  });

  test("what did it get and return: no click on the page of the task", async () => {
    const tasks = [taskSpec("count"), taskSpec("use", { inputs: { rows: "count" } })];
    const version = await web.rows.dag(dagSpec("returns", { tasks }));
    const run = await web.rows.run("returns", version);
    await web.rows.instance(run, "count", { state: "success" });
    await web.rows.instance(run, "use", { state: "success" });
    const output = (taskId: string, value: unknown) =>
      web.rows.sql(
        `insert into dagsmith.xcom (run_id, task_id, map_index, key, value)
         values ($1, $2, -1, 'return_value', $3)`,
        [run, taskId, JSON.stringify(value)],
      );
    await output("count", { orders: 7 });
    await output("use", { sum: 42 });
    await clicks(`/runs/${run}/tasks/use`, 0, async (page) => {
      expect(await page.locator("#inputs").innerText()).toMatch(/rows from count.*orders.*7/s);
      expect(await page.locator("#xcoms").innerText()).toMatch(/Output.*sum.*42/s);
    });
  });

  test("what did it really run: no click; after a failure the error and the log come first", async () => {
    const version = await web.rows.dag(dagSpec("loads"));
    const field = { name: "sql", value: "select 1 where 1 < $1", characters: 21 };
    const ran = async (state: "success" | "failed"): Promise<number> => {
      const run = await web.rows.run("loads", version, { state });
      const error = state === "failed" && { name: "PostgresError", message: "no", stack: "no" };
      const id = await web.rows.instance(run, "only", { state, ...(error && { error }) });
      await web.rows.log(id, 0, ["began"]);
      await web.rows.sql(
        `insert into dagsmith.rendered_fields (task_instance_id, try_number, fields)
         values ($1, 1, $2)`,
        [id, JSON.stringify([field])],
      );
      return run;
    };
    const sections = (page: Page): Promise<readonly string[]> =>
      page.locator("main").evaluate((main) => {
        const found = main.querySelectorAll(".errors, #log, #rendered");
        return [...found].map((one) => one.id || one.className);
      });
    await clicks(`/runs/${await ran("failed")}/tasks/only`, 0, async (page) => {
      expect(await page.locator("#rendered pre").innerText()).toBe(field.value);
      expect(await sections(page)).toEqual(["errors", "log", "rendered"]);
    });
    await clicks(`/runs/${await ran("success")}/tasks/only`, 0, async (page) => {
      expect(await sections(page)).toEqual(["rendered", "log"]);
    });
  });

  test("approve or answer: 2 clicks from any page", async () => {
    const asks = dag("asks");
    asks.ask("sign", { subject: "-", options: ["Approve", "Reject"] });
    await known(web.db, describeDag(asks));
    await askedRun(web.db, "asks");
    await clicks("/", 2, async (page, click) => {
      await click(page.getByRole("link", { name: /^Inbox/ }));
      await click(page.getByRole("button", { name: "Approve" }));
      await page.getByText("No task asks anything.").waitFor();
    });
  });

  test("a connection, a variable, a pool, a user and a token are made: 5 clicks at most from home", async () => {
    const made = async (
      first: string,
      second: Locator,
      page: Page,
      click: Click,
    ): Promise<void> => {
      await click(place(page, first));
      await click(second);
    };
    await clicks("/", 5, async (page, click) => {
      await made("Settings", page.getByRole("link", { name: "Connections" }), page, click);
      await click(page.getByRole("link", { name: "New connection" }));
      await click(page.locator("main tbody a[href$='type=http']"));
      await page.locator('[name="id"]').fill("shop_api");
      await page.locator('[name="p:host"]').fill("shop.example.com");
      await click(page.getByRole("button", { name: "Create connection" }));
      await page.getByRole("heading", { name: "Connection shop_api" }).waitFor();
    });
    await clicks("/", 3, async (page, click) => {
      await made("Settings", page.getByRole("link", { name: "Variables" }), page, click);
      await page.getByLabel("Key").fill("region");
      await page.getByLabel("New value").fill("eu");
      await click(page.getByRole("button", { name: "Save" }));
      await page.getByRole("rowheader", { name: "region" }).waitFor();
    });
    await clicks("/", 3, async (page, click) => {
      await made("Settings", page.getByText("New pool"), page, click);
      const form = page.locator("form[action='/pools']").last();
      await form.getByLabel("Name").fill("small");
      await form.getByLabel("Slots").fill("3");
      await click(form.getByRole("button"));
      await page.getByRole("rowheader", { name: "small" }).waitFor();
    });
    await clicks("/", 2, async (page, click) => {
      // The form is open while there is one user.
      await click(place(page, "Users"));
      const form = page.locator("form[action='/users']");
      await form.getByLabel("Name").fill("grace");
      await click(form.getByRole("button"));
      await page.getByRole("rowheader", { name: "grace" }).waitFor();
    });
    await clicks("/", 3, async (page, click) => {
      await click(page.getByTitle("Your sessions, tokens and password"));
      await click(page.getByText("New token"));
      const form = page.locator("form[action='/account/tokens']");
      await form.getByLabel("Name").fill("ci");
      await click(form.getByRole("button"));
      await page.getByText("Your new token. It is shown only now:").waitFor();
    });
  });
});

describe("a bulk action", () => {
  test("names what it refuses, and does the rest", async () => {
    const version = await web.rows.dag(dagSpec("ended"));
    const done = await web.rows.run("ended", version, { state: "success" });
    const failed = await web.rows.run("ended", version, { state: "failed" });
    await visit(`/bulk/runs?do=success&run=${done}&run=${failed}`, async (page) => {
      await page.getByText("It is success already.").waitFor();
      await page.getByRole("button", { name: "Mark as success (1 run)" }).click();
      await page.getByRole("heading", { name: "1 of 1 run marked as success" }).waitFor();
    });
  });

  test("is refused without the token of its form, and by a server that only reads", async () => {
    const body = new URLSearchParams({ do: "pause", dag: "of_no_tag" });
    const post = (url: string): Promise<Response> =>
      fetch(`${url}/bulk/dags`, { method: "POST", body });
    expect((await post(web.url)).status).toBe(403);
    const readOnly = await testWeb({ actions: undefined as never });
    expect((await post(readOnly.url)).status).toBe(403);
    expect(await (await fetch(readOnly.url)).text()).not.toContain('class="pick"');
    await readOnly.close();
  });

  test("names a run as its page does, by its date and what created it", async () => {
    const version = await web.rows.dag(dagSpec("named"));
    const run = await web.rows.run("named", version, { runId: "manual__raw" });
    const sheet = await (await fetch(`${web.url}/bulk/runs?do=cancel&run=${run}`)).text();
    expect(sheet).toMatch(
      /<a[^>]* title="manual__raw">named<\/a><p><time[^>]*>[^<]+<\/time>, manual<\/p>/,
    );
  });

  test("on a run that does not exist is not found", async () => {
    expect((await fetch(`${web.url}/bulk/runs?do=cancel&run=999999`)).status).toBe(404);
  });
});

describe("the list of runs", () => {
  const ids = async (query: string): Promise<number> => {
    const html = await (await fetch(`${web.url}/runs?${query}`)).text();
    return [...html.matchAll(/<th scope="row">/g)].length;
  };

  test("filters by DAG, state, type, version, tag, label and dates", async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    expect(await ids("dag=nightly")).toBe(12);
    expect(await ids("dag=nightly&type=manual&version=1&state=")).toBe(12);
    expect(await ids("dag=nightly&version=2")).toBe(0);
    expect(await ids("dag=nightly&type=backfill")).toBe(0);
    expect(await ids("tag=shop")).toBe(0);
    expect(await ids(`dag=nightly&from=${tomorrow}`)).toBe(0);
    expect(await ids("dag=nightly&from=2020-01-01&to=2020-01-02")).toBe(0);
    expect(await ids("label=a%3Db")).toBe(0);
  });

  test("says what is wrong with a filter, and keeps what was typed", async () => {
    const answer = await fetch(`${web.url}/runs?label=no-value&dag=nightly`);
    const html = await answer.text();
    expect(answer.status).toBe(400);
    expect(html).toContain("must be key=value");
    expect(html).toContain('value="no-value"');
  });
});
