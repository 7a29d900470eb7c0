/** Why a task waits: every reason, brought about for real and read as people read it. */
import { beforeEach, expect, test } from "vitest";
import { clearRuns, pauseDag, setPool, triggerRun } from "../../../runtime/actions/index.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import {
  recordSchedulerHeartbeat,
  removeScheduler,
} from "../../../runtime/store/fleet/scheduler.ts";
import { registerWorker } from "../../../runtime/store/fleet/worker.ts";
import { whyWaiting } from "../../../runtime/store/reads/why.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { externalRun, waitForEvent, waitUntil } from "../../../sdk/index.ts";
import type { MappedTaskOptions, TaskDefaults } from "../../../sdk/task/task_options.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { type Driver, driverOf, endOf, failed, success } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const database = migratedDatabase();
const plans = new Plans();
let number = 0;
let dagId = "";

beforeEach(async () => {
  dagId = `why_${++number}`;
  for (const table of ["dag_run", "pool", "worker", "scheduler"])
    await rows(database.db, `delete from dagsmith.${table}`);
  await worker();
});

const worker = (
  more: { readonly id?: string; readonly slots?: number; readonly queues?: readonly string[] } = {},
) =>
  registerWorker(database.db, {
    id: "worker-1",
    poolId: "p",
    hostname: "h",
    pid: 1,
    sessionName: "s",
    slots: 4,
    ...more,
  });

const work = (): void => undefined;

async function deployed(build: (d: Dag<never>) => void, options: DagOptions = {}): Promise<void> {
  const d = dag(dagId, options as never);
  build(d as never);
  await known(database.db, describeDag(d as never));
}

async function begun(): Promise<Driver & { readonly id: number }> {
  const { id } = await triggerRun(database.db, { dagId, actor: "test" });
  return { ...driverOf(database.db, plans, id), id };
}

/** A run of one task `a` with these options. */
async function one(
  options: TaskDefaults | MappedTaskOptions<Record<never, never>, number>,
  of: DagOptions = {},
): Promise<Driver & { readonly id: number }> {
  await deployed((d) => void d.task("a", options as TaskDefaults, work), of);
  return begun();
}

/** Reasons by task, as `gate: text`. */
async function why(id: number, taskId?: string): Promise<Record<string, string[]>> {
  const { tasks } = await whyWaiting(database.db, id, taskId ?? null);
  return Object.fromEntries(
    tasks.map((task) => [task.taskId, task.reasons.map(({ gate, text }) => `${gate}: ${text}`)]),
  );
}

async function take(run: Driver, taskId = "a"): Promise<void> {
  const instance = (await run.look()).instances.find((each) => each.taskId === taskId)!;
  expect(await run.take(instance)).toBe(true);
}

test("nothing is said of what runs or has ended", async () => {
  const run = await one({});
  await take(run);
  expect(await why(run.id)).toEqual({});
  const [instance] = (await run.look()).instances;
  await run.complete([endOf(instance!, success())]);
  expect(await why(run.id)).toEqual({});
});

test("the DAG is paused", async () => {
  await deployed((d) => void d.task("a", work));
  await pauseDag(database.db, { dagId, actor: "test" });
  await recordSchedulerHeartbeat(database.db, "s", []);
  const run = await begun();
  expect(await why(run.id)).toEqual({
    a: [`dag_paused: the DAG is paused, and its runs stay queued: dag unpause ${dagId}`],
  });
});

test("as many runs are active as the DAG allows, and no scheduler is there", async () => {
  await one({}, { maxActiveRuns: 1 });
  const second = await begun();
  expect(await why(second.id)).toEqual({
    a: [
      "max_active_runs: 1 run is running, and maxActiveRuns is 1",
      "no_scheduler: no scheduler is alive to start the run: dag scheduler",
    ],
  });
  await recordSchedulerHeartbeat(database.db, "s", []);
  expect(await why(second.id)).toEqual({
    a: ["max_active_runs: 1 run is running, and maxActiveRuns is 1"],
  });
  await removeScheduler(database.db, "s");
});

