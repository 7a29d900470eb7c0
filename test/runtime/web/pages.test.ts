import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({
    mask: (text) => text.replaceAll("s3cret", "***"),
    notice: "sandbox: nothing here is real",
  });
});
afterAll(() => web.close());

async function page(path: string): Promise<string> {
  const answer = await fetch(web.url + path);
  expect(`${path} ${answer.status}`).toBe(`${path} 200`);
  return answer.text();
}

describe("the list of DAGs", () => {
  test("an empty deployment says how to deploy", async () => {
    const empty = await testWeb();
    expect(await (await fetch(empty.url)).text()).toContain("No DAGs are deployed yet");
    await empty.close();
  });

  test("shows a DAG with its schedule, last runs and next run, import errors on top, and the notice", async () => {
    const cron = {
      type: "cron_data_interval",
      cron: "0 0 * * *",
      timezone: "Europe/Berlin",
    } as const;
    const version = await web.rows.dag(
      dagSpec("listed", {
        schedules: [{ name: "", schedule: cron, params: {} }],
        tags: ["x&y"],
        description: "says <b>",
      }),
      {
        nextRunAfter: new Date("2030-01-31T23:00:00Z"),
      },
    );
    for (let run = 0; run < 20; run++)
      await web.rows.run("listed", version, { state: run % 2 ? "failed" : "success" });
    await web.rows.sql(
      "insert into dagsmith.import_error (file, line, code, message) values ('bad.ts', 7, 'IMPORT_FAILED', 'boom s3cret')",
    );
    const html = await page("/");
    expect(html.indexOf("bad.ts:7")).toBeLessThan(html.indexOf('href="/dags/listed"'));
    expect(html).toContain("boom ***");
    expect(html).toContain("@daily Europe/Berlin");
    expect(html).toContain("2030-01-31 23:00");
    expect(html).toContain("says &lt;b>");
    expect(html).toContain("listed: last 14 runs, 7 success, 7 failed");
    expect(html).toContain("sandbox: nothing here is real");
  });

  test("filters by state, tag and part of the id, and pages by id", async () => {
    await web.rows.dag(dagSpec("filter_a", { tags: ["blue"] }), { isPaused: true });
    await web.rows.dag(dagSpec("filter_b"));
    const ids = async (query: string): Promise<string[]> =>
      [...(await page(`/?${query}`)).matchAll(/<a href="\/dags\/(\w+)">/g)].map(([, id]) => id!);
    expect(await ids("q=FILTER_")).toEqual(["filter_a", "filter_b"]);
    expect(await ids("q=filter_&filter=paused")).toEqual(["filter_a"]);
    expect(await ids("tag=blue")).toEqual(["filter_a"]);
    expect(await ids("q=filter_&limit=1")).toEqual(["filter_a"]);
    expect(await ids("q=filter_&limit=1&after=filter_a")).toEqual(["filter_b"]);
    expect(await ids("q=%25")).toEqual([]);
  });
});

describe("a DAG's grid", () => {
  test("shows each task by each run, the newest last, with tasks that only older versions have", async () => {
    const before = await web.rows.dag(
      dagSpec("grid", { tasks: [taskSpec("kept"), taskSpec("dropped")] }),
    );
    const first = await web.rows.run("grid", before);
    const dropped = await web.rows.instance(first, "dropped", { state: "success" });
    const now = await web.rows.dag(
      dagSpec("grid", { tasks: [taskSpec("kept"), taskSpec("added", { upstream: ["kept"] })] }),
    );
    const second = await web.rows.run("grid", now, { state: "running" });
    const kept = await web.rows.instance(second, "kept", { state: "running" });
    const html = await page("/dags/grid");
    expect(html.indexOf(`/runs/${first}"`)).toBeLessThan(html.indexOf(`/runs/${second}"`));
    const row = (task: string): string =>
      html.slice(html.indexOf(`>${task}</th>`)).split("</tr>")[0]!;
    expect(row("kept")).toContain(
      `<td></td><td><a class="running" href="/t/${kept}" title="running"></a></td>`,
    );
    expect(row("dropped")).toContain(
      `<td><a class="success" href="/t/${dropped}" title="success, 1.0 s"></a></td><td></td>`,
    );
    expect(html).toContain('class="gone" title="not in the newest version"');
    const hop = await fetch(`${web.url}/t/${kept}`, { redirect: "manual" });
    expect(hop.headers.get("location")).toBe(`/runs/${second}/tasks/kept`);
  });

  test("200 tasks over 50 runs are one page of less than a megabyte", async () => {
    const tasks = Array.from({ length: 200 }, (_, index) =>
      taskSpec(`extract_and_load_number_${index}`),
    );
    const version = await web.rows.dag(dagSpec("wide", { tasks }));
    const runs = await web.rows.runs(Array(50).fill({ dagId: "wide", versionId: version }));
    await web.rows.instances(
      runs.flatMap((runId) => tasks.map(({ taskId }) => ({ runId, taskId, state: "success" }))),
    );
    const html = await page("/dags/wide?runs=50");
    expect(html.match(/<td><a class="success"/g)).toHaveLength(10_000);
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
  });
});

