import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { ENDPOINTS } from "../../../runtime/web/api/endpoints.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let run: number;
let instance: number;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  const tasks = [
    taskSpec("only"),
    taskSpec("each", { each: { items: [1, 2] }, upstream: ["only"] }),
  ];
  const version = await web.rows.dag(dagSpec("d", { tasks }), {
    nextRunAfter: new Date("2030-01-01"),
  });
  run = await web.rows.run("d", version, { state: "running", params: { key: "s3cret" } });
  const error = { name: "Error", message: "s3cret", stack: "at s3cret" };
  instance = await web.rows.instance(run, "only", {
    state: "failed",
    error,
    tryNumber: 2,
    reason: "s3cret",
  });
  await web.rows.instance(run, "each", { state: "running", mapIndex: 0, item: "s3cret" });
  await web.rows.sql(
    "insert into dagsmith.task_counter (run_id, task_id, upstream_total, instances, released) values ($1, 'each', 1, 2, 2)",
    [run],
  );
  await web.rows.sql(
    "insert into dagsmith.task_try values ($1, 1, 'failed', 'w', now(), now(), 's3cret', $2)",
    [instance, JSON.stringify(error)],
  );
  await web.rows.sql("insert into dagsmith.xcom values ($1, 'only', -1, 'return_value', $2)", [
    run,
    '{"a":"s3cret"}',
  ]);
  await web.rows.log(instance, 0, ["s3cret"], 2);
  await web.rows.sql(`insert into dagsmith.backfill (dag_id, schedule_name, schedule, from_date, to_date, reprocess, backwards, max_active_runs,
      params, given_params, labels, code, version_id, created_by)
    values ('d', '', '{"type": "once"}', now(), now(), 'none', false, 10, '{"key": "s3cret"}', '{}', '{"why": "s3cret"}', 'original', ${version}, 'ann')`);
  await web.rows.sql(
    "insert into dagsmith.backfill_run values (1, 1, now(), now(), now(), now(), 'run', null, $1)",
    [run],
  );
  await web.rows.sql("insert into dagsmith.dag_run_label values ($1, 'why', 's3cret')", [run]);
  await web.rows.sql("update dagsmith.dag_run set note = 's3cret' where id = $1", [run]);
  await web.rows.sql(
    "insert into dagsmith.audit (actor, action, dag_id, detail) values ('ann', 'note', 'd', '{\"note\": \"s3cret\"}')",
  );
  await web.rows.sql(
    "insert into dagsmith.import_error (file, line, code, message, stack) values ('x.ts', 1, 'X', 's3cret', 's3cret')",
  );
});
afterAll(() => web.close());

const post = (path: string, body?: unknown): Promise<Response> =>
  fetch(`${web.url}/api/v1${path}`, {
    method: "POST",
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });

/** What must be asked for in a query. */
const QUERIES: Record<string, string> = { "/assets/events": "?uri=s3://lake/a" };

