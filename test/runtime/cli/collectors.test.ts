/** Traces and lineage of a real deployment, as collectors get them over HTTP. */
import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LineageEvent } from "../../../runtime/lineage/run_events.ts";
import { traceparentOf } from "../../../runtime/tracing/trace_ids.ts";
import { newProject, output, type Project, stopped } from "../../support/cli.ts";
import { type Collector, startCollector } from "../../support/collector.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";

const WORK = String.raw`import { asset, dag, defineHook } from "dagsmith";
import { trace } from "@opentelemetry/api";
import { shell } from "dagsmith/plugins/process";
class Lake {
  #password;
  constructor(password) { this.#password = password; }
  async read(what) {
    if (what === "secret") throw new Error("refused " + this.#password);
    return what;
  }
  get size() { return this.#password.length; }
}
const lake = defineHook({ types: ["aws"], open: ({ password }) => new Lake(password) });
const d = dag("work");
const raw = asset("s3://lake/raw/trips");
const clean = asset("postgres://etl@db:5432/lake.public.trips");
d.task("calls", { inlets: [raw], outlets: [clean] }, async ({ assets, hook, traceparent }) => {
  assets.update(clean, { extra: { schema: [{ name: "id", type: "bigint" }] } });
  const client = await hook(lake("lake"));
  await client.read("rows");
  await client.read("secret").catch(() => undefined);
  await fetch(process.env.COLLECTOR + "/echo?token=of-the-query", { method: "POST", body: "x" });
  return [client.size, traceparent];
});
d.task("shell", shell('printf \'"%s"\' $TRACEPARENT > $DAGSMITH_OUTPUT'));
d.task("odd", () => {
  const tracer = trace.getTracer("odd");
  const attributes = { nan: NaN, endless: Infinity, whole: 7, long: "x".repeat(30_000_000) };
  tracer.startSpan("odd".repeat(1_000), { attributes }).end();
  tracer.startSpan("without an end").end(Number.NaN);
  return "unhurt";
});
d.task("fails", { retries: 1, retryDelay: "0s" }, () => { throw new Error("no"); });
export default d;
`;
const PASSWORD = "hunter22-of-the-lake";
const LAKE = JSON.stringify({ type: "aws", login: "ada", password: PASSWORD });

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

const postgres = migratedDatabase();
let collector: Collector;
let project: Project;
let scheduler: ChildProcess;
let worker: ChildProcess;

beforeAll(async () => {
  collector = await startCollector();
  const env = {
    ...{ DATABASE_URL: postgres.db.url, DAG_CONN_LAKE: LAKE, COLLECTOR: collector.url },
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: "x-team=data",
    OTEL_SERVICE_NAME: "night-runs",
    ...{ OPENLINEAGE_URL: collector.url, OPENLINEAGE_API_KEY: "key-of-lineage" },
    OPENLINEAGE_NAMESPACE: "night",
  };
  project = await newProject({ "dags/work.ts": WORK }, env);
  expect((await project.dag(["deploy"])).code).toBe(0);
  scheduler = project.start(["scheduler"]);
  worker = project.start(["worker"]);
});
afterAll(async () => {
  await project.remove();
  await collector.close();
});

const bodies = (): string =>
  collector.posted.flatMap(({ path, body }) => (path === "/v1/traces" ? body : [])).join("\n");

/** The spans that the collector has, each as it was sent first. */
function spans(): readonly Span[] {
  const all = collector.posted
    .filter(({ path, status }) => path === "/v1/traces" && status === 200)
    .flatMap(({ body }) => JSON.parse(body).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope: { readonly spans: readonly Span[] }) => scope.spans);
  return [...new Map(all.map((span) => [span.spanId, span])).values()];
}

/** Its run fails, because one of its tasks does. */
const runWork = async (): Promise<void> =>
  expect((await project.dag(["trigger", "work", "--wait"])).code).toBe(1);

const lineage = () =>
  collector.posted.filter(({ path, status }) => path === "/api/v1/lineage" && status === 200);
const events = (): readonly LineageEvent[] => lineage().map(({ body }) => JSON.parse(body));
const isEndOf =
  (name: string) =>
  ({ job, eventType }: LineageEvent): boolean =>
    job.name === name && eventType !== "START";

const named = (name: string) => spans().filter((span) => span.name === name);

const isOdd = ({ name }: Span): boolean => name.startsWith("oddodd");
const ns = ({ startTimeUnixNano: from, endTimeUnixNano: to }: Span) => [BigInt(from), BigInt(to)];