test("the run is not due", async () => {
  await recordSchedulerHeartbeat(database.db, "s", []);
  await one({}, { maxActiveRuns: 1 });
  const second = await begun();
  await rows(
    database.db,
    "update dagsmith.dag_run set state = 'success', finished_at = now() where id <> $1",
    [second.id],
  );
  await rows(
    database.db,
    "update dagsmith.dag_run set run_after = '2999-01-01T00:00:00Z' where id = $1",
    [second.id],
  );
  expect(await why(second.id)).toEqual({
    a: ["run_not_due: the run is due at 2999-01-01T00:00:00.000Z"],
  });
});

test("the run ended before the task was instantiated", async () => {
  await deployed((d) => chain(d.task("a", work), d.task("b", work)));
  const run = await begun();
  await rows(
    database.db,
    "update dagsmith.dag_run set state = 'failed', finished_at = now() where id = $1",
    [run.id],
  );
  expect((await why(run.id, "b")).b).toEqual([
    "run_ended: the run ended before the task was instantiated",
  ]);
});

test("tasks before it are not done, and the rule says what that means", async () => {
  await deployed((d) => {
    const [a, b] = [d.task("a", work), d.task("b", work)];
    chain([a, b], d.task("c", { triggerRule: "all_done" }, work));
    d.task("m", { each: a as never }, work);
  });
  const run = await begun();
  await take(run);
  expect(await why(run.id)).toEqual({
    b: ["worker: waits for a worker to claim it"],
    c: ["upstream: waits for a [running], b [queued] (trigger rule all_done)"],
    m: ["upstream: waits for a [running] (trigger rule all_success)"],
  });
});

test("a task that was cleared waits for its turn anew", async () => {
  await deployed((d) => chain(d.task("a", work), d.task("b", work)));
  const run = await begun();
  for (const taskId of ["a", "b"]) {
    await take(run, taskId);
    await run.complete([
      endOf((await run.look()).instances.find((each) => each.taskId === taskId)!, success()),
    ]);
  }
  await clearRuns(database.db, { of: { run: run.id }, actor: "test" });
  expect((await why(run.id)).b).toEqual([
    "upstream: waits for a [queued] (trigger rule all_success)",
  ]);
});

test("a task that is mapped over a list waits for it whatever its rule says", async () => {
  await deployed(
    (d) => void d.task("m", { each: d.task("a", work) as never, triggerRule: "always" }, work),
  );
  const run = await begun();
  expect((await why(run.id, "m")).m).toEqual([
    "upstream: waits for a [queued] (its list must be known)",
  ]);
});

test("a pool is full, closed, missing or too small", async () => {
  await setPool(database.db, { name: "api", slots: 2, actor: "test" });
  await one({ pool: "api", poolSlots: 2 });
  const full = await begun();
  expect(await why(full.id)).toEqual({
    a: ['pool: the pool "api" has 0 of 2 slots free, and the try takes 2'],
  });
  await setPool(database.db, { name: "api", slots: 0, actor: "test" });
  expect(await why(full.id)).toEqual({
    a: ['pool: the pool "api" is closed (0 slots): dag pools set api <slots>'],
  });
  await rows(database.db, "delete from dagsmith.pool");
  expect(await why(full.id)).toEqual({
    a: ['pool: There is no pool "api". Make it with: dag pools set api <slots>'],
  });
  await rows(database.db, "insert into dagsmith.pool (name, slots) values ('api', 1)");
  expect((await why(full.id)).a![0]).toMatch(
    /^pool: The pool "api" is too small: it has 1, and one try takes 2, so it could never begin\./,
  );
});

test("the pool that holds every task is full", async () => {
  await setPool(database.db, { name: "all", slots: 1, actor: "test" });
  await one({});
  const second = await begun();
  expect(await why(second.id)).toEqual({
    a: ['pool: the pool "all", which holds every task, has 0 of 1 slot free, and the try takes 1'],
  });
});