describe("the API", () => {
  test.each(ENDPOINTS.filter(({ method }) => method === "get"))(
    "GET $path answers what it says it answers, masked",
    async ({ path, answer }) => {
      const values: Record<string, string> = {
        dagId: "d",
        id: String(run),
        instanceId: String(instance),
        tryNumber: "2",
        name: "tester",
      };
      const tasks: Record<string, string> = path.includes("mapIndex")
        ? { taskId: "each", mapIndex: "0" }
        : { taskId: "only" };
      const address =
        path.replace(/\{(\w+)\}/g, (_, name: string) => ({ ...values, ...tasks })[name] ?? "") +
        (QUERIES[path] ?? "");
      const response = await fetch(`${web.url}/api/v1${address}`);
      const text = await response.text();
      expect([address, response.status]).toEqual([address, 200]);
      expect(() => answer.parse(JSON.parse(text))).not.toThrow();
      expect(text).not.toContain("s3cret");
    },
  );

  test("describes itself in OpenAPI 3.1: every address, with its input and its answers", async () => {
    const document = (await (await fetch(`${web.url}/api/v1/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, object>;
    };
    expect(document.openapi).toBe("3.1.0");
    for (const { path, method } of ENDPOINTS)
      expect(Object.keys(document.paths[path] ?? {})).toContain(method);
    expect(JSON.stringify(document.paths["/dags/{dagId}/runs"])).toContain("logicalDate");
  });

  test("triggers, pauses, resumes and cancels through actions, saying who asked", async () => {
    const created = await post("/dags/d/runs", { params: { a: [1] }, logicalDate: "2026-01-31" });
    expect([created.status, await created.json()]).toEqual([201, { id: 1, runId: "manual__1" }]);
    expect((await post("/dags/d/runs")).status).toBe(201);
    expect((await post("/dags/d/pause")).status).toBe(200);
    expect((await post("/dags/d/unpause", {})).status).toBe(200);
    expect((await post(`/runs/${run}/cancel`, { reason: "enough" })).status).toBe(200);
    expect((await post(`/runs/${run}/tasks/only/cancel`, { mapIndex: 2 })).status).toBe(200);
    expect((await post(`/runs/${run}/events/approved`, { value: { by: "ann" } })).status).toBe(200);
    expect((await post("/pools/api", { slots: 4 })).status).toBe(200);
    expect((await post("/pools/api/delete")).status).toBe(200);
    const actor = "tester from 127.0.0.1";
    expect(web.asked).toEqual([
      {
        verb: "triggerRun",
        request: { dagId: "d", params: { a: [1] }, logicalDate: "2026-01-31", actor },
      },
      { verb: "triggerRun", request: { dagId: "d", actor } },
      { verb: "pauseDag", request: { dagId: "d", actor } },
      { verb: "unpauseDag", request: { dagId: "d", actor } },
      { verb: "cancelRun", request: { id: run, actor, reason: "enough" } },
      { verb: "cancelTask", request: { id: run, taskId: "only", actor, mapIndex: 2 } },
      { verb: "sendEvent", request: { id: run, name: "approved", value: { by: "ann" }, actor } },
      { verb: "setPool", request: { name: "api", slots: 4, actor } },
      { verb: "deletePool", request: { name: "api", actor } },
    ]);
  });

  test("says what is wrong by a code: unknown things 404, bad params 422, conflicts 409, and nothing of our own errors", async () => {
    const failing = await testWeb({
      actions: {
        ...actions,
        triggerRun: async (_db, { dagId }) => {
          if (dagId === "bad")
            throw new DagsmithError("INVALID_PARAMS", { dag: dagId, problems: "org: Required" });
          if (dagId === "twice")
            throw new DagsmithError("RUN_EXISTS", { dag: dagId, run: "manual__x" });
          if (dagId === "gone") throw new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "" });
          throw new Error("password=hunter2");
        },
        pauseDag: async () => undefined,
        unpauseDag: async () => undefined,
        cancelRun: async () => undefined,
        cancelTask: async () => 1,
        sendEvent: async () => 1,
        updateAsset: async () => ({ id: 1 }),
        receiveWebhook: async () => ({ id: 1, runId: "1", isNew: true }),
        setPool: async () => undefined,
        deletePool: async () => undefined,
      },
    });
    const answers: unknown[] = [];
    for (const dagId of ["bad", "twice", "gone", "boom"]) {
      const answer = await fetch(`${failing.url}/api/v1/dags/${dagId}/runs`, { method: "POST" });
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      answers.push([answer.status, error.code]);
      expect(error.message).not.toContain("hunter2");
    }
    await failing.close();
    expect(answers).toEqual([
      [422, "INVALID_PARAMS"],
      [409, "RUN_EXISTS"],
      [404, "UNKNOWN_DAG"],
      [500, "INTERNAL"],
    ]);
    for (const path of [
      "/dags/none",
      "/dags/none/runs",
      "/runs/999999",
      "/runs/999999/tasks",
      `/runs/${run}/tasks/none`,
      "/logs/999999/1",
      "/none",
    ])
      expect([path, (await fetch(`${web.url}/api/v1${path}`)).status]).toEqual([path, 404]);
  });

  test("pages a DAG's runs by id, without gaps while new ones come", async () => {
    const version = await web.rows.dag(dagSpec("many"));
    const ids: number[] = [];
    for (let count = 0; count < 7; count++) ids.push(await web.rows.run("many", version));
    const seen: number[] = [];
    for (let next: number | null | undefined; next !== null; ) {
      const answer = await fetch(
        `${web.url}/api/v1/dags/many/runs?limit=3${next === undefined ? "" : `&before=${next}`}`,
      );
      const page = (await answer.json()) as { runs: { id: number }[]; next: number | null };
      seen.push(...page.runs.map(({ id }) => id));
      next = page.next;
      await web.rows.run("many", version);
    }
    expect(seen).toEqual(ids.toReversed());
  });

  test("500 DAGs with 14 runs each are listed by one statement, after that of the session", async () => {
    await web.rows.sql(`
      with made as (insert into dagsmith.dag (dag_id) select 'bulk_' || lpad(n::text, 4, '0') from generate_series(1, 500) n returning dag_id)
      insert into dagsmith.dag_version (dag_id, number, hash, bundle_hash, file, spec)
      select dag_id, 1, dag_id, (select hash from dagsmith.bundle limit 1), 'x.ts',
        json_build_object('dagId', dag_id, 'description', null, 'tags', '[]'::json, 'schedules', '[]'::json, 'timezone', 'UTC', 'tasks', '[]'::json)
      from made`);
    await web.rows.sql(
      "update dagsmith.dag d set version_id = v.id from dagsmith.dag_version v where v.dag_id = d.dag_id and d.version_id is null",
    );
    await web.rows.sql(`
      insert into dagsmith.dag_run (dag_id, run_id, run_type, state, version_id, logical_date, data_interval_start, data_interval_end, run_after, started_at, finished_at)
      select d.dag_id, 'r' || n, 'manual', 'success', d.version_id, now(), now(), now(), now(), now(), now()
      from dagsmith.dag d, generate_series(1, 20) n where d.dag_id like 'bulk%'`);
    const statements: string[] = [];
    const query = web.db.pool.query.bind(web.db.pool) as (...args: unknown[]) => unknown;
    Object.assign(web.db.pool, {
      query: (...args: unknown[]) => {
        statements.push((args[0] as { name: string }).name);
        return query(...args);
      },
    });
    const answer = await fetch(`${web.url}/api/v1/dags?limit=500&after=bulk_`);
    Object.assign(web.db.pool, { query });
    const { dags } = (await answer.json()) as { dags: { runs: unknown[] }[] };
    expect(dags).toHaveLength(500);
    expect(dags.every(({ runs }) => runs.length === 14)).toBe(true);
    expect(statements).toEqual(["session_find", "dag_list"]);
  });
});