describe("a run", () => {
  test("shows its tasks, why one waits, its params masked, and its graph, which is kept with the version", async () => {
    const tasks = [
      taskSpec("a"),
      taskSpec("b", { upstream: ["a"] }),
      taskSpec("c", { upstream: ["b"] }),
    ];
    const version = await web.rows.dag(dagSpec("waits", { tasks }));
    const run = await web.rows.run("waits", version, {
      state: "running",
      params: { key: "s3cret", nested: ["s3cret"] },
    });
    await web.rows.instance(run, "a", { state: "success" });
    await web.rows.instance(run, "b", { state: "up_for_retry", reason: "it broke", tryNumber: 2 });
    const html = await page(`/runs/${run}`);
    expect(html).toContain("waits for b (up for retry)");
    expect(html).toContain("it broke");
    expect(html).not.toContain("s3cret");
    expect(html).toMatch(/<g class="node success" transform[^>]*><title>a: success/);
    expect(
      (await web.rows.sql("select layout from dagsmith.dag_version where id = $1", [version]))[0]
        ?.layout,
    ).toMatchObject({
      nodes: [{ id: "a" }, { id: "b" }, { id: "c" }],
    });
  });

  test("a run that waits for its turn says so for each task", async () => {
    const version = await web.rows.dag(dagSpec("later"));
    expect(
      await page(`/runs/${await web.rows.run("later", version, { state: "queued" })}`),
    ).toContain("the run waits for capacity");
  });
});

describe("a task", () => {
  test("of 10,000 instances shows 100 at a time, those in trouble first, to the last", async () => {
    const version = await web.rows.dag(
      dagSpec("mapped", {
        tasks: [taskSpec("list"), taskSpec("each", { each: { taskId: "list" } })],
      }),
    );
    const run = await web.rows.run("mapped", version, { state: "running" });
    await web.rows.sql(
      `insert into dagsmith.task_counter (run_id, task_id, upstream_total, instances, released, own_success, own_failed)
       values ($1, 'each', 1, 10000, 10000, 9998, 2)`,
      [run],
    );
    await web.rows.instances(
      Array.from({ length: 10_000 }, (_, mapIndex) => ({
        ...{ runId: run, taskId: "each", mapIndex },
        state: [17, 9876].includes(mapIndex) ? "failed" : "success",
      })),
    );
    expect(await page(`/runs/${run}`)).toContain("9998 of 10000 succeeded, 2 failed");
    const seen: number[] = [];
    for (let path: string | undefined = `/runs/${run}/tasks/each`; path; ) {
      const html = await page(path);
      const rows = [...html.matchAll(/href="\/runs\/\d+\/tasks\/each\/(\d+)"/g)].map(([, index]) =>
        Number(index),
      );
      expect(rows.length).toBeLessThanOrEqual(100);
      seen.push(...rows);
      path = /class="button" href="([^"]+)">Next 100/.exec(html)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen.slice(0, 3)).toEqual([17, 9876, 0]);
    expect(new Set(seen).size).toBe(10_000);
  });

  test("shows its tries, the error of the one that is looked at, its outputs and its log, all masked", async () => {
    const version = await web.rows.dag(dagSpec("tried"));
    const run = await web.rows.run("tried", version, { state: "failed" });
    const stack = "Error [NO_TABLE]: no s3cret\n at x";
    const error = { name: "Error", code: "NO_TABLE", message: "no s3cret", stack };
    const id = await web.rows.instance(run, "only", { state: "failed", tryNumber: 2, error });
    await web.rows.sql(
      "insert into dagsmith.task_try values ($1, 1, 'lost', 'worker-9', now(), now(), 'its worker died', null)",
      [id],
    );
    await web.rows.sql("insert into dagsmith.xcom values ($1, 'only', -1, 'return_value', $2)", [
      run,
      '"s3cret"',
    ]);
    await web.rows.log(id, 0, ["first try"], 1);
    await web.rows.log(id, 0, ["second \u001b[31mtry\u001b[0m s3\u001b[0mcret"], 2);
    const html = await page(`/runs/${run}/tasks/only`);
    for (const text of ["its worker died", "lost", "Error [NO_TABLE]: no ***", "second try ***"])
      expect(html).toContain(text);
    expect(html).not.toContain("s3cret");
    const first = await page(`/runs/${run}/tasks/only?try=1`);
    expect(first).toContain("first try");
    expect(first).not.toContain("second try");
  });

  test("of a huge log shows the first and the last lines, says what is left out, and offers all of it", async () => {
    const version = await web.rows.dag(dagSpec("chatty"));
    const run = await web.rows.run("chatty", version);
    const id = await web.rows.instance(run, "only", { state: "success" });
    for (let seq = 0; seq < 60; seq++)
      await web.rows.log(
        id,
        seq,
        Array.from({ length: 100 }, (_, n) => `line ${seq * 100 + n}!`),
      );
    const html = await page(`/runs/${run}/tasks/only`);
    const lines = [...html.matchAll(/<span>line (\d+)!</g)].map(([, n]) => Number(n));
    expect(lines).toEqual([
      ...Array(200).keys(),
      ...Array.from({ length: 2_000 }, (_, n) => 4_000 + n),
    ]);
    expect(html).toContain("left out");
    const all = await page(`/logs/${id}/1/download`);
    expect(all.trimEnd().split("\n")).toHaveLength(6_000);
    expect(all).toContain("line 3000!");
  });
});

describe("an error", () => {
  test.each(["/runs/999999", "/dags/unknown", "/nowhere"])(
    "at %s leads on by the navigation and the search, for who has logged in",
    async (path) => {
      const answer = await fetch(web.url + path);
      expect(answer.status).toBe(404);
      const html = await answer.text();
      expect(html).toContain('<nav class="places"');
      expect(html).toContain('action="/search"');
    },
  );

  test("shows no navigation before the login", async () => {
    const closed = await testWeb({ withoutLink: true });
    const answer = await fetch(`${closed.url}/login`, { method: "PUT" });
    const html = await answer.text();
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(html).not.toContain('<nav class="places"');
    await closed.close();
  });
});
