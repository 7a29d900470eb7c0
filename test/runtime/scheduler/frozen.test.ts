/**
 * A transaction that froze keeps its row locks until the server ends it. The jobs of a
 * scheduler leave what it holds for later, and go on with everything else.
 */
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { markRun, triggerRun } from "../../../runtime/actions/index.ts";
import { endOverdueRuns } from "../../../runtime/scheduler/jobs/end_overdue.ts";
import { endWaits } from "../../../runtime/scheduler/jobs/end_waits.ts";
import { expireQueued } from "../../../runtime/scheduler/jobs/expire_queued.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { externalRun, waitFor } from "../../../sdk/task/wait.ts";
import { driverOf, endOf, runnable } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase();
const plans = new Plans();

type Build = (d: Dag<unknown>) => unknown;

let last = 0;
/** Two runs of one DAG. */
async function twoRuns(build: Build, options: DagOptions = {}) {
  last += 1;
  const d = dag(`frozen_${last}`, options) as unknown as Dag<unknown>;
  build(d);
  await known(postgres.db, describeDag(d));
  const trigger = async () => {
    const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor: "ann" });
    return { id, driver: driverOf(postgres.db, plans, id) };
  };
  return [await trigger(), await trigger()] as const;
}

/** The session of a frozen process, inside a transaction that has locked rows. */
async function frozenOn(table: "dag_run" | "task_instance", id: number): Promise<Client> {
  const frozen = new Client({ connectionString: postgres.db.url });
  await frozen.connect();
  onTestFinished(() => frozen.end());
  await frozen.query("begin");
  await frozen.query(`select from dagsmith.${table} where id = $1 for update`, [id]);
  return frozen;
}

/** As if so much had happened an hour ago. */
async function anHourAgo(): Promise<void> {
  await rows(
    postgres.db,
    "update dagsmith.task_instance set queued_at = queued_at - interval '1 hour'",
  );
  await rows(postgres.db, "update dagsmith.task_wait set due_at = now() - interval '1 hour'");
  await rows(
    postgres.db,
    "update dagsmith.dag_run set timeout_at = timeout_at - interval '1 hour'",
  );
}

const sensor: Build = (d) => d.sensor("a", { interval: "1h", timeout: "1d" }, async () => false);

interface JobCase {
  readonly name: string;
  readonly job: () => Promise<number>;
  readonly build: Build;
  readonly options?: DagOptions;
  readonly prepare?: () => Promise<void>;
}

function oneTask(dagId: string): Dag<unknown> {
  const d = dag(dagId) as unknown as Dag<unknown>;
  d.task("a", async () => null);
  return d;
}

const JOBS: readonly JobCase[] = [
  {
    name: "expire_queued",
    job: () => expireQueued(postgres.db, plans),
    build: (d) => d.task("a", { queueTimeout: "1m" }, async () => null),
  },
  {
    name: "end_overdue",
    job: () => endOverdueRuns(postgres.db, plans),
    build: (d) => d.task("a", async () => null),
    options: { dagRunTimeout: "1m" },
  },
  {
    name: "end_waits",
    job: () => endWaits(postgres.db, plans),
    build: (d) => d.task("a", waitFor("1m")),
  },
  {
    name: "end_waits, of waits for another run,",
    job: () => endWaits(postgres.db, plans),
    build: (d) => d.task("a", externalRun({ dag: "awaited" })),
    prepare: async () => {
      await known(postgres.db, describeDag(oneTask("awaited")));
      const { id } = await triggerRun(postgres.db, { dagId: "awaited", actor: "ann" });
      await markRun(postgres.db, { id, to: "success", actor: "ann" });
      await rows(
        postgres.db,
        `update dagsmith.task_wait w set logical_date = r.logical_date
         from dagsmith.dag_run r where r.id = $1`,
        [id],
      );
    },
  },
];

test.each(JOBS)(
  "$name leaves the run that a frozen transaction holds, and ends what is due in another",
  async ({ job, build, options, prepare }) => {
    const runs = await twoRuns(build, options);
    await prepare?.();
    const states = () =>
      Promise.all(runs.map(async ({ driver }) => (await driver.look()).instances[0]!.state));
    await anHourAgo();
    const [before] = await states();
    const frozen = await frozenOn("dag_run", runs[0].id);
    expect(await job()).toBe(1);
    const [held, free] = await states();
    expect(held).toBe(before);
    expect(free).not.toBe(before);
    await frozen.end();
    await until("what was left", async () => (await job()) > 0);
    expect(await states()).toEqual([free, free]);
  },
);

test("end_waits wakes a sensor while a frozen transaction holds another's instance", async () => {
  const runs = await twoRuns(sensor);
  const held = [];
  for (const { driver } of runs) {
    const [instance] = runnable(await driver.look());
    await driver.take(instance!);
    await driver.complete([endOf(instance!, { kind: "not_yet" })]);
    held.push(instance!.id);
  }
  await anHourAgo();
  const frozen = await frozenOn("task_instance", held[0]!);
  const states = () =>
    Promise.all(runs.map(async ({ driver }) => (await driver.look()).instances[0]!.state));
  expect(await endWaits(postgres.db, plans)).toBe(1);
  expect(await states()).toEqual(["up_for_reschedule", "queued"]);
  await frozen.end();
  await until("the other sensor", async () => (await endWaits(postgres.db, plans)) > 0);
  expect(await states()).toEqual(["queued", "queued"]);
});
