/** What services tell a monitoring system, asked over HTTP while they run. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { newProject, output, type Project } from "../../support/cli.ts";
import { type Loopback, loopback } from "../../support/loopback.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { silentProxy } from "../../support/silent_proxy.ts";
import { until } from "../../support/until.ts";

const WORK = `import { dag, SkipTask } from "dagsmith";
const d = dag("work");
d.task("fine", () => 1);
d.task("skips", () => { throw new SkipTask("not today"); });
d.task("fails", () => { throw new Error("no"); });
export default d;
`;

/** Each task waits for an answer of the server. */
const wide = (url: string): string => `import { dag } from "dagsmith";
const d = dag("wide");
d.task("each", { each: [...Array(100).keys()] }, async () => (await fetch("${url}")).status);
export default d;
`;

const postgres = migratedDatabase();
/** What the tasks of "wide" wait for. */
const released = Promise.withResolvers<void>();
let server: Loopback;
let project: Project;

beforeAll(async () => {
  server = await loopback(async (_, response) => {
    await released.promise;
    response.end();
  });
  project = await newProject(
    { "dags/work.ts": WORK, "dags/wide.ts": wide(server.url) },
    { DATABASE_URL: postgres.db.url },
  );
  await project.json(["deploy"]);
  return async () => {
    await project.remove();
    await server[Symbol.asyncDispose]();
  };
});

/** Starts a service with metrics. @returns the address of its metrics server */
async function serviceAt(role: string, url: string = postgres.db.url): Promise<string> {
  const service = project.start([role], { env: { DATABASE_URL: url, DAG_METRICS_PORT: "0" } });
  onTestFinished(() => void service.kill("SIGKILL"));
  const said = await output(service, "/metrics");
  return /http:\/\/[\d.]+:\d+/.exec(said)?.[0] ?? "";
}

/**
 * The samples of a scrape, such as `dagsmith_dags` or
 * `dagsmith_dag_runs{dag="a",state="queued"}`.
 */
async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const lines = (await response.text()).split("\n").filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

async function probe(url: string, path: string): Promise<readonly [number, unknown]> {
  const response = await fetch(`${url}${path}`);
  return [response.status, await response.json()];
}

