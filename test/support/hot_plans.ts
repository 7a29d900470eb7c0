/**
 * The plans of every statement that services send, over tables of any size. A plan that
 * reads a whole table of the history costs more with each day; one of a high cost sets
 * off JIT.
 */
import pg from "pg";
import { onTestFinished } from "vitest";
import { triggerRun } from "../../runtime/actions/index.ts";
import type { RunCollector } from "../../runtime/scheduler/jobs/report_runs.ts";
import { startScheduler } from "../../runtime/scheduler/service.ts";
import type { Database, Queryable, Statement } from "../../runtime/store/database/database.ts";
import { dagFolder } from "./dag-folder.ts";
import { rows } from "./migrated.ts";
import { until } from "./until.ts";
import { deploy, runEnd, testWorker } from "./worker.ts";

/** A task of each kind that costs statements of its own. */
const DAG = `
import { chain, dag } from "dagsmith";
const d = dag("every_kind", { schedule: "@daily", startDate: "2026-01-01", maxActiveRuns: 4, maxConsecutiveFailedDagRuns: 9 });
const list = d.task("list", () => [1, 2, 3]);
const each = d.task("each", { each: list, retries: 1, retryDelay: "10ms", onRetry: () => undefined }, ({ item, tryNumber, log }) => {
  log.info("try " + tryNumber);
  if (tryNumber < 2) throw new Error("again");
  return item;
});
const sum = d.task("sum", { inputs: { each }, pool: "narrow" }, ({ inputs }) => inputs.each.length);
const asks = d.sensor("asks", { interval: "10ms", timeout: "1m" }, () => Date.now() % 3 === 0);
const past = d.task("past", { dependsOnPast: true, onSuccess: () => undefined }, () => null);
chain(sum, asks, past);
export default d;
`;

/** Gets every run, and drops it. */
const NOWHERE: RunCollector = { sink: "traces", portionsOf: () => [], onLeftOut: () => undefined };

/** Statements that services send after a while. */
const SELDOM = ["worker_orphans", "task_wait_sweep", "run_report_sent", "run_report_forget"];

/** Tables that hold history. */
const GROWING =
  /^(dag_run|task_instance|task_try|task_counter|log_chunk|xcom|schedule_decision|audit|callback)$/;

/** Above this cost a server as it is shipped compiles the plan. */
const JIT_ABOVE_COST = 100_000;

export interface HotStatement extends Statement {
  readonly parameters: number;
}

/** The database, and every statement that is sent to it from now on. */
function recording(db: Database): {
  readonly db: Database;
  readonly sent: Map<string, HotStatement>;
} {
  const sent = new Map<string, HotStatement>();
  const on = (inner: Queryable): Queryable => ({
    query: (statement, values = []) => {
      sent.set(statement.name, { ...statement, parameters: values.length });
      return inner.query(statement, values);
    },
  });
  return {
    sent,
    db: { ...db, query: on(db).query, transaction: (work) => db.transaction((tx) => work(on(tx))) },
  };
}

/**
 * What a scheduler and a worker send while runs of a DAG with every kind of task go by.
 */
export async function hotStatements(db: Database): Promise<readonly HotStatement[]> {
  await rows(db, "insert into dagsmith.pool (name, slots) values ('narrow', 1)");
  const { db: recorded, sent } = recording(db);
  await deploy(recorded, await dagFolder({ "every_kind.js": DAG }));
  const scheduler = startScheduler({ db: recorded, log: () => undefined, collectors: [NOWHERE] });
  const worker = await testWorker(recorded);
  onTestFinished(async () => void (await Promise.all([scheduler.stop(), worker.stop()])));
  for (let run = 0; run < 2; run++) {
    const { id } = await triggerRun(recorded, { dagId: "every_kind", actor: "test" });
    await runEnd(db, id);
  }
  await until("the seldom jobs", async () => SELDOM.every((name) => sent.has(name)));
  await Promise.all([scheduler.stop(), worker.stop()]);
  return [...sent.values()].filter(({ text }) => !/^\s*select pg_/.test(text));
}

/** Statistics are made only when a test asks for them. */
async function keepUnanalysed(db: Database): Promise<void> {
  await rows(
    db,
    `do $$ declare t regclass; begin
       for t in select oid from pg_class where relnamespace = 'dagsmith'::regnamespace and relkind = 'r' loop
         execute format('alter table %s set (autovacuum_enabled = off)', t);
       end loop; end $$`,
  );
}