test("limits of the DAG, over all runs and within one", async () => {
  await one({}, { maxActiveTasks: 1 });
  expect(await why((await begun()).id)).toEqual({
    a: ["max_active_tasks: of the DAG 1 instance is active, and maxActiveTasks is 1"],
  });
  dagId = `${dagId}_run`;
  const run = await one({ each: [1, 2, 3] }, { maxActiveTasksPerRun: 2 });
  const { tasks } = await whyWaiting(database.db, run.id);
  expect(tasks).toMatchObject([
    { state: "queued", mapIndex: 0, instances: 2 },
    {
      ...{ state: "scheduled", mapIndex: 2, instances: 1 },
      reasons: [
        {
          gate: "max_active_tasks_per_run",
          text: "of the run 2 instances are active, and maxActiveTasksPerRun is 2",
        },
      ],
    },
  ]);
});

test("limits of the task: over all runs, within one, by key and by rate", async () => {
  await one({ maxActiveAcrossRuns: 1 });
  expect((await why((await begun()).id)).a).toEqual([
    "max_active_across_runs: of the task 1 instance is active over all runs, and maxActiveAcrossRuns is 1",
  ]);
  dagId = `${dagId}_key`;
  await one({ concurrencyKey: "customer 7" });
  expect((await why((await begun()).id)).a).toEqual([
    'concurrency_key: 1 try is active with the key "customer 7", and 1 may be active at once (concurrencyKey)',
  ]);
  dagId = `${dagId}_rate`;
  await one({ rateLimit: { key: "api.example.com", limit: 1, per: "1m" } });
  expect((await why((await begun()).id)).a).toEqual([
    'rate_limit: 1 start under "api.example.com" within 60 s, and the rateLimit is 1; the next starts when the window allows',
  ]);
});

test("as many mapped instances are let go as maxActive allows, alone and beside another limit", async () => {
  const scheduled = async (id: number) =>
    (await whyWaiting(database.db, id)).tasks.find(({ state }) => state === "scheduled");
  const run = await one({ each: [1, 2, 3], maxActive: 1 });
  expect(await scheduled(run.id)).toMatchObject({
    ...{ mapIndex: 1, instances: 2 },
    reasons: [
      {
        gate: "max_active",
        text: "as many instances of the task are started in this run as maxActive allows: 1",
      },
    ],
  });
  dagId = `${dagId}_both`;
  await setPool(database.db, { name: "api", slots: 9, actor: "test" });
  const both = await one({ each: [1, 2], maxActive: 1, pool: "api" });
  expect((await scheduled(both.id))?.reasons).toEqual([
    {
      gate: "max_active",
      text: "of the task 1 instance is active in this run, and maxActive is 1",
    },
  ]);
});

test("everything that is not met is said, not only the first", async () => {
  await setPool(database.db, { name: "api", slots: 1, actor: "test" });
  await one({ pool: "api", concurrencyKey: "k" }, { maxActiveTasks: 1 });
  const gates = (await whyWaiting(database.db, (await begun()).id)).tasks[0]!.reasons.map(
    ({ gate }) => gate,
  );
  expect(gates).toEqual(["pool", "max_active_tasks", "concurrency_key"]);
});

test("slots are free, and other instances get them first", async () => {
  await setPool(database.db, { name: "api", slots: 3, actor: "test" });
  await deployed((d) => {
    d.task("small", { pool: "api", priorityWeight: 9 }, work);
    d.task("large", { pool: "api", poolSlots: 3, priorityWeight: 5 }, work);
    d.task("last", { pool: "api" }, work);
  });
  const run = await begun();
  expect((await why(run.id, "last")).last).toEqual([
    "queue_order: slots are free, and other instances get them first: by weight, logical date and map index",
  ]);
});

test("a retry is not due, with limits and without", async () => {
  const run = await one({ retries: 1, retryDelay: "1h" });
  await take(run);
  await run.complete([endOf((await run.look()).instances[0]!, failed())]);
  expect((await why(run.id)).a![0]).toMatch(/^retry: tries again at \d{4}-.*Z, after: Error: no$/);
  dagId = `${dagId}_pool`;
  await setPool(database.db, { name: "api", slots: 1, actor: "test" });
  const limited = await one({ retries: 1, retryDelay: "1h", pool: "api" });
  await take(limited);
  await limited.complete([endOf((await limited.look()).instances[0]!, failed())]);
  const reasons = (await why(limited.id)).a!;
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toMatch(/^retry: tries again at /);
});

