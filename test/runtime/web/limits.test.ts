/** What the page shows of limits: the pools, and what a waiting task waits for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let run: number;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  const tasks = [
    taskSpec("holds"),
    taskSpec("waits"),
    taskSpec("each", { each: { items: [1, 2] } }),
    taskSpec("after", { upstream: ["waits"] }),
  ];
  run = await web.rows.run("d", await web.rows.dag(dagSpec("d", { tasks })), { state: "running" });
  await web.rows.sql(
    "insert into dagsmith.pool (name, slots, description) values ('api', 1, 'spares <b>s3cret</b>'), ('free', -1, '')",
  );
  await web.rows.sql(
    "insert into dagsmith.task_counter (run_id, task_id, upstream_total) values ($1, 'after', 1)",
    [run],
  );
  const place = (instance: number, admitted: string) =>
    web.rows.sql(
      `insert into dagsmith.slot_request (instance_id, try_number, reservations, weight, map_index, admitted_at)
       values ($1, 1, '[["pool:api",1,null,null]]', 1, -1, ${admitted})`,
      [instance],
    );
  await place(await web.rows.instance(run, "holds", { state: "running" }), "now()");
  await place(await web.rows.instance(run, "waits", { state: "scheduled" }), "null");
  await place(
    await web.rows.instance(run, "each", { state: "scheduled", mapIndex: 0, item: 1 }),
    "null",
  );
  await web.rows.instance(run, "each", { state: "queued", mapIndex: 1, item: 2 });
});
afterAll(() => web.close());

const page = async (path: string): Promise<string> => {
  const response = await fetch(`${web.url}${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return response.text();
};

test("the pools with what is taken of them, described in words that are text", async () => {
  const text = await page("/pools");
  expect(text).toMatch(
    /api<\/th><td class="number">1<\/td><td class="number">1<\/td><td class="number">0<\/td><td class="number">2<\/td>/,
  );
  expect(text).toContain("spares &lt;b>***&lt;/b>");
  expect(text).toMatch(/free<\/th><td class="number">no limit/);
  expect(await page("/")).toContain('href="/pools"');
});

test("a task that waits says for what, one that runs says nothing", async () => {
  const full = "the pool &quot;api&quot; has 0 of 1 slot free, and the try takes 1";
  expect(await page(`/runs/${run}/tasks/waits`)).toContain(full);
  expect(await page(`/runs/${run}/tasks/after`)).toContain(
    "waits for waits [scheduled] (trigger rule all_success)",
  );
  expect(await page(`/runs/${run}/tasks/holds`)).not.toContain('class="why"');
});

test("a mapped task says what its instances wait for, an instance what it waits for itself", async () => {
  const all = await page(`/runs/${run}/tasks/each`);
  expect(all).toContain("has 0 of 1 slot free");
  expect(all).toContain("no worker is alive");
  const queued = await page(`/runs/${run}/tasks/each/1`);
  expect(queued).toContain("no worker is alive");
  expect(queued).not.toContain("slot free");
});

test("the API takes one task of the run, and refuses one that it does not have", async () => {
  const ask = async (task: string) =>
    (await fetch(`${web.url}/api/v1/runs/${run}/why?task=${task}`)).json();
  expect(await ask("waits")).toMatchObject({
    tasks: [{ taskId: "waits", reasons: [{ gate: "pool" }] }],
  });
  expect(await ask("nothing")).toMatchObject({ error: { code: "UNKNOWN_TASK" } });
});
