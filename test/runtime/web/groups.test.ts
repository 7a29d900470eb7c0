/** Groups on the pages: the graph, the grid, and the lists of tasks. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrateQueue } from "../../../runtime/executor/queue.ts";
import { LAYOUT_FORMAT } from "../../../runtime/web/graph/graph_layout.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { GroupSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  beginInPostgres,
  type Driver,
  endOf,
  failed,
  runnable,
  success,
} from "../../support/engine_driver.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb();
});
afterAll(() => web.close());

async function page(path: string): Promise<string> {
  const answer = await fetch(web.url + path);
  expect(`${path} ${answer.status}`).toBe(`${path} 200`);
  return answer.text();
}

const group = (groupId: string, parent: string | null = null): GroupSpec => ({
  groupId,
  parent,
  doc: null,
});
const GROUPS = [group("outer"), group("outer.inner", "outer")];
const TASKS = [
  taskSpec("start"),
  taskSpec("outer.a", { group: "outer", upstream: ["start"] }),
  taskSpec("outer.inner.b", { group: "outer.inner", upstream: ["start"] }),
  taskSpec("end", { upstream: ["outer.a", "outer.inner.b"] }),
];
const grouped = (dagId: string) => dagSpec(dagId, { tasks: TASKS, groups: GROUPS });

const text = (html: string): string => html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");

/** The row of a group in a list or the grid. */
const rowOf = (html: string, groupId: string): string =>
  html.split(new RegExp(`<tr id="group-${groupId}"[^>]*>`))[1]!.split("</tr>")[0]!;

