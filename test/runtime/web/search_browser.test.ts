/** The search, the palette and the keys, in a browser. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
let run: number;
beforeAll(async () => {
  [web, browser] = await Promise.all([
    testWeb({ mask: (text) => text.replaceAll("s3cret", "***") }),
    launchBrowser(),
  ]);
  const tasks = [taskSpec("extract"), taskSpec("load_orders", { upstream: ["extract"] })];
  const version = await web.rows.dag(dagSpec("orders", { tasks, description: "<b> of s3cret" }));
  await web.rows.dag(dagSpec("old_orders"));
  run = await web.rows.run("orders", version, { runId: "manual__one" });
  for (const task of tasks) await web.rows.instance(run, task.taskId, { state: "success" });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

const visit = (path: string, use: (page: Page) => Promise<void>, script = true): Promise<void> =>
  visitAt(browser, web.url + path, use, { javaScriptEnabled: script });

async function foundBy(word: string): Promise<string[]> {
  const html = await (await fetch(`${web.url}/search?q=${encodeURIComponent(word)}`)).text();
  const list = html.slice(html.indexOf('id="found"'));
  return [...list.matchAll(/<span class="kind">(.*?)<\/span><b>(.*?)<\/b>/g)].map(
    ([, kind, name]) => `${kind} ${name}`,
  );
}

describe("the search", () => {
  test("finds nothing for what is only a pattern of SQL or markup", async () => {
    expect(await foundBy("%")).toEqual([]);
    expect(await foundBy("<script>")).toEqual([]);
    expect(await foundBy("o_d")).toEqual([]);
  });

  test("finds DAGs, their actions, tasks and places, the closest name first", async () => {
    expect(await foundBy("ORDERS")).toEqual([
      ...["DAG orders", "DAG old_orders", "Action Trigger orders", "Action Trigger old_orders"],
      "Task load_orders",
    ]);
    expect(await foundBy("failed")).toEqual(["Go to Failed runs"]);
  });

  test("finds a run by its id, its number and its DAG with its id", async () => {
    for (const name of ["manual__one", String(run), "orders/manual__one"])
      expect(await foundBy(name)).toContain("Run orders");
  });

  test("masks and escapes what it shows", async () => {
    const html = await (await fetch(`${web.url}/search?q=orders`)).text();
    expect(html).toContain("&lt;b> of ***");
  });

  test("works without a script, from the bar of any page", async () => {
    await visit(
      "/pools",
      async (page) => {
        await page.getByLabel("Search", { exact: true }).fill("load_orders");
        await page.keyboard.press("Enter");
        await page.getByRole("link", { name: "load_orders" }).click();
        expect(page.url()).toContain("/dags/orders/graph#task-load_orders");
      },
      false,
    );
  });
});

describe("keys", () => {
  test.each(["/", "Control+k"])("%s opens the palette; arrows choose, Enter opens", async (key) => {
    await visit("/", async (page) => {
      await page.locator("body[data-script]").waitFor();
      await page.keyboard.press(key);
      const palette = page.getByRole("dialog", { name: "Search" });
      await palette.getByLabel("Search").pressSequentially("orders");
      await palette.locator("li", { hasText: "load_orders" }).waitFor();
      await page.keyboard.press("ArrowDown");
      expect(await palette.locator("[aria-selected=true] b").textContent()).toBe("old_orders");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await page.waitForURL(`${web.url}/dags/orders`);
    });
  });

  test("Escape closes the palette, and the page is where it was", async () => {
    await visit("/pools", async (page) => {
      await page.locator("body[data-script]").waitFor();
      await page.keyboard.press("/");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      expect(page.url()).toBe(`${web.url}/pools`);
    });
  });

  test("? lists the keys, and letters typed into a box are text", async () => {
    await visit("/", async (page) => {
      await page.locator("body[data-script]").waitFor();
      await page.getByLabel("Find a DAG").pressSequentially("j/?x");
      expect(await page.getByLabel("Find a DAG").inputValue()).toBe("j/?x");
      expect(await page.getByRole("dialog").count()).toBe(0);
      await page.getByLabel("Find a DAG").blur();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
    });
  });

  test("j and k walk through a list, x selects, Enter opens", async () => {
    await visit("/", async (page) => {
      await page.locator("body[data-script]").waitFor();
      for (const key of ["j", "j", "k", "j", "x"]) await page.keyboard.press(key);
      expect(await page.locator("[data-picked]").textContent()).toBe("1 selected");
      await page.keyboard.press("Enter");
      await page.waitForURL(`${web.url}/dags/orders`);
    });
  });

  test("arrows move through the grid", async () => {
    await visit("/dags/orders", async (page) => {
      await page.locator("body[data-script]").waitFor();
      const cells = page.locator(".grid td a");
      await cells.first().focus();
      await page.keyboard.press("ArrowDown");
      expect(await cells.nth(1).evaluate((cell) => cell === document.activeElement)).toBe(true);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowUp");
      expect(await cells.first().evaluate((cell) => cell === document.activeElement)).toBe(true);
    });
  });
});