/** Leaves the history of so many instances, ten in each run, and nothing else. */
async function fillHistory(db: Database, instances: number): Promise<void> {
  await rows(db, "truncate dagsmith.dag_run, dagsmith.audit, dagsmith.callback cascade");
  if (instances === 0) return;
  const fill = (text: string) => rows(db, text, [instances / 10]);
  await fill(`
insert into dagsmith.dag_run (dag_id, run_id, run_type, state, version_id, logical_date,
  data_interval_start, data_interval_end, run_after, started_at, finished_at)
select dag_id, 'manual__past_' || n, 'manual', 'success', version_id, at, at, at, at, at, at
from dagsmith.dag, generate_series(1, $1::int) n, lateral (select now() - n * interval '1 minute' as at) t`);
  const past =
    "dagsmith.dag_run r, generate_series(1, $1::int * 0 + 10) n where r.run_id like 'manual\\_\\_past%'";
  await fill(`
insert into dagsmith.task_instance (run_id, task_id, map_index, state, worker_id, queued_at, started_at, finished_at)
select r.id, 'each', n, 'success', 'history', now(), now(), now() from ${past}`);
  await fill(`
insert into dagsmith.task_counter (run_id, task_id, map_index, upstream_total)
select r.id, 'each', n, 1 from ${past}`);
  await fill(`
insert into dagsmith.xcom (run_id, task_id, map_index, key, value)
select r.id, 'each', n, 'return_value', '1' from ${past}`);
  for (const [table, columns, values] of [
    ["task_try", "try_number, state", "1, 'success'"],
    ["log_chunk", "try_number, seq, lines", "1, 1, 'line'"],
  ])
    await fill(`
insert into dagsmith.${table} (task_instance_id, ${columns})
select id, ${values} from dagsmith.task_instance where $1::int > 0 and worker_id = 'history' on conflict do nothing`);
  await fill(`
insert into dagsmith.callback (run_id, event, state, finished_at)
select r.id, 'onSuccess', 'success', now() from dagsmith.dag_run r where $1::int > 0 and r.run_id like 'manual\\_\\_past%'`);
  await fill(
    "insert into dagsmith.audit (actor, action, dag_id) select 'ada', 'trigger', 'every_kind' from generate_series(1, $1::int)",
  );
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Total Cost": number;
  readonly Plans?: readonly PlanNode[];
}

export interface ShownPlan {
  readonly name: string;
  readonly cost: number;
  /** Growing tables that it reads from their first row to the last. */
  readonly scans: readonly string[];
}

/** The plans that a session keeps for statements which it runs again and again. */
async function plansOf(
  url: string,
  statements: readonly HotStatement[],
): Promise<readonly ShownPlan[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("set plan_cache_mode = force_generic_plan");
    const plans: ShownPlan[] = [];
    for (const statement of statements) plans.push(await planOf(client, statement));
    return plans;
  } finally {
    await client.end();
  }
}

async function planOf(
  client: pg.Client,
  { name, text, parameters }: HotStatement,
): Promise<ShownPlan> {
  await client.query(`prepare shown as ${text}`);
  const given = parameters === 0 ? "" : `(${Array(parameters).fill("null").join()})`;
  const { rows: found } = await client.query(`explain (format json) execute shown ${given}`);
  await client.query("deallocate shown");
  const root: PlanNode = found[0]["QUERY PLAN"][0].Plan;
  return { name, cost: root["Total Cost"], scans: scansIn(root) };
}

function scansIn(node: PlanNode): readonly string[] {
  const table = node["Relation Name"] ?? "";
  const own = node["Node Type"] === "Seq Scan" && GROWING.test(table) ? [table] : [];
  return [...own, ...(node.Plans ?? []).flatMap(scansIn)];
}

/**
 * Plans that cost more with each day: they read the history, or are worth a compilation.
 */
async function costlyPlans(
  db: Database,
  statements: readonly HotStatement[],
): Promise<readonly ShownPlan[]> {
  const [size] = await rows<{ isLarge: boolean }>(
    db,
    `select pg_relation_size('dagsmith.task_instance') > 1000000 as "isLarge"`,
  );
  const plans = await plansOf(db.url, statements);
  // A small table is best read as a whole.
  return plans.filter(
    ({ cost, scans }) => cost > JIT_ABOVE_COST || (size?.isLarge && scans.length > 0),
  );
}

/** The statements of services over tables of a size. */
export interface PlannedSize {
  readonly instances: number;
  readonly isAnalysed: boolean;
}

/** Empty, small and large tables, first without statistics, then with them. */
export const emptySmallAndLarge = (most: number): readonly PlannedSize[] => [
  ...[0, 1_000, most].map((instances) => ({ instances, isAnalysed: false })),
  ...[most, 1_000, 0].map((instances) => ({ instances, isAnalysed: true })),
];

/** The costly plans of each size, by name. */
export async function costlyBySize(
  db: Database,
  statements: readonly HotStatement[],
  sizes: readonly PlannedSize[],
): Promise<readonly (PlannedSize & { readonly costly: readonly ShownPlan[] })[]> {
  await keepUnanalysed(db);
  const found = [];
  let filled: number | undefined;
  for (const size of sizes) {
    if (size.instances !== filled) await fillHistory(db, size.instances);
    filled = size.instances;
    if (size.isAnalysed) await rows(db, "analyze");
    found.push({ ...size, costly: await costlyPlans(db, statements) });
  }
  return found;
}
