/** What the cases of left-over work are made of. */
import { createBackfill, markRun, pauseDag, triggerRun } from "../../../runtime/actions/index.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import type { Database } from "../../../runtime/store/database/database.ts";
import { registerWorker } from "../../../runtime/store/fleet/worker.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { type Driver, driverOf, endOf, runnable, success } from "../engine_driver.ts";
import { known, rows } from "../migrated.ts";

/** Two things that a job has work with. */
export interface LeftWork {
  /** The rows that a frozen transaction locks: those of the first thing. */
  readonly lock: string;
  /** SQL: `done` of both things, in order. */
  readonly done: string;
}

export interface LeftWorkCase {
  /** The name of the job. */
  readonly job: string;
  /** What is held, for the title. */
  readonly held: string;
  readonly make: (db: Database) => Promise<LeftWork>;
  /** What happens before the job looks while a row is held, and again when none is. */
  readonly before?: (db: Database) => Promise<unknown>;
  /** How often the job must look before it does its work. Default: once. */
  readonly passes?: number;
}

export type AnyDag = Dag<unknown>;
export const me = { actor: "ann" };
export const plans = new Plans();

let last = 0;
export const nextId = (): string => `left_${++last}`;

export async function newDag(
  db: Database,
  build: (d: AnyDag) => unknown,
  options: DagOptions = {},
): Promise<string> {
  const d = dag(nextId(), options) as unknown as AnyDag;
  build(d);
  await known(db, describeDag(d));
  return d.dagId;
}

export const oneTask = (d: AnyDag): unknown => d.task("a", async () => null);

export async function twice<Value>(make: () => Promise<Value>): Promise<readonly [Value, Value]> {
  return [await make(), await make()];
}

export async function newRun(
  db: Database,
  dagId: string,
): Promise<{ readonly id: number; readonly dagId: string; readonly driver: Driver }> {
  const { id } = await triggerRun(db, { dagId, ...me });
  return { id, dagId, driver: driverOf(db, plans, id) };
}

/** Two runs of DAGs of their own. */
export const twoRuns = (db: Database, build: (d: AnyDag) => unknown, options: DagOptions = {}) =>
  twice(async () => newRun(db, await newDag(db, build, options)));

/** Ends the only instance of a run, as a process that dies right after its commit. */
export async function endOnly(
  { driver }: { readonly driver: Driver },
  outcome: Outcome,
): Promise<void> {
  const [instance] = runnable(await driver.look());
  await driver.take(instance!);
  await driver.complete([endOf(instance!, outcome)]);
}

export const lockRow = (table: string, where: string): string =>
  `select from dagsmith.${table} where ${where} for update`;
export const lockRun = (id: number): string => lockRow("dag_run", `id = ${id}`);
export const lockDag = (dagId: string): string => lockRow("dag", `dag_id = '${dagId}'`);
export const lockInstances = (runId: number): string =>
  lockRow("task_instance", `run_id = ${runId}`);

/** Both things by a key each. @param done SQL over `k.key` */
export const both = (keys: readonly (string | number)[], done: string): string =>
  `select ${done} as done from (values ${keys.map((key, at) => `(${at}, ${typeof key === "number" ? key : `'${key}'`})`).join(", ")}) k (position, key) order by k.position`;

export const hasRun = "exists (select from dagsmith.dag_run r where r.dag_id = k.key)";
export const isState = (states: string): string =>
  `exists (select from dagsmith.task_instance t where t.run_id = k.key and t.state in (${states}))`;

export async function pausedTwice(
  db: Database,
  options: DagOptions,
  event: () => Promise<unknown>,
): Promise<LeftWork> {
  const ids = await twice(() => newDag(db, oneTask, options));
  for (const dagId of ids) await pauseDag(db, { dagId, ...me });
  await event();
  await rows(db, "update dagsmith.dag set is_paused = false where dag_id = any($1)", [ids]);
  return { lock: lockDag(ids[0]), done: both(ids, hasRun) };
}

const CALL: Outcome = {
  kind: "deferred",
  wait: {
    ...{ type: "call", dagId: "left_called", params: "{}", version: null, waits: true },
    ...{ rerun: "failed", timeoutMs: null },
  },
};

/** Two runs whose tasks have just called a DAG. */
export async function twoCalls(db: Database) {
  const called = dag("left_called");
  const a = called.task("a", async () => null);
  const output = called.output({ a });
  await known(db, describeDag(called));
  const runs = await twoRuns(db, (d) => d.call("it", output));
  for (const run of runs) await endOnly(run, CALL);
  return runs;
}

export const isCallState = (state: string): string =>
  `exists (select from dagsmith.task_call c join dagsmith.task_instance t on t.id = c.task_instance_id
    where t.run_id = k.key and c.state = '${state}')`;
export const isRunState = (state: string): string =>
  `exists (select from dagsmith.dag_run r where r.id = k.key and r.state = '${state}')`;
export const calledRunOf = (runId: number): string =>
  `select c.called_run_id from dagsmith.task_call c join dagsmith.task_instance t
   on t.id = c.task_instance_id where t.run_id = ${runId}`;

export const idOf = async (db: Database, text: string): Promise<number> =>
  Number((await rows<Record<string, unknown>>(db, text)).map((row) => Object.values(row)[0])[0]);

const DAY_MS = 86_400_000;
const daysAgo = (days: number): string =>
  new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
export const DAILY: DagOptions = { schedule: "@daily", startDate: "2020-01-01", catchup: "none" };

/** Two DAGs with a backfill of one interval each, which has its run already if asked. */
export async function twoBackfills(
  db: Database,
  { overRuns = false } = {},
): Promise<readonly { readonly dagId: string; readonly id: number; readonly runId: number }[]> {
  return twice(async () => {
    const dagId = await newDag(db, oneTask, DAILY);
    const at = daysAgo(3);
    const logicalDate = `${at}T00:00:00Z`;
    const run = overRuns ? await triggerRun(db, { dagId, logicalDate, ...me }) : { id: 0 };
    if (overRuns) await markRun(db, { id: run.id, to: "failed", ...me });
    const range = { dagId, from: at, to: at, reprocess: "failed" } as const;
    const { id } = await createBackfill(db, { ...range, ...me });
    return { dagId, id, runId: run.id };
  });
}

/** Two runs of which the second waits for the first, in two DAGs. */
export async function twoWaitingRuns(db: Database): Promise<readonly number[]> {
  return twice(async () => {
    const dagId = await newDag(db, (d) => d.task("a", { dependsOnPast: true }, async () => null));
    const first = await newRun(db, dagId);
    const second = await newRun(db, dagId);
    await endOnly(first, success());
    return second.id;
  });
}

/** A worker that never beats. */
export async function silentWorker(db: Database): Promise<string> {
  const id = nextId();
  const [poolId, sessionName] = [`pool-${id}`, `sessions of ${id}`];
  await registerWorker(db, { id, poolId, hostname: "host", pid: 7, sessionName, slots: 1 });
  return id;
}

export async function anHourAgo(db: Database, table: string, column: string): Promise<void> {
  await rows(db, `update dagsmith.${table} set ${column} = ${column} - interval '1 hour'`);
}