test("no worker is alive, none serves the queue, all are busy", async () => {
  const run = await one({ queue: "gpu" });
  expect((await why(run.id)).a).toEqual([
    'worker: no live worker serves the queue "gpu": dag worker --queues gpu',
  ]);
  await worker({ id: "worker-2", slots: 1, queues: ["gpu", "default"] });
  expect((await why(run.id)).a).toEqual(["worker: waits for a worker to claim it"]);
  const busy = await begun();
  const [instance] = (await busy.look()).instances;
  await busy.take(instance!, "worker-2");
  expect((await why(run.id)).a).toEqual([
    "worker: all 1 slot of the 1 worker for its queue are busy",
  ]);
  await rows(database.db, "delete from dagsmith.worker");
  expect((await why(run.id)).a).toEqual(["worker: no worker is alive: dag worker"]);
});

test("a run and a task that do not exist are errors with a code", async () => {
  await expect(whyWaiting(database.db, 999_999)).rejects.toMatchObject({ code: "UNKNOWN_RUN" });
  const run = await one({});
  await expect(whyWaiting(database.db, run.id, "nothing")).rejects.toMatchObject({
    code: "UNKNOWN_TASK",
  });
});

test("a sensor waits for its next poke, in no line and for no worker; others for a time, a run, an event", async () => {
  await recordSchedulerHeartbeat(database.db, "s", []);
  await setPool(database.db, { name: "api", slots: 1, actor: "test" });
  await deployed((d) => {
    d.sensor("a", { pool: "api", interval: "1h" }, () => false);
    d.task("time", waitUntil("2099-01-02"));
    d.task("run", externalRun({ dag: "other", task: "load", timeout: "1h" }));
    d.task("event", waitForEvent("approved"));
  });
  const run = await begun();
  await take(run);
  await run.complete([
    endOf((await run.look()).instances.find(({ taskId }) => taskId === "a")!, { kind: "not_yet" }),
  ]);
  const at = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`;
  const reasons = await why(run.id);
  expect(Object.values(reasons).map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  expect(reasons.a![0]).toMatch(new RegExp(`^wait: runs again at ${at}$`));
  expect(reasons.time).toEqual(["wait: waits until 2099-01-02 00:00:00 UTC"]);
  expect(reasons.run![0]).toMatch(
    new RegExp(
      `^wait: waits for task "load" of the run of DAG "other", until ${at} at the latest$`,
    ),
  );
  expect(reasons.event![0]).toMatch(
    new RegExp(`^wait: waits for event "approved", until ${at} at the latest$`),
  );
});

test("a sensor leaves its place in a pool between its pokes, and waits for one again when it is to poke", async () => {
  await setPool(database.db, { name: "api", slots: 1, actor: "test" });
  await deployed((d) => {
    d.sensor("a", { pool: "api", priorityWeight: 9 }, () => false);
    d.task("b", { pool: "api" }, work);
  });
  const run = await begun();
  const states = async () =>
    Object.fromEntries((await run.look()).instances.map(({ taskId, state }) => [taskId, state]));
  const end = async (taskId: string, outcome: Outcome) =>
    run.complete([
      endOf((await run.look()).instances.find((one) => one.taskId === taskId)!, outcome),
    ]);
  expect(await states()).toEqual({ a: "queued", b: "scheduled" });
  await take(run);
  await end("a", { kind: "not_yet" });
  expect(await states()).toEqual({ a: "up_for_reschedule", b: "queued" });
  await run.passTime();
  expect(await states()).toEqual({ a: "scheduled", b: "queued" });
  await take(run, "b");
  await end("b", success());
  expect(await states()).toEqual({ a: "queued", b: "success" });
  await take(run);
  await end("a", success());
  expect((await run.look()).run).toBe("success");
});