describe("the graph", () => {
  test("of a run shows the state of each group on its box, and its tasks without its prefix, in the order of the keyboard", async () => {
    const version = await web.rows.dag(grouped("boxed"));
    const run = await web.rows.run("boxed", version, { state: "running" });
    await web.rows.instance(run, "start", { state: "success" });
    await web.rows.instance(run, "outer.a", { state: "failed" });
    await web.rows.instance(run, "outer.inner.b", { state: "running" });
    const svg = (await page(`/runs/${run}`)).split('aria-label="Graph"')[1]!.split("</svg>")[0]!;
    expect([...svg.matchAll(/<g class="frame (\w+)"/g)].map(([, state]) => state)).toEqual([
      "failed",
      "running",
    ]);
    expect([...svg.matchAll(/<title>([^<]*)/g)].map(([, title]) => title)).toEqual([
      "start: success",
      "outer: failed",
      "outer.a: failed",
      "outer.inner: running",
      "outer.inner.b: running",
      "end: not yet",
    ]);
    expect([...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual([
      "start",
      "outer",
      "a",
      "inner",
      "b",
      "end",
    ]);
    expect(svg).toContain('<a href="#group-outer.inner">');
    expect(svg).toContain(`<a href="/runs/${run}/tasks/outer.inner.b">`);
    expect(svg.match(/class="edge/g)).toHaveLength(2);
  });

  test("that an older dagsmith kept is laid out anew, and one of a newer is skipped", async () => {
    const version = await web.rows.dag(grouped("kept"));
    const keep = (layout: unknown) =>
      web.rows.sql("update dagsmith.dag_version set layout = $2 where id = $1", [
        version,
        JSON.stringify(layout),
      ]);
    const kept = async () =>
      (await web.rows.sql("select layout from dagsmith.dag_version where id = $1", [version]))[0]
        ?.layout;
    await keep({ width: 10, height: 10, nodes: [], edges: [] });
    expect(await page("/dags/kept/graph")).toContain('class="frame');
    expect(await kept()).toMatchObject({
      format: LAYOUT_FORMAT,
      boxes: [{ id: "outer" }, { id: "outer.inner" }],
    });
    const newer = { format: LAYOUT_FORMAT + 1, shape: "unknown" };
    await keep(newer);
    expect(await page("/dags/kept/graph")).toContain('class="frame');
    expect(await kept()).toEqual(newer);
  });

  test("shows a group that runs as one in the state of its task, whatever its tasks say, and leads to it", async () => {
    const tasks = [
      taskSpec("list"),
      taskSpec("shop", {
        operator: "group",
        kind: { type: "group" },
        each: { taskId: "list" },
        upstream: ["list"],
      }),
      taskSpec("shop.load", { group: "shop", parentGroup: "shop" }),
    ];
    const version = await web.rows.dag(dagSpec("as_one", { tasks, groups: [group("shop")] }));
    const run = await web.rows.run("as_one", version, { state: "running" });
    await web.rows.instance(run, "shop.load", { state: "failed" });
    await web.rows.instance(run, "shop", { state: "up_for_retry" });
    const html = await page(`/runs/${run}`);
    expect(html).toMatch(/<g class="frame up_for_retry"><path class="behind"/);
    expect(html).toContain("<title>shop: up for retry</title>");
    expect(html).toMatch(
      new RegExp(`<a href="/runs/${run}/tasks/shop"><g class="node label up_for_retry"`),
    );
    expect(rowOf(html, "shop")).toContain(`<a href="/runs/${run}/tasks/shop">shop</a>`);
    expect(rowOf(html, "shop")).toContain("up for retry");
    expect(rowOf(await page("/dags/as_one"), "shop")).toContain(
      '<a class="up_for_retry" href="/t/',
    );
    expect(rowOf(await page("/dags/as_one/graph"), "shop")).toContain("<code>group</code>");
  });
});

describe("a mapped group, as the engine leaves it", () => {
  const work = async (): Promise<null> => null;
  let run: number;
  let driver: Driver;
  beforeAll(async () => {
    await migrateQueue(web.db);
    const d = dag("shops");
    const list = d.task("list", async (): Promise<string[]> => []);
    const shop = d.group("shop", { each: list, retries: 1, retryDelay: "1h" }, (g) => {
      chain(
        g.task("extract", work),
        g.group("checks", (h) => h.task("count", work)),
        g.task("load", work),
      );
    });
    chain(shop, d.task("report", work));
    driver = await beginInPostgres(web)(describeDag(d));
    run = Number(
      (await web.rows.sql("select id from dagsmith.dag_run where dag_id = 'shops'"))[0]!.id,
    );
    await end("list", -1, success(["berlin", "london", "paris"]));
    await end("shop.extract", 0);
  });

  async function end(taskId: string, mapIndex: number, outcome = success()): Promise<void> {
    const one = runnable(await driver.look()).find(
      (instance) => instance.taskId === taskId && instance.mapIndex === mapIndex,
    )!;
    await driver.take(one);
    await driver.complete([endOf(one, outcome)]);
  }

  const shown = (svg: string): string[] =>
    [...svg.matchAll(/<title>([^<]*)/g)].map(([, title]) => title!);

  test("is a box of its own state with its tasks in theirs, all of them mapped", async () => {
    const html = await page(`/runs/${run}`);
    const svg = html.split('aria-label="Graph"')[1]!.split("</svg>")[0]!;
    expect(shown(svg)).toEqual([
      "list: success",
      "shop: running",
      "shop.extract: running",
      "shop.checks: running",
      "shop.checks.count: running",
      "shop.load: not yet",
      "report: not yet",
    ]);
    expect(svg.match(/class="behind"/g)).toHaveLength(4);
    expect(svg.match(/class="edge/g)).toHaveLength(4);
    expect(text(rowOf(html, "shop"))).toContain("0 of 3 succeeded, 3 to go");
    expect(text(html.split(">load</a>")[1]!.split("</tr>")[0]!)).toContain(
      "waits for shop.checks.count (running)",
    );
    const grid = await page("/dags/shops");
    expect(rowOf(grid, "shop")).toContain(`<a class="running" href="/runs/${run}/tasks/shop"`);
    expect(grid).toMatch(
      /title="shop.load">load<span class="faint"> \[ \]<\/span><\/th><td><\/td>/,
    );
  });

  test("has a page for the whole, with its elements, and one for each element, with its tasks", async () => {
    const whole = await page(`/runs/${run}/tasks/shop`);
    expect(text(whole.split('id="members"')[1]!)).toMatch(
      /extract running .* checks.count running .* load not yet/,
    );
    expect([...whole.matchAll(/\/tasks\/shop\/(\d)"/g)].map(([, index]) => index)).toEqual([
      "0",
      "1",
      "2",
    ]);
    const first = await page(`/runs/${run}/tasks/shop/0`);
    const rows = first
      .split('id="members"')[1]!
      .split("</section>")[0]!
      .split("<tr data-key")
      .slice(1)
      .map((row) => row.slice(row.indexOf(">") + 1))
      .map(text);
    expect(rows.map((row) => row.trim().split(" ").slice(0, 2).join(" "))).toEqual([
      "extract success",
      "checks.count queued",
      "load not",
    ]);
    expect(first).toContain(`<a href="/runs/${run}/tasks/shop.extract/0">extract</a>`);
    expect(first).toContain(`<a href="/runs/${run}/tasks/shop.load">load</a>`);
    expect(first).not.toContain('id="log"');
    await end("shop.extract", 1, failed());
    const second = await page(`/runs/${run}/tasks/shop/1`);
    expect(second).toContain("up for retry");
    expect(text(second)).toContain("tries again at");
  });
});

describe("the inputs of a task in a group", () => {
  const make = async (): Promise<string> => "";
  /** What the page shows that `to` gets from `from`, which has these outputs by map index. */
  async function inputOf(
    d: ReturnType<typeof dag>,
    [from, to, mapIndex]: readonly [from: string, to: string, mapIndex: number],
    outputs: Readonly<Record<number, string>>,
  ): Promise<string> {
    const version = await web.rows.dag(describeDag(d));
    const run = await web.rows.run(d.dagId, version, { state: "running" });
    await web.rows.instance(run, to, { state: "success", mapIndex });
    for (const [at, value] of Object.entries(outputs))
      await web.rows.sql(
        `insert into dagsmith.xcom (run_id, task_id, map_index, key, value)
         values ($1, $2, $3, 'return_value', $4)`,
        [run, from, at, JSON.stringify(value)],
      );
    return text((await page(`/runs/${run}/tasks/${to}/${mapIndex}`)).split("Inputs")[1]!);
  }

  test("are those of its element, also in a group within the mapped group", async () => {
    const d = dag("nested_inputs");
    d.group("g", { each: ["a", "b"] }, (g) => {
      const from = g.task("from", make);
      g.group("inner", { retries: 1 }, (h) => void h.task("to", { inputs: { from } }, make));
    });
    const values = { 0: "first", 1: "second" };
    expect(await inputOf(d, ["g.from", "g.inner.to", 1], values)).toContain(
      "8 bytes &quot;second&quot;",
    );
  });

  test("are those of the whole task when the group has one element", async () => {
    const d = dag("plain_inputs");
    d.group("g", { retries: 1 }, (g) => {
      const from = g.task("from", make);
      g.task("to", { inputs: { from }, each: ["a", "b", "c"] }, make);
    });
    expect(await inputOf(d, ["g.from", "g.to", 2], { [-1]: "one" })).toContain(
      "5 bytes &quot;one&quot;",
    );
  });
});

test("a task of a group that has not begun waits for the group, and one between two tries says when it goes on", async () => {
  const work = async (): Promise<null> => null;
  const d = dag("alone");
  const group = d.group("g", { retries: 1, retryDelay: "1h" }, (g) => void g.task("a", work));
  chain(d.task("start", work), group);
  const driver = await beginInPostgres(web)(describeDag(d));
  const run = Number(
    (await web.rows.sql("select id from dagsmith.dag_run where dag_id = 'alone'"))[0]!.id,
  );
  const of = (html: string, taskId: string): string =>
    text(html.split(`/tasks/${taskId}">${taskId.split(".").at(-1)}`)[1]!.split("</tr>")[0]!);
  expect(of(await page(`/runs/${run}`), "g.a")).toContain("waits for its group g (not yet)");
  for (const outcome of [success(), failed()]) {
    const [one] = runnable(await driver.look());
    await driver.take(one!);
    await driver.complete([endOf(one!, outcome)]);
  }
  expect(of(await page(`/runs/${run}`), "g")).toMatch(
    /up for retry.* tries again at [\d:]+ UTC: one of its last tasks failed/,
  );
});

describe("the grid", () => {
  test("gathers each group's tasks run by run, above their rows", async () => {
    const version = await web.rows.dag(grouped("gathered"));
    const runs: number[] = [];
    for (const states of [["success", "success"], ["success", "failed"], ["running"], []]) {
      const run = await web.rows.run("gathered", version);
      for (const [index, state] of states.entries())
        await web.rows.instance(run, ["outer.a", "outer.inner.b"][index]!, { state });
      runs.push(run);
    }
    const html = await page("/dags/gathered");
    const cells = (groupId: string): string[] =>
      rowOf(html, groupId)
        .split("<td>")
        .slice(1)
        .map(
          (cell) =>
            /class="(\w+)" href="([^"]+)" title="([^"]+)"/.exec(cell)?.slice(1).join(" ") ?? "",
        );
    expect(cells("outer")).toEqual([
      `success /runs/${runs[0]}#group-outer success, 2 of 2 succeeded`,
      `failed /runs/${runs[1]}#group-outer failed, 1 of 2 succeeded`,
      `running /runs/${runs[2]}#group-outer running, 0 of 2 succeeded`,
      "",
    ]);
    expect(cells("outer.inner").map((cell) => cell.split(" ")[0])).toEqual([
      "success",
      "failed",
      "",
      "",
    ]);
    expect(html).toContain('<th scope="row" class="in2" title="outer.inner.b">b</th>');
  });

  test("judges a run by the tasks of its own version, and keeps groups that only older versions have", async () => {
    const before = await web.rows.dag(
      dagSpec("changed", {
        tasks: [taskSpec("g.a", { group: "g" }), taskSpec("old.x", { group: "old" })],
        groups: [group("g"), group("old")],
      }),
    );
    const run = await web.rows.run("changed", before);
    await web.rows.instance(run, "g.a", { state: "success" });
    await web.rows.instance(run, "old.x", { state: "success" });
    await web.rows.dag(
      dagSpec("changed", {
        tasks: [taskSpec("g.a", { group: "g" }), taskSpec("g.b", { group: "g" }), taskSpec("old")],
        groups: [group("g")],
      }),
    );
    const html = await page("/dags/changed");
    expect(rowOf(html, "g")).toContain('title="success, 1 of 1 succeeded"');
    expect(html).not.toContain('id="group-old"');
    expect(html).toContain(
      '<th scope="row" class="gone" title="not in the newest version">old.x</th>',
    );
  });

  test("leaves the tasks of folded groups out, and keeps what is folded on the way to older runs", async () => {
    const version = await web.rows.dag(grouped("folds"));
    for (let run = 0; run < 3; run++) await web.rows.run("folds", version);
    const open = await page("/dags/folds?runs=2");
    expect(open).toContain(
      '<a class="fold" href="/dags/folds?runs=2&amp;folded=outer.inner#group-outer.inner" aria-expanded="true"',
    );
    expect(open).toContain('href="/dags/folds?runs=2&amp;folded=outer" data-fold');
    const html = await page("/dags/folds?runs=2&folded=outer.inner,gone");
    expect(html).not.toContain('title="outer.inner.b"');
    expect(html).toContain('title="outer.a"');
    expect(html).toContain(
      '<a class="fold" href="/dags/folds?runs=2&amp;folded=gone#group-outer.inner" aria-expanded="false"',
    );
    const older = /href="([^"]+)">Older runs/.exec(html)![1]!.replaceAll("&amp;", "&");
    expect(older).toMatch(/^\/dags\/folds\?before=\d+&runs=2&folded=outer\.inner,gone$/);
    expect(await page(older)).not.toContain('title="outer.inner.b"');
  });

  test.each(["<script>", "a b", "a%00", `${"x".repeat(4_001)}`])(
    "groups to fold named %j are refused",
    async (folded) => {
      await web.rows.dag(grouped("refuses"));
      for (const path of ["/dags/refuses", "/dags/refuses/graph"])
        expect(
          (
            await fetch(
              `${web.url}${path}?folded=${folded.includes("%") ? folded : encodeURIComponent(folded)}`,
            )
          ).status,
        ).toBe(400);
    },
  );
});

describe("the list of tasks", () => {
  test("of a run takes a group's tasks together: state, how many succeeded, from first start to last end", async () => {
    const version = await web.rows.dag(grouped("listed"));
    const run = await web.rows.run("listed", version, {
      state: "running",
      startedAt: new Date("2026-01-01T00:00:00Z"),
    });
    await web.rows.instance(run, "outer.a", {
      state: "success",
      startedAt: new Date("2026-01-01T00:00:10Z"),
      tookMs: 5_000,
    });
    await web.rows.instance(run, "outer.inner.b", {
      state: "failed",
      startedAt: new Date("2026-01-01T00:00:20Z"),
      tookMs: 60_000,
    });
    const row = rowOf(await page(`/runs/${run}`), "outer");
    expect(row).toContain("failed");
    expect(row).toContain("<p>1 of 2 succeeded</p>");
    expect(row).toContain("<span>1 min 10 s</span>");
    const folded = await page(`/runs/${run}?folded=outer`);
    expect(folded.split('<section id="tasks"')[1]).not.toContain("/tasks/outer.a");
    expect(folded).toContain('class="node failed"');
  });

  test("of a DAG says what a group is for, and how large it is", async () => {
    await web.rows.dag(
      dagSpec("told", {
        tasks: TASKS,
        groups: [{ ...GROUPS[0]!, doc: "What comes <first>" }, GROUPS[1]!],
      }),
    );
    const html = await page("/dags/told/graph");
    expect(rowOf(html, "outer")).toContain("What comes &lt;first>");
    expect(rowOf(html, "outer")).toContain("2 tasks");
    expect(html).toContain(
      '<tr id="task-outer.inner.b"><th scope="row" class="in2" title="outer.inner.b">b',
    );
    expect(await page("/dags/told/graph?folded=outer")).not.toContain('id="task-outer.inner.b"');
  });
});
