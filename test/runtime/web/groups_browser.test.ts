/**
 * Groups as a browser shows them: where the boxes lie, how they are folded, and in which
 * order the keyboard visits them.
 */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { launchBrowser, visitAt } from "../../support/browser.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let browser: Browser;
let run: number;
beforeAll(async () => {
  [web, browser] = await Promise.all([testWeb(), launchBrowser()]);
  const spec = describeDag(pipeline());
  const version = await web.rows.dag(spec);
  run = await web.rows.run("pipeline", version, { state: "running" });
  for (const { taskId } of spec.tasks.slice(0, 6))
    await web.rows.instance(run, taskId, { state: "success" });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await web?.close();
});

/**
 * Groups side by side and within one another, long names, edges to groups and past them.
 */
function pipeline() {
  const d = dag("pipeline");
  const start = d.empty("start");
  const extract = d.group("extract_from_every_shop_there_is_in_the_world", (g) => {
    for (const shop of ["berlin", "new_york"])
      g.group(shop, (h) => chain(h.empty("orders"), h.empty("dedupe")));
    return { rates: g.empty("rates") };
  });
  const load = d.group("load", (g) => {
    const stage = g.empty("stage");
    chain(stage, g.empty("merge"));
    return { stage };
  });
  const report = d.empty("report");
  chain(start, extract, load, report);
  chain(extract.result.rates, report);
  chain(load.result.stage, report);
  d.group("a_group_with_a_name_longer_than_its_task", (g) => chain(report, g.empty("x")));
  return d;
}