test("a run is a trace, its tries are spans, and the calls of hooks lie inside them", async () => {
  await runWork();
  await until("the trace", async () => named("work").length > 0, 120);
  const [run] = await rows<{ id: number; run_id: string; generation: number }>(
    postgres.db,
    "select id, run_id, generation from dagsmith.dag_run",
  );
  const traced = { id: run!.id, dagId: "work", runId: run!.run_id, generation: 0 };
  const contextOf = (taskId: string, tryNumber = 1) =>
    traceparentOf(traced, { taskId, mapIndex: -1, tryNumber }).split("-");
  const [, traceId, callsId] = contextOf("calls");
  const [root] = named("work");
  expect(root).toMatchObject({ traceId, status: { code: 2 } });
  expect(root?.parentSpanId).toBeUndefined();
  for (const name of ["calls", "shell", "fails"])
    for (const one of named(name)) {
      expect(one).toMatchObject({ traceId, parentSpanId: root?.spanId });
      expect(ns(one)[0]! >= ns(root!)[0]! && ns(one)[1]! <= ns(root!)[1]!).toBe(true);
    }
  expect(named("fails").map(({ spanId }) => spanId)).toEqual([
    contextOf("fails", 1)[2],
    contextOf("fails", 2)[2],
  ]);
  expect(named("fails").map(({ status }) => status.code)).toEqual([2, 2]);
  expect(named("calls")[0]?.spanId).toBe(callsId);
  const outputs = await rows<{ task_id: string; value: unknown }>(
    postgres.db,
    "select task_id, value from dagsmith.xcom where key = 'return_value'",
  );
  const outputOf = (id: string) => outputs.find(({ task_id }) => task_id === id)?.value;
  expect(outputOf("calls")).toEqual([PASSWORD.length, contextOf("calls").join("-")]);
  expect(outputOf("shell")).toBe(contextOf("shell").join("-"));
  expect(outputOf("odd")).toBe("unhurt");
  await until("the span that was cut", async () => spans().some(isOdd), 60);
  expect(
    spans()
      .find(isOdd)
      ?.attributes.map(({ key }) => key),
  ).toEqual(["whole", "long"]);
  await until("the spans of hooks", async () => named("lake.read").length === 2, 60);
  expect(named("lake.read").map(({ parentSpanId, kind }) => [parentSpanId, kind])).toEqual([
    [callsId, 3],
    [callsId, 3],
  ]);
  expect(named("lake.read")[1]?.status).toEqual({ code: 2, message: "refused ***" });
  const [request] = named("HTTP POST");
  expect(request).toMatchObject({ traceId, parentSpanId: callsId });
  const echo = collector.posted.find(({ path }) => path.startsWith("/echo"));
  expect(echo?.headers.traceparent).toBe(`00-${traceId}-${request?.spanId}-01`);
  expect(bodies()).toContain("night-runs");
  expect(bodies()).not.toMatch(/hunter22|of-the-query/);
  expect(collector.posted.find(({ path }) => path === "/v1/traces")?.headers["x-team"]).toBe(
    "data",
  );
}, 240_000);

test("lineage has the start and the end of a run and of each try, with assets as datasets", async () => {
  await until("the lineage", async () => events().some(isEndOf("work")), 120);
  const sent = events();
  const of = (name: string) =>
    sent.filter(({ job }) => job.name === name).map(({ eventType }) => eventType);
  expect(of("work")).toEqual(["START", "FAIL"]);
  expect(of("work.calls")).toEqual(["START", "COMPLETE"]);
  expect(of("work.fails")).toEqual(["START", "FAIL", "START", "FAIL"]);
  const end = sent.find(isEndOf("work.calls"));
  expect(end?.inputs).toEqual([{ namespace: "s3://lake", name: "raw/trips" }]);
  expect(end?.outputs).toMatchObject([
    {
      ...{ namespace: "postgres://db:5432", name: "lake.public.trips" },
      facets: { schema: { fields: [{ name: "id", type: "bigint" }] } },
    },
  ]);
  const run = sent.find(isEndOf("work"));
  expect(end?.run.facets.parent).toMatchObject({
    ...{ run: { runId: run?.run.runId }, job: { namespace: "night", name: "work" } },
  });
  const [first] = lineage();
  expect(first?.headers.authorization).toBe("Bearer key-of-lineage");
  expect(
    lineage()
      .map(({ body }) => body)
      .join(""),
  ).not.toMatch(/hunter22|etl@/);
}, 240_000);

test("what a collector refuses for good is logged and holds up no later run", async () => {
  const { length } = named("work");
  collector.status = 400;
  await runWork();
  const refused = (sink: string) => output(scheduler, new RegExp(`report refused sink=${sink}`));
  await Promise.all([refused("traces"), refused("lineage")]);
  collector.status = 200;
  await runWork();
  await until("the trace of the next run", async () => named("work").length > length, 120);
}, 240_000);

test("a collector that was away gets the run when it is back", async () => {
  collector.status = 503;
  const { length } = named("work");
  const known = events().filter(isEndOf("work")).length;
  const from = collector.posted.length;
  await runWork();
  await until("a refused request", async () =>
    collector.posted.slice(from).some(({ status, body }) => status === 503 && /"work"/.test(body)),
  );
  collector.status = 200;
  await until("the trace of the second run", async () => named("work").length > length, 120);
  await until("its lineage", async () => events().filter(isEndOf("work")).length > known, 120);
}, 240_000);

test("a collector that takes requests and answers none holds no service up that stops", async () => {
  const from = collector.posted.length;
  collector.status = null;
  await runWork();
  const isAsked = (what: RegExp) =>
    collector.posted.slice(from).some(({ path, body }) => what.test(`${path} ${body}`));
  await until("requests of both services", async () =>
    [/lineage/, /v1.traces.*"work"/s, /v1.traces.*"lake.read"/s].every(isAsked),
  );
  expect(await Promise.all([stopped(scheduler), stopped(worker)])).toEqual([0, 0]);
}, 240_000);
