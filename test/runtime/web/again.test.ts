/**
 * Pages, forms and addresses about doing again, against a real database: no worker runs,
 * so runs stay where they are put.
 */
import { DateTime } from "luxon";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const day = (ago: number): string => DateTime.utc().startOf("day").minus({ days: ago }).toISODate();
const daily = {
  name: "",
  schedule: { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" } as const,
  params: {},
};

let web: TestWeb;
let version: number;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  const tasks = [taskSpec("first"), taskSpec("second", { upstream: ["first"] })];
  version = await web.rows.dag(dagSpec("d", { tasks, schedules: [daily] }));
  await web.rows.dag(dagSpec("idle", { tasks }));
});
afterAll(() => web.close());

const page = async (path: string): Promise<string> => (await fetch(web.url + path)).text();
const tokenOf = (html: string): string => /name="_form" value="([^"]+)"/.exec(html)?.[1] ?? "";

/** Sends a form of a page, with the page's token. */
async function send(
  from: string,
  action: string,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const body = new URLSearchParams({ _form: tokenOf(await page(from)), ...fields });
  return fetch(web.url + action, { method: "POST", body, redirect: "manual" });
}

const post = (path: string, body: unknown = {}): Promise<Response> =>
  fetch(`${web.url}/api/v1${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  });
const json = async (path: string): Promise<unknown> =>
  (await fetch(`${web.url}/api/v1${path}`)).json();

/** A run that has ended, its first task failed. */
async function endedRun(): Promise<number> {
  const run = await web.rows.run("d", version, { state: "failed" });
  await web.rows.instance(run, "first", { state: "failed", reason: "no" });
  await web.rows.instance(run, "second", { state: "upstream_failed" });
  return run;
}

describe("a backfill on the page", () => {
  test("is listed before it is made, then watched, paused, resumed and cancelled", async () => {
    const range = {
      from: day(4),
      to: day(2),
      reprocess: "none",
      code: "original",
      maxActiveRuns: "3",
      labels: "why=fix",
      order: "backwards",
    };
    const preview = await send("/dags/d/backfills/new", "/dags/d/backfills", {
      ...range,
      do: "preview",
    });
    expect([preview.status, await preview.text()]).toEqual([
      200,
      expect.stringMatching(/3 runs will be created.*Start the backfill.*<table/s),
    ]);
    expect(await page("/dags/d/backfills")).toContain("No backfills.");
    const created = await send("/dags/d/backfills/new", "/dags/d/backfills", {
      ...range,
      do: "create",
    });
    expect([created.status, created.headers.get("Location")]).toEqual([
      303,
      expect.stringMatching(/^\/backfills\/\d+$/),
    ]);
    const address = created.headers.get("Location")!;
    expect(await page(address)).toMatch(/Pause.*0 of 3/s);
    await send(address, `${address}/pause`, {});
    expect(await page("/dags/d/backfills")).toMatch(/paused.*Resume/s);
    await send(address, `${address}/resume`, {});
    expect(await page(address)).toContain("Pause");
    await send(address, `${address}/cancel`, {});
    expect(await page(address)).toMatch(/cancelled.*skipped/s);
    expect((await send("/dags/d/backfills/new", `${address}/cancel`, {})).status).toBe(409);
  });

  test("that is refused comes back with what was written and why", async () => {
    const answer = await send("/dags/d/backfills/new", "/dags/d/backfills", {
      from: day(2),
      to: day(4),
      do: "create",
    });
    expect([answer.status, await answer.text()]).toEqual([
      422,
      expect.stringMatching(new RegExp(`ends before it begins.*value="${day(2)}"`, "s")),
    ]);
    const many = await send("/dags/d/backfills/new", "/dags/d/backfills", {
      from: day(4),
      to: day(2),
      maxActiveRuns: "lots",
      do: "create",
    });
    expect(many.status).toBe(422);
  });

  test("is not offered for a DAG without a schedule, nor made by a form that is not ours", async () => {
    expect(await page("/dags/idle/backfills")).not.toContain("New backfill");
    const body = new URLSearchParams({ from: day(4), to: day(2), do: "create" });
    expect((await fetch(`${web.url}/dags/d/backfills`, { method: "POST", body })).status).toBe(403);
  });
});

describe("a backfill in the API", () => {
  test("is previewed, made once at a time, shown with its runs, and moved", async () => {
    const range = { from: day(4), to: day(3), labels: { a: "1" } };
    const preview = await post("/dags/d/backfills/preview", range);
    expect(await preview.json()).toMatchObject({
      runs: [{ ordinal: 1, decision: "run", run: null }, { ordinal: 2 }],
    });
    const created = await post("/dags/d/backfills", range);
    expect(created.status).toBe(201);
    const { id } = (await created.json()) as { id: number };
    const again = await post("/dags/d/backfills", range);
    expect([again.status, await again.json()]).toMatchObject([
      409,
      { error: { code: "BACKFILL_ACTIVE" } },
    ]);
    expect(await json(`/backfills/${id}`)).toMatchObject({
      state: "running",
      labels: { a: "1" },
      progress: { total: 2, waiting: 2 },
    });
    expect(await json(`/backfills/${id}/runs?limit=1`)).toMatchObject({
      runs: [{ ordinal: 1, run: null }],
      next: 1,
    });
    expect((await post(`/backfills/${id}/pause`)).status).toBe(200);
    expect((await post(`/backfills/${id}/cancel`)).status).toBe(200);
    expect((await post(`/backfills/${id}/resume`)).status).toBe(409);
    expect((await post("/backfills/999/pause")).status).toBe(404);
  });

  test("with input that cannot be meant is refused with a status below 500", async () => {
    for (const [path, body, status] of [
      ["/dags/idle/backfills", { from: day(4), to: day(3) }, 422],
      ["/dags/nobody/backfills", { from: day(4), to: day(3) }, 404],
      ["/dags/d/backfills", { from: day(4) }, 400],
      ["/dags/d/backfills", { from: "soon", to: "later" }, 422],
      ["/dags/d/backfills", { from: day(4), to: day(3), maxActiveRuns: 0 }, 400],
      ["/dags/d/backfills", { from: day(4), to: day(3), labels: { "a b": "1" } }, 422],
      ["/dags/d/clear", {}, 400],
      ["/runs/999/clear", {}, 404],
      ["/runs/999/mark", { state: "success" }, 404],
      ["/runs/999/note", { note: "x" }, 404],
    ] as const)
      expect([path, (await post(path, body)).status]).toEqual([path, status]);
  });
});

describe("clearing and marking", () => {
  test("from the page show first what would be cleared, then clear it", async () => {
    const run = await endedRun();
    expect(await page(`/runs/${run}`)).toContain(`href="/runs/${run}/clear"`);
    const form = `/runs/${run}/clear?taskId=first&downstream=on`;
    expect(await page(form)).toMatch(/value="first" selected/);
    const preview = await send(form, `/runs/${run}/clear`, {
      taskId: "first",
      downstream: "on",
      do: "preview",
    });
    expect(await preview.text()).toContain("2 task instances would be cleared.");
    expect(await json(`/runs/${run}`)).toMatchObject({ state: "failed" });
    const cleared = await send(form, `/runs/${run}/clear`, {
      taskId: "first",
      downstream: "on",
      do: "clear",
    });
    expect(cleared.headers.get("Location")).toBe(`/runs/${run}`);
    expect(await json(`/runs/${run}`)).toMatchObject({ state: "running", finishedAt: null });
    expect(await page(`/runs/${run}/tasks/first`)).toMatch(/try=2.*try=1/s);
    const nothing = await send(form, `/runs/${run}/clear`, { onlyFailed: "on", do: "clear" });
    expect([nothing.status, await nothing.text()]).toEqual([
      422,
      expect.stringContaining("no instance failed"),
    ]);
  });

  test("by the API: of a run, of a DAG's runs in a range, of a task that is marked", async () => {
    const run = await endedRun();
    const preview = await post(`/runs/${run}/clear/preview`, { onlyFailed: true });
    expect(await preview.json()).toMatchObject({
      runs: [{ id: run, instances: [{ taskId: "first" }, { taskId: "second" }] }],
    });
    expect((await post(`/runs/${run}/mark`, { state: "success", taskId: "first" })).status).toBe(
      200,
    );
    const { tasks } = (await json(`/runs/${run}/tasks`)) as { tasks: object[] };
    expect(tasks).toMatchObject([{ state: "success" }, { state: "queued" }]);
    expect((await post(`/runs/${run}/mark`, { state: "success" })).status).toBe(200);
    expect(await json(`/runs/${run}`)).toMatchObject({ state: "success" });
    expect((await post(`/runs/${run}/mark`, { state: "skipped" })).status).toBe(400);
    const range = await post("/dags/d/clear/preview", { from: day(1) });
    expect(((await range.json()) as { runs: object[] }).runs.length).toBeGreaterThan(0);
    const again = await post("/dags/d/clear", { from: day(1), taskId: "first" });
    expect(again.status).toBe(200);
  });

  test("a sheet lists what a mark changes, and the mark changes just that", async () => {
    const run = await endedRun();
    const sheet = await page(`/runs/${run}/tasks/first/mark?to=success`);
    expect(sheet).toContain("1 task instance will be marked success");
    expect(sheet).toMatch(/1 task instance will be decided again.*second/s);
    await send(`/runs/${run}/tasks/first`, `/runs/${run}/tasks/first/mark/success`, {});
    const entry = await json("/audit?dagId=d&action=mark%20task&limit=1");
    expect(entry).toMatchObject({ entries: [{ detail: { instances: 1, resumed: 1 } }] });
  });

  test("the sheet of a task that nothing follows says so", async () => {
    const run = await endedRun();
    const sheet = await page(`/runs/${run}/tasks/second/mark?to=failed`);
    expect(sheet).toContain("No downstream task is decided again.");
  });

  test.each([
    ["nowhere/mark?to=success", 404],
    ["first/mark?to=running", 400],
    ["first/mark?to=success&mapIndex=7", 404],
  ])("the sheet %s is refused", async (address, status) => {
    const run = await endedRun();
    expect((await fetch(`${web.url}/runs/${run}/tasks/${address}`)).status).toBe(status);
  });

  test("from the page mark a task and a run", async () => {
    const run = await endedRun();
    const answer = await send(
      `/runs/${run}/tasks/first`,
      `/runs/${run}/tasks/first/mark/success`,
      {},
    );
    expect(answer.headers.get("Location")).toBe(`/runs/${run}/tasks/first`);
    await send(`/runs/${run}`, `/runs/${run}/mark/success`, {});
    expect(await json(`/runs/${run}`)).toMatchObject({ state: "success" });
    await send(`/runs/${run}`, `/runs/${run}/mark/failed`, {});
    expect(await json(`/runs/${run}`)).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("marked failed by tester from"),
    });
  });
});

describe("notes, labels and the audit", () => {
  test("are written on the page, masked where they are shown, and found by", async () => {
    const run = await endedRun();
    await send(`/runs/${run}`, `/runs/${run}/annotate`, {
      note: "see s3cret <b>",
      labels: "team=data, why=s3cret",
    });
    const html = await page(`/runs/${run}`);
    expect(html).toContain("see *** &lt;b>");
    expect(html).not.toContain("s3cret");
    expect(await json("/dags/d/runs?label=team%3Ddata")).toMatchObject({
      runs: [{ id: run, labels: { team: "data" } }],
    });
    expect(await page("/dags/d/runs?label=team%3Dnobody")).toContain("No runs.");
    await send(`/runs/${run}`, `/runs/${run}/annotate`, { note: "", labels: "" });
    expect(await json(`/runs/${run}`)).toMatchObject({ note: null, labels: {} });
    const audit = await page("/dags/d/audit");
    expect(audit).toMatch(/note.*label/s);
    expect(audit).not.toContain("s3cret");
    expect(await json("/audit?dagId=d&limit=1")).toMatchObject({
      entries: [{ action: "label", dagId: "d" }],
      next: expect.any(Number),
    });
  });
});