const visit = (
  path: string,
  use: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> => visitAt(browser, web.url + path, use, options);

interface Shown {
  readonly name: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Runs in the browser: where boxes, nodes and the texts on them are on the screen. */
function shown(): { boxes: Shown[]; nodes: Shown[]; texts: Shown[] } {
  const all = (
    selector: string,
    nameOf: (element: Element) => Element | null | undefined,
  ): Shown[] =>
    [...document.querySelectorAll(selector)].map((element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      return {
        name: nameOf(element)?.querySelector("title")?.textContent?.split(":")[0] ?? "",
        left,
        right,
        top,
        bottom,
      };
    });
  const labels = [...document.querySelectorAll(".node.label")];
  const frames = [...document.querySelectorAll(".frame > rect:last-child")];
  return {
    boxes: all(".frame > rect:last-child", (element) => labels[frames.indexOf(element)]),
    nodes: all(".node:not(.label) .box", (element) => element.closest(".node")),
    texts: all(".node text", (element) => element.closest(".node")),
  };
}

const holds = (outer: Shown, inner: Shown): boolean =>
  inner.left > outer.left &&
  inner.right < outer.right &&
  inner.top > outer.top &&
  inner.bottom < outer.bottom;
const meet = (one: Shown, other: Shown): boolean =>
  one.left < other.right &&
  other.left < one.right &&
  one.top < other.bottom &&
  other.top < one.bottom;

describe.each([
  { width: 1280, height: 900 },
  { width: 420, height: 800 },
])("on a screen $width wide", (viewport) => {
  test("boxes hold their tasks and nothing else, and every name lies in its box", async () => {
    await visit(
      `/runs/${run}`,
      async (page) => {
        const { boxes, nodes, texts } = await page.evaluate(shown);
        expect([boxes.length, nodes.length]).toEqual([5, 10]);
        for (const box of boxes) {
          for (const other of [...boxes, ...nodes]) {
            if (other === box) continue;
            const isInside = other.name.startsWith(`${box.name}.`);
            const isAround = box.name.startsWith(`${other.name}.`);
            expect(`${other.name} in ${box.name}: ${holds(box, other)}`).toBe(
              `${other.name} in ${box.name}: ${isInside}`,
            );
            if (!isInside && !isAround)
              expect(`${other.name} meets ${box.name}: ${meet(box, other)}`).toBe(
                `${other.name} meets ${box.name}: false`,
              );
          }
        }
        for (const text of texts) {
          const place = [...boxes, ...nodes].find(({ name }) => name === text.name)!;
          expect(`${text.name}: ${holds(place, text)}`).toBe(`${text.name}: true`);
        }
      },
      { viewport },
    );
  });

  test("the page itself does not scroll sideways", async () => {
    for (const path of [`/runs/${run}`, "/dags/pipeline", "/dags/pipeline/graph"])
      await visit(
        path,
        async (page) => {
          const [width, inner] = await page.evaluate(
            () => [document.documentElement.scrollWidth, innerWidth] as const,
          );
          expect(`${path} ${width <= inner}`).toBe(`${path} true`);
        },
        { viewport },
      );
  });
});

test("the keyboard visits the graph in the order of the tasks, each group before what is in it", async () => {
  await visit(`/runs/${run}`, async (page) => {
    const links = await page.locator("svg a").count();
    await page.locator("svg a").first().focus();
    const visited: string[] = [];
    for (let link = 0; link < links; link++) {
      visited.push(
        await page.evaluate(
          () => document.activeElement?.querySelector("title")?.textContent?.split(":")[0] ?? "",
        ),
      );
      await page.keyboard.press("Tab");
    }
    const rows = await page.evaluate(() =>
      [...document.querySelectorAll("#tasks tbody th")].map(
        (th) => th.getAttribute("title") ?? th.textContent,
      ),
    );
    expect(visited).toEqual(rows);
  });
});

test("a group is folded without leaving the page, and stays so while the page goes on", async () => {
  for (const path of [`/runs/${run}`, "/dags/pipeline", "/dags/pipeline/graph"])
    await visit(path, async (page) => {
      await page.evaluate(() => Object.assign(window, { sameDocument: true }));
      const load = page.locator("tbody a.fold", { hasText: "load" });
      const inside = page.locator("th[title='load.stage']");
      await inside.waitFor();
      await load.click();
      await inside.waitFor({ state: "detached" });
      expect(new URL(page.url()).searchParams.get("folded")).toBe("load");
      expect(await load.getAttribute("aria-expanded")).toBe("false");
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("load");
      await page.getByRole("link", { name: "unfold all" }).click();
      await inside.waitFor();
      await page.getByRole("link", { name: "fold groups" }).click();
      await inside.waitFor({ state: "detached" });
      expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
      await page.reload();
      expect(await inside.count()).toBe(0);
    });
});

test("without script a link folds it", async () => {
  await visit(
    "/dags/pipeline",
    async (page) => {
      await page.locator("a.fold", { hasText: "load" }).click();
      await page.locator("a.fold[aria-expanded='false']").waitFor();
      expect(await page.locator("th[title='load.stage']").count()).toBe(0);
      await page.locator("a.fold", { hasText: "load" }).click();
      await page.locator("th[title='load.stage']").waitFor();
    },
    { javaScriptEnabled: false },
  );
});

describe("the tools of a graph", () => {
  const drawing = (page: Page) => page.locator(".graph > svg");
  const widthOf = async (page: Page): Promise<number> => (await drawing(page).boundingBox())!.width;

  test("make it larger and smaller, fit it, and keep its size when the run changes", async () => {
    await visit(`/runs/${run}`, async (page) => {
      await page.getByRole("button", { name: "1:1" }).click();
      const own = await widthOf(page);
      await page.getByRole("button", { name: "+", exact: true }).click();
      expect(await widthOf(page)).toBeCloseTo(own * 1.25, 0);
      await page.locator(".graph a").first().focus();
      await page.keyboard.press("-");
      await page.keyboard.press("-");
      expect(await widthOf(page)).toBeCloseTo(own / 1.25, 0);
      await page.keyboard.press("0");
      const [frame, all] = [
        await page.locator(".graph").boundingBox(),
        await drawing(page).boundingBox(),
      ];
      expect(all!.width).toBeLessThanOrEqual(frame!.width);
      expect(all!.height).toBeLessThanOrEqual(frame!.height);
      await web.rows.instance(run, "report", { state: "failed" });
      await page.locator(".graph .node.failed").waitFor();
      expect(await widthOf(page)).toBeCloseTo(all!.width, 0);
    });
  });

  test("find a task by a part of its name, and go from one to the next", async () => {
    await visit("/dags/pipeline/graph", async (page) => {
      const find = page.getByLabel("Find in the graph");
      await find.fill("DEDUPE");
      await page.getByText("2 found").waitFor();
      expect(await page.locator(".graph a[data-found] title").allTextContents()).toEqual([
        "extract_from_every_shop_there_is_in_the_world.berlin.dedupe",
        "extract_from_every_shop_there_is_in_the_world.new_york.dedupe",
      ]);
      await find.press("Enter");
      await find.press("Enter");
      expect(await page.locator(".graph a[data-shown] title").textContent()).toContain("new_york");
      await find.fill("");
      await page.locator(".graph [data-found]").first().waitFor({ state: "detached" });
    });
  });

  test("are not shown without a script: the drawing is read as it is", async () => {
    await visit(
      "/dags/pipeline/graph",
      async (page) => {
        await drawing(page).waitFor();
        await page.locator(".graph-tools").waitFor({ state: "hidden" });
      },
      { javaScriptEnabled: false },
    );
  });
});
