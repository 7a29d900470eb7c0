/** The deployment that the pictures show: a few DAGs with a week of runs. */
import type { DagSpec, ScheduleSpec } from "../../sdk/spec/index.ts";
import { dagSpec, type Rows, taskSpec } from "../support/rows.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A DAG, and how long each of its runs takes. */
interface Shown {
  readonly spec: DagSpec;
  readonly everyMs: number;
  readonly minutes: number;
}

const cron = (text: string): ScheduleSpec => ({
  ...{ type: "cron_data_interval", cron: text, timezone: "UTC" },
});

const DOC = `Loads the orders of a day into the warehouse.

**When it fails:** look at the log of \`load\` first. The API of the shop answers
with 503 during its nightly backup; a *clear* of \`load\` is enough then.

- Owner: the data team
- [Orders in the catalogue](https://catalogue.example.com/orders)`;

const ORDERS: Partial<DagSpec> = {
  description: "The orders of a day, from the shop to the warehouse",
  doc: DOC,
  tags: ["shop", "warehouse"],
  groups: [{ groupId: "check", parent: null, doc: null }],
  tasks: [
    taskSpec("extract"),
    taskSpec("load", { upstream: ["extract"], outlets: [{ asset: "lake://orders" }] }),
    taskSpec("check.rows", { upstream: ["load"], group: "check" }),
    taskSpec("check.totals", { upstream: ["load"], group: "check" }),
    taskSpec("report", { upstream: ["check.rows", "check.totals"] }),
  ],
};

const chain = (...ids: readonly string[]) =>
  ids.map((taskId, at) => taskSpec(taskId, { upstream: ids.slice(Math.max(0, at - 1), at) }));

function shown(dagId: string, text: string | null, hours: number, more: Partial<DagSpec>): Shown {
  const schedules = text === null ? [] : [{ name: "", schedule: cron(text), params: {} }];
  const spec = dagSpec(dagId, { schedules, catchup: "none", ...more });
  return { spec, everyMs: hours * HOUR_MS, minutes: 4 + dagId.length };
}

const DAGS: readonly Shown[] = [
  shown("orders_daily", "0 4 * * *", 24, ORDERS),
  shown("customers_hourly", "0 * * * *", 1, {
    description: "Customers that changed in the last hour",
    tags: ["shop"],
    tasks: [
      taskSpec("fetch", { retries: 2 }),
      taskSpec("upsert", { upstream: ["fetch"], outlets: [{ asset: "lake://customers" }] }),
    ],
  }),
  shown("revenue_report", null, 24, {
    description: "Revenue by region, as soon as its tables are there",
    tags: ["finance"],
    assets: { all: [{ asset: "lake://orders" }, { asset: "lake://customers" }] },
    tasks: chain("join", "aggregate", "publish").map((task) =>
      task.taskId === "publish" ? { ...task, outlets: [{ asset: "mart://revenue" }] } : task,
    ),
  }),
  shown("forecast", null, 24, {
    tags: ["finance"],
    assets: { asset: "mart://revenue" },
    tasks: chain("train", "predict"),
  }),
  shown("backup_warehouse", "30 1 * * 0", 168, { tags: ["warehouse"], tasks: chain("dump") }),
];

export const ordersSpec = (): DagSpec => DAGS[0]?.spec ?? dagSpec("orders_daily");

/** The rows of the pictures. @returns a failed run and its failed task's number */
export async function fillWorld(rows: Rows): Promise<{ readonly run: number }> {
  const now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  let failed = 0;
  for (const { spec, everyMs, minutes } of DAGS) {
    const nextRunAfter = spec.schedules.length > 0 ? { nextRunAfter: new Date(now + HOUR_MS) } : {};
    const version = await rows.dag(spec, nextRunAfter);
    const count = Math.min(60, Math.round((14 * DAY_MS) / everyMs));
    for (let n = count; n > 0; n--) {
      const startedAt = new Date(now - n * everyMs + 4 * HOUR_MS);
      if (startedAt.getTime() > Date.now()) continue;
      const isFailed = spec.dagId === "orders_daily" ? n === 1 || n === 6 : n % 23 === 0;
      const run = await addRun(rows, spec, version, {
        startedAt,
        isFailed,
        minutes: minutes + (n % 5),
      });
      if (isFailed && spec.dagId === "orders_daily") failed = run;
    }
  }
  await events(rows);
  return { run: failed };
}

interface AddedRun {
  readonly startedAt: Date;
  readonly isFailed: boolean;
  readonly minutes: number;
}

async function addRun(
  rows: Rows,
  { dagId, tasks }: DagSpec,
  version: number,
  { startedAt, isFailed, minutes }: AddedRun,
): Promise<number> {
  const tookMs = minutes * 60_000;
  const state = isFailed ? "failed" : "success";
  const runId = `scheduled__${startedAt.toISOString()}`;
  const run = await rows.run(dagId, version, { state, startedAt, tookMs, runId });
  const error = { name: "HttpError", message: "the shop answers 503", stack: STACK };
  const broken = Math.min(1, tasks.length - 1);
  for (const [at, { taskId }] of tasks.entries()) {
    const began = new Date(startedAt.getTime() + (at * tookMs) / tasks.length);
    const times = { startedAt: began, tookMs: tookMs / tasks.length };
    const row =
      !isFailed || at < broken
        ? { ...times, state: "success" }
        : at === broken
          ? { ...times, state: "failed", error, tryNumber: 3 }
          : { ...times, state: "upstream_failed" };
    const id = await rows.instance(run, taskId, row);
    if (row.state === "upstream_failed") continue;
    await addLog(rows, id, row.state === "failed");
    await addRendered(rows, id, row.state === "failed");
  }
  return run;
}

const STACK = "HttpError: the shop answers 503\n    at load (dags/orders_daily.ts:14:9)";

async function addLog(rows: Rows, id: number, isFailed: boolean): Promise<void> {
  const tryNumber = isFailed ? 3 : 1;
  await rows.log(id, 0, ["asking the shop for orders", "page 1 of 12", "page 2 of 12"], tryNumber);
  if (isFailed) await rows.log(id, 1, ["HttpError: the shop answers 503"], tryNumber, "error");
}

const RENDERED = [
  {
    name: "url",
    value: "GET https://shop.example.com/orders?since=2026-11-29T04%3A00%3A00Z&page=3",
  },
  {
    name: "sql",
    value: `insert into orders (id, customer, total, placed_at)\nselect id, customer, total, placed_at\nfrom staging.orders\nwhere placed_at >= $1 and placed_at < $2`,
  },
  { name: "parameters", value: `[\n  "2026-11-29T04:00:00Z",\n  "2026-11-30T04:00:00Z"\n]` },
];

async function addRendered(rows: Rows, id: number, isFailed: boolean): Promise<void> {
  const fields = RENDERED.map((field) => ({ ...field, characters: field.value.length }));
  await rows.sql(
    `insert into dagsmith.rendered_fields (task_instance_id, try_number, fields)
     values ($1, $2, $3)`,
    [id, isFailed ? 3 : 1, JSON.stringify(fields)],
  );
}

async function events(rows: Rows): Promise<void> {
  await rows.sql(
    `insert into dagsmith.asset_event (uri, actor, extra)
     select uri, 'ada', '{"rows": 1204}' from dagsmith.asset`,
  );
  await rows.sql(
    `insert into dagsmith.audit (actor, action, dag_id, detail) values
       ('ada', 'pause', 'orders_daily', '{}'), ('ada', 'unpause', 'orders_daily', '{}')`,
  );
}