test("a worker counts its tries by DAG and outcome, and a scheduler sees the deployment", async () => {
  const [scheduler, worker] = await Promise.all([serviceAt("scheduler"), serviceAt("worker")]);
  await project.dag(["trigger", "work", "--wait"]);
  const ofWorker = await until("the counted tries", async () => {
    const found = await scrape(worker);
    return found.has('dagsmith_try_duration_seconds_count{dag="work",outcome="failed"}') && found;
  });
  const tries = (outcome: string): number | undefined =>
    ofWorker.get(`dagsmith_try_duration_seconds_count{dag="work",outcome="${outcome}"}`);
  expect([tries("success"), tries("skipped"), tries("failed")]).toEqual([1, 1, 1]);
  expect(ofWorker.get("dagsmith_worker_slots")).toBe(16);
  expect(ofWorker.get("process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
  const fleet = await until("the live worker", async () => {
    const found = await scrape(scheduler);
    return found.get("dagsmith_workers") === 1 && found;
  });
  expect(fleet.get("dagsmith_schedulers")).toBe(1);
  expect(fleet.get("dagsmith_slots")).toBe(16);
  expect(fleet.get("dagsmith_database_up")).toBe(1);
  expect([fleet.get("dagsmith_dags"), fleet.get("dagsmith_dags_paused")]).toEqual([2, 0]);
  expect(fleet.get("dagsmith_scheduler_lag_seconds")).toBe(0);
  expect(fleet.get('dagsmith_job_passes_total{job="create_runs"}')).toBeGreaterThan(0);
  const jobs = ["scheduler_heartbeat", "rescue_tries", "miss_deadlines", "clean_history"];
  for (const job of jobs) expect(fleet.has(`dagsmith_job_items_total{job="${job}"}`)).toBe(true);
  expect(fleet.get('dagsmith_database_connections{use="busy"}')).toBeGreaterThanOrEqual(0);
  expect(ofWorker.get("dagsmith_log_bytes_total")).toBeGreaterThan(0);
  const ended = await until("the counted run", async () => {
    const found = await scrape(scheduler);
    return found.has('dagsmith_run_duration_seconds_count{dag="work",state="failed"}') && found;
  });
  expect(ended.get('dagsmith_run_duration_seconds_count{dag="work",state="failed"}')).toBe(1);
  expect(ended.get('dagsmith_run_duration_seconds_sum{dag="work",state="failed"}')).toBeGreaterThan(
    0,
  );
  expect(await probe(worker, "/readyz")).toEqual([200, { status: "ok" }]);
});

test("runs and tries that wait for a worker are counted by DAG and state", async () => {
  const scheduler = await serviceAt("scheduler");
  await project.dag(["trigger", "work"]);
  const waiting = await until("the waiting tries", async () => {
    const found = await scrape(scheduler);
    return (found.get("dagsmith_queue_jobs") ?? 0) > 0 && found;
  });
  expect(waiting.get("dagsmith_queue_jobs")).toBe(3);
  expect(waiting.get('dagsmith_task_instances{dag="work",state="queued"}')).toBe(3);
  expect(waiting.get('dagsmith_dag_runs{dag="work",state="running"}')).toBe(1);
  expect(waiting.get("dagsmith_queue_oldest_seconds")).toBeGreaterThan(0);
});

test("a worker has at most the connections that the docs name, with more slots than these", async () => {
  const worker = project.start(["worker", "--slots", "24"]);
  onTestFinished(() => void worker.kill("SIGKILL"));
  const { id } = await triggerRun(postgres.db, { dagId: "wide", actor: "test" });
  const look = async () => {
    const [found] = await rows<{ connections: number; is_over: boolean }>(
      postgres.db,
      `select max(open.count)::int as connections,
         (select state = 'success' from dagsmith.dag_run where id = $1) as is_over
       from (
         select count(*) from pg_stat_activity a
         join dagsmith.worker w on w.session_name = a.application_name
         where w.slots = 24
       ) open`,
      [id],
    );
    return found;
  };
  await until("a task that waits", async () => server.requests.length > 0);
  let most = (await look())?.connections ?? 0;
  expect(most).toBeGreaterThan(0);
  released.resolve();
  await until("the end of the run", async () => {
    const found = await look();
    most = Math.max(most, found?.connections ?? 0);
    return found?.is_over;
  });
  expect(most).toBeLessThanOrEqual(21);
});

test("a service without its database is up, not ready, and names no figure of the deployment", async () => {
  const proxy = await silentProxy(postgres.db.url);
  const scheduler = await serviceAt("scheduler", proxy.url);
  await until("a ready scheduler", async () => (await probe(scheduler, "/readyz"))[0] === 200);
  await proxy.stop();
  expect(await probe(scheduler, "/readyz")).toEqual([503, { status: "no database" }]);
  expect(await probe(scheduler, "/healthz")).toEqual([200, { status: "ok" }]);
  const without = await until("a scrape without figures", async () => {
    const found = await scrape(scheduler);
    return found.get("dagsmith_database_up") === 0 && found;
  });
  expect([...without.keys()].filter((name) => /^dagsmith_(dags|workers|queue)/.test(name))).toEqual(
    [],
  );
  expect(without.get("process_cpu_seconds_total")).toBeGreaterThan(0);
});

test("other addresses and methods of the metrics server are refused", async () => {
  const url = await serviceAt("worker");
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/metrics/..`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(405);
});

test("a taken port ends the service with one line that names the setting", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await project.dag(["worker"], {
    env: { DAG_METRICS_PORT: String(port) },
  });
  expect(code).toBe(1);
  expect(stderr).toContain("Choose another port with DAG_METRICS_PORT.");
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
