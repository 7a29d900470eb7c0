import { gzipSync } from "node:zlib";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeLoginLink } from "../../../runtime/actions/index.ts";
import { pageScript } from "../../../runtime/web/http/assets.ts";
import { launchBrowser, packedLibraries, visitAt } from "../../support/browser.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
beforeAll(async () => {
  [web, browser] = await Promise.all([testWeb(), launchBrowser()]);
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

test("all script together is less than 60 KB, gzipped", async () => {
  const script = await pageScript();
  expect(script.length).toBeGreaterThan(1_000);
  expect(gzipSync(script).length).toBeLessThan(60_000);
});

test("the libraries that a bare machine lacks are unpacked from the browser's own package", async () => {
  const bare = await launchBrowserWith(await packedLibraries());
  expect(bare).toMatch(/^\d+\./);
});

async function launchBrowserWith(env: Record<string, string>): Promise<string> {
  const started = await launchBrowser(env);
  const version = started.version();
  await started.close();
  return version;
}

describe("live", () => {
  test("a run's page follows its tasks by itself, and keeps what somebody opened", async () => {
    const version = await web.rows.dag(
      dagSpec("followed", { tasks: [taskSpec("a"), taskSpec("b", { upstream: ["a"] })] }),
    );
    const run = await web.rows.run("followed", version, { state: "running" });
    await web.rows.instance(run, "a", { state: "running" });
    await visit(`/runs/${run}`, async (page) => {
      await page.locator("#tasks .state.running").waitFor();
      const cancel = page.locator("#run-head").getByRole("button", { name: "Cancel" });
      expect(await cancel.count()).toBe(1);
      await web.rows.sql(
        "update dagsmith.task_instance set state = 'success', finished_at = now() where run_id = $1",
        [run],
      );
      await web.rows.instance(run, "b", { state: "failed" });
      await page.locator("#tasks .state.failed").waitFor();
      await page.locator("#graph .node.failed").waitFor();
      await web.rows.sql(
        "update dagsmith.dag_run set state = 'failed', finished_at = now() where id = $1",
        [run],
      );
      await page.locator("#run-head .state.failed").waitFor();
      expect(await cancel.count()).toBe(0);
    });
  });

  test("an import error comes and goes on the list of DAGs", async () => {
    await visit("/", async (page) => {
      await web.rows.sql(
        "insert into dagsmith.import_error (file, line, code, message) values ('late.ts', 3, 'X', 'broken')",
      );
      await page.getByText("late.ts:3").click();
      await web.rows.dag(dagSpec("appears"));
      await page.getByRole("link", { name: "appears" }).waitFor();
      expect(await page.locator("#attention details").getAttribute("open")).not.toBeNull();
      await web.rows.sql("delete from dagsmith.import_error");
      await page.locator("#attention .errors").waitFor({ state: "detached" });
    });
  });

  test("a log follows the try that writes it, hides levels, finds text, and moves on to the next try", async () => {
    const version = await web.rows.dag(dagSpec("logged"));
    const run = await web.rows.run("logged", version, { state: "running" });
    const id = await web.rows.instance(run, "only", { state: "running" });
    await web.rows.log(id, 0, ["already there"]);
    await visit(`/runs/${run}/tasks/only`, async (page) => {
      await web.rows.log(id, 1, ["came later", "<img src=x onerror=alert(1)>"], 1, "error");
      const later = page.locator("#log li", { hasText: "came later" });
      await later.waitFor();
      await page.locator("#log li", { hasText: "<img src=x" }).waitFor();
      await page.getByLabel("error").uncheck();
      await later.waitFor({ state: "hidden" });
      await page.getByLabel("error").check();
      await page.getByLabel("Find in log").fill("LATER");
      await page.locator("#log li", { hasText: "already there" }).waitFor({ state: "hidden" });
      await later.waitFor();
      await web.rows.sql(
        "insert into dagsmith.task_try values ($1, 1, 'failed', 'w', now(), now(), 'x', null)",
        [id],
      );
      await web.rows.sql("update dagsmith.task_instance set try_number = 2 where id = $1", [id]);
      await page.locator("#log header", { hasText: "try 2" }).waitFor();
      await web.rows.log(id, 0, ["second try speaks"], 2);
      await page.locator("#log li", { hasText: "second try speaks" }).waitFor();
      await web.rows.sql(
        "update dagsmith.task_instance set state = 'success', finished_at = now() where id = $1",
        [id],
      );
      await page.locator(".log-state", { hasText: "complete" }).waitFor();
    });
  });
});

describe("what people do", () => {
  test("the switch pauses and resumes without leaving the page", async () => {
    await web.rows.dag(dagSpec("switched"));
    await visit("/dags/switched", async (page) => {
      await page.getByRole("button", { name: "active" }).click();
      await page.getByRole("button", { name: "paused" }).click();
      await page.getByRole("button", { name: "active" }).waitFor();
      expect(web.asked.map(({ verb }) => verb)).toEqual(["pauseDag", "unpauseDag"]);
    });
  });

  test.each([true, false])(
    "the form made from the params' schema triggers a run (with script: %s)",
    async (javaScriptEnabled) => {
      const properties = {
        org: { type: "string", default: "acme", description: "Which <organisation>" },
        count: { type: "integer", minimum: 1 },
        full: { type: "boolean", default: false },
        mode: { enum: ["append", "rebuild"] },
        list: { type: "array", items: { type: "string" } },
      };
      const version = await web.rows.dag(
        dagSpec("formed", { paramsSchema: { type: "object", properties, required: ["count"] } }),
      );
      await web.rows.run("formed", version);
      await visit(
        "/dags/formed/trigger",
        async (page) => {
          await page.getByLabel("count").fill("7");
          await page.getByLabel("full").selectOption("true");
          await page.getByLabel("mode").selectOption("rebuild");
          await page.locator("#param-list-value").check();
          await page.getByLabel("list", { exact: true }).fill("a");
          await page.getByLabel("Logical date").fill("2026-01-31");
          await page.getByRole("button", { name: "Trigger" }).click();
          await page.waitForURL("**/runs/1");
          expect(web.asked.at(-1)).toMatchObject({
            request: {
              dagId: "formed",
              params: { org: "acme", count: 7, full: true, mode: "rebuild", list: ["a"] },
              logicalDate: "2026-01-31",
            },
          });
        },
        { javaScriptEnabled },
      );
    },
  );

  test("without script everything can be read", async () => {
    const version = await web.rows.dag(dagSpec("plain"));
    const run = await web.rows.run("plain", version);
    await web.rows.log(await web.rows.instance(run, "only", { state: "success" }), 0, ["readable"]);
    await visit(
      "/",
      async (page) => {
        await page.getByRole("link", { name: "plain", exact: true }).click();
        await page.locator("table.grid td a.success").click();
        await page.getByText("readable").waitFor();
        await page.getByRole("link", { name: "plain", exact: true }).click();
        await page.getByRole("link", { name: "Graph" }).click();
        await page.locator("svg .node").waitFor();
      },
      { javaScriptEnabled: false },
    );
  });
});

test("the first admin is made by a link, logs out, logs in, goes on where they wanted, and adds a user", async () => {
  const guarded = await testWeb({ withoutLink: true });
  const version = await guarded.rows.dag(dagSpec("behind"));
  const code = await makeLoginLink(guarded.db, { name: null, actor: "test" });
  const password = "correct horse battery";
  await visitAt(browser, `${guarded.url}/welcome?code=${code}`, async (page) => {
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("New password").fill(password);
    await page.getByLabel("The same again").fill(password);
    await page.getByRole("button", { name: "Save and log in" }).click();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.waitForURL("**/login");
    await page.goto(`${guarded.url}/dags/behind`);
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL("**/dags/behind");
    await guarded.rows.run("behind", version);
    await page.locator("table.grid").waitFor();
    await page.getByRole("button", { name: "active" }).click();
    await page.getByRole("button", { name: "paused" }).waitFor();
    await page.getByRole("link", { name: "Users" }).click();
    const form = page.locator("form.sheet");
    await form.getByLabel("Name").fill("grace");
    await form.getByRole("combobox").selectOption("operator");
    await page.getByRole("button", { name: "Add user" }).click();
    await page.getByText("Send this link to the user").waitFor();
    await page.getByRole("link", { name: "ada", exact: true }).click();
    await page.getByText("New token").click();
    await page.getByLabel("Name").fill("ci");
    await page.getByRole("button", { name: "Create token" }).click();
    const token = await page.locator(".shown-once code").textContent();
    const headers = { Authorization: `Bearer ${token}` };
    expect((await fetch(`${guarded.url}/api/v1/dags`, { headers })).status).toBe(200);
    await page.goto(`${guarded.url}/account`);
    expect(await page.content()).not.toContain(token);
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByText("You have no token.").waitFor();
    expect((await fetch(`${guarded.url}/api/v1/dags`, { headers })).status).toBe(401);
  });
  await guarded.close();
});

test("script in ids, docs, tags, params, reasons, errors, outputs and logs stays text on every page", async () => {
  const evil = `"'></script></style><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>{{7*7}}javascript:alert(4)`;
  const spec = dagSpec("hostile", {
    description: evil,
    tags: [evil, "javascript:alert(5)"],
    timezone: evil,
    schedules: [
      {
        name: "",
        schedule: { type: "cron_data_interval", cron: evil, timezone: evil },
        params: {},
      },
    ],
    tasks: [
      taskSpec("only", { doc: evil, operator: evil, group: "held" }),
      taskSpec("each", { each: { items: [evil] } }),
    ],
    groups: [{ groupId: "held", parent: null, doc: evil }],
    paramsSchema: {
      type: "object",
      properties: {
        [evil]: { type: "string", default: evil, description: evil },
        e: { enum: [evil] },
      },
    },
  });
  const version = await web.rows.dag(spec, { file: evil, nextRunAfter: new Date("2030-01-01") });
  await web.rows.sql("update dagsmith.dag set schedule_error = $1 where dag_id = 'hostile'", [
    evil,
  ]);
  await web.rows.sql(
    "insert into dagsmith.import_error (file, line, code, message, stack) values ($1, 1, $1, $1, $1)",
    [evil],
  );
  const run = await web.rows.run("hostile", version, {
    state: "failed",
    runId: evil,
    params: { [evil]: evil },
    reason: evil,
  });
  const id = await web.rows.instance(run, "only", {
    state: "failed",
    reason: evil,
    error: { name: evil, message: evil, stack: evil },
  });
  await web.rows.instance(run, "each", { state: "failed", mapIndex: 0, item: evil, reason: evil });
  await web.rows.sql(
    "insert into dagsmith.task_counter (run_id, task_id, upstream_total, instances, released, own_failed) values ($1, 'each', 0, 1, 1, 1)",
    [run],
  );
  await web.rows.sql("insert into dagsmith.xcom values ($1, 'only', -1, $2, $3)", [
    run,
    evil,
    JSON.stringify(evil),
  ]);
  await web.rows.sql(
    `insert into dagsmith.callback (run_id, task_instance_id, try_number, event, state, reason, failure, finished_at)
     values ($1, $2, 1, 'onFailure', 'failed', $3, $3, now())`,
    [run, id, evil],
  );
  await web.rows.log(id, 0, [evil]);
  await web.rows.sql("insert into dagsmith.log_chunk values ($1, 1, 1, $2)", [
    id,
    `${evil}\n{"level":${JSON.stringify(evil)},"time":${JSON.stringify(evil)}}\n`,
  ]);
  const paths = [
    "/",
    "/dags/hostile",
    "/dags/hostile/graph",
    "/dags/hostile/runs",
    "/dags/hostile/trigger",
    `/runs/${run}`,
  ];
  for (const path of [
    ...paths,
    `/runs/${run}/tasks/only`,
    `/runs/${run}/tasks/each`,
    `/runs/${run}/tasks/each/0`,
    `/?tag=${encodeURIComponent(evil)}`,
  ]) {
    await visit(path, async (page) => {
      expect(await page.locator("main").innerText()).toContain("<script>alert(1)</script>");
      expect(
        await page
          .locator("body script, [onerror], [onload], a[href^='javascript:'], main img")
          .count(),
      ).toBe(0);
    });
  }
  await web.rows.sql("delete from dagsmith.import_error");
});

test.each(["light", "dark"] as const)(
  "text on its ground has a contrast of 4.5 or more (%s)",
  async (colorScheme) => {
    const spec = dagSpec("seen", {
      tasks: [taskSpec("only", { group: "held" })],
      groups: [{ groupId: "held", parent: null, doc: "why" }],
    });
    const version = await web.rows.dag(spec);
    const run = await web.rows.run("seen", version, { state: "failed" });
    await web.rows.log(
      await web.rows.instance(run, "only", { state: "failed" }),
      0,
      ["x"],
      1,
      "error",
    );
    await web.rows.sql(
      "insert into dagsmith.callback (run_id, event, state, failure, finished_at) values ($1, 'onFailure', 'failed', 'why', now())",
      [run],
    );
    const pages = [
      "/",
      "/dags/seen",
      "/dags/seen/graph",
      "/dags/seen?folded=held",
      `/runs/${run}#group-held`,
    ];
    for (const path of [...pages, `/runs/${run}/tasks/only`, "/dags/seen/trigger"])
      await visit(path, async (page) => expect(await page.evaluate(lowContrast)).toEqual([]), {
        colorScheme,
      });
  },
);

/**
 * Runs in the browser: texts whose contrast with the ground behind them is below 4.5
 * (WCAG 2.2, 1.4.3).
 */
function lowContrast(): string[] {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  const rgba = (colour: string): number[] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const ground = (element: Element | null): number[] => {
    if (!element) return [255, 255, 255, 255];
    const [r = 0, g = 0, b = 0, a = 0] = rgba(getComputedStyle(element).backgroundColor);
    if (a === 255) return [r, g, b, 255];
    const below = ground(element.parentElement);
    return [r, g, b].map((value, index) => (value * a + below[index]! * (255 - a)) / 255);
  };
  const luminance = (colour: number[]): number => {
    const [r = 0, g = 0, b = 0] = colour.map((value) =>
      value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found: string[] = [];
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === 3)
      .map((node) => node.textContent?.trim())
      .join("");
    if (text === "" || element.closest("option, .hidden, [hidden]")) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(element).color)), luminance(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5)
      found.push(
        `${element.tagName}.${element.className} "${text.slice(0, 20)}" ${contrast.toFixed(2)}`,
      );
  }
  return [...new Set(found)];
}
