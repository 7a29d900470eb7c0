/**
 * Places under limits, on the rows that hold them: no worker, no process. Who may go is
 * seen by who is queued.
 */
import { beforeEach, describe, expect, it } from "vitest";
import {
  cancelRun,
  clearRuns,
  deletePool,
  setPool,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { rescueOrphans } from "../../../runtime/scheduler/jobs/rescue_tries.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { admitWaiting } from "../../../runtime/store/limits/admit.ts";
import { listPools } from "../../../runtime/store/reads/pools.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { RoutingOptions } from "../../../sdk/task/routing.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  type Driver,
  driverOf,
  endOf,
  failed,
  lost,
  type Seen,
  statesOf,
  success,
  WORKER,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows, tokens } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const database = migratedDatabase();
const plans = new Plans();
let number = 0;
let dagId = "";

beforeEach(async () => {
  const { db } = database;
  dagId = `limits_${++number}`;
  await rows(db, "delete from dagsmith.dag_run");
  await rows(db, "delete from dagsmith.pool");
  await rows(db, "delete from dagsmith_queue._private_jobs");
});

/** A DAG of tasks side by side, deployed. */
async function deployed(
  tasks: Readonly<Record<string, RoutingOptions>>,
  options: DagOptions = {},
  id = dagId,
): Promise<void> {
  const d = dag(id, options as never);
  for (const [taskId, task] of Object.entries(tasks)) d.task(taskId, task, () => undefined);
  await known(database.db, describeDag(d as never));
}

async function begun(id = dagId): Promise<Driver & { readonly id: number }> {
  const { id: runId } = await triggerRun(database.db, { dagId: id, actor: "test" });
  return { ...driverOf(database.db, plans, runId), id: runId };
}

/** Ids of the tasks that may be taken, of the runs given. */
async function going(...runs: readonly Driver[]): Promise<readonly string[]> {
  const seen = await Promise.all(runs.map((run) => run.look()));
  return seen.flatMap(({ instances }) =>
    instances.filter(({ state }) => state === "queued").map(nameOf),
  );
}

const nameOf = ({ taskId, mapIndex }: Seen): string =>
  mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;

async function instanceOf(run: Driver, name: string): Promise<Seen> {
  return (await run.look()).instances.find((instance) => nameOf(instance) === name)!;
}

async function took(run: Driver, name: string): Promise<Seen> {
  const instance = await instanceOf(run, name);
  expect(await run.take(instance)).toBe(true);
  return instance;
}

async function ended(run: Driver, name: string, outcome = success()): Promise<void> {
  const instance = await instanceOf(run, name);
  if (instance.state === "queued") await run.take(instance);
  await run.complete([endOf(instance, outcome)]);
}

describe("a pool", () => {
  it("lets as many go as it has slots, and the next when one ends", async () => {
    await setPool(database.db, { name: "api", slots: 2, actor: "test" });
    await deployed({ a: { pool: "api" }, b: { pool: "api" }, c: { pool: "api" } });
    const run = await begun();
    expect(await going(run)).toEqual(["a", "b"]);
    await ended(run, "a");
    expect(await going(run)).toEqual(["b", "c"]);
  });

  it("is shared by all DAGs that name it", async () => {
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    await deployed({ a: { pool: "api" } });
    await deployed({ b: { pool: "api" } }, {}, `${dagId}_other`);
    const [one, other] = [await begun(), await begun(`${dagId}_other`)];
    expect(await going(one, other)).toEqual(["a"]);
    await ended(one, "a");
    expect(await going(one, other)).toEqual(["b"]);
  });

  it("with -1 slots lets all go, and a closed one none until it is opened", async () => {
    await setPool(database.db, { name: "free", slots: -1, actor: "test" });
    await setPool(database.db, { name: "closed", slots: 0, actor: "test" });
    await deployed({ a: { pool: "free" }, b: { pool: "free" }, c: { pool: "closed" } });
    const run = await begun();
    expect(await going(run)).toEqual(["a", "b"]);
    await setPool(database.db, { name: "closed", slots: 1, actor: "test" });
    expect(await going(run)).toEqual(["a", "b", "c"]);
  });

  it("counts the slots that each try takes", async () => {
    await setPool(database.db, { name: "api", slots: 5, actor: "test" });
    await deployed({
      a: { pool: "api", poolSlots: 3, priorityWeight: 9 },
      b: { pool: "api", poolSlots: 2 },
      c: { pool: "api" },
    });
    const run = await begun();
    expect(await going(run)).toEqual(["a", "b"]);
    expect(await listPools(database.db)).toMatchObject([
      { name: "api", slots: 5, queuedSlots: 5, runningSlots: 0, waitingSlots: 1 },
    ]);
    await ended(run, "b");
    expect(await going(run)).toEqual(["a", "c"]);
  });

  it("keeps what is free for a large try at the head, so that small ones do not pass it for ever", async () => {
    await setPool(database.db, { name: "api", slots: 3, actor: "test" });
    await deployed({
      s1: { pool: "api", priorityWeight: 9 },
      s2: { pool: "api", priorityWeight: 9 },
      large: { pool: "api", poolSlots: 3, priorityWeight: 5 },
      s3: { pool: "api" },
    });
    const run = await begun();
    expect(await going(run)).toEqual(["s1", "s2"]);
    await ended(run, "s1");
    expect(await going(run)).toEqual(["s2"]);
    await ended(run, "s2");
    expect(await going(run)).toEqual(["large"]);
  });

  it("that does not exist holds its tasks until somebody makes it", async () => {
    await deployed({ a: { pool: "later" }, b: {} });
    const run = await begun();
    expect(await going(run)).toEqual(["b"]);
    await setPool(database.db, { name: "later", slots: 1, actor: "test" });
    expect((await going(run)).toSorted()).toEqual(["a", "b"]);
  });

  it("that is too small for a try fails it with a code, and what comes after goes on from there", async () => {
    await setPool(database.db, { name: "api", slots: 2, actor: "test" });
    const d = dag(dagId);
    const large = d.task("large", { pool: "api", poolSlots: 3, retries: 2 }, () => undefined);
    d.task("after", { inputs: { large }, triggerRule: "all_done" }, () => undefined);
    await known(database.db, describeDag(d as never));
    const run = await begun();
    const seen = await run.look();
    expect(statesOf(seen)).toEqual({ large: "failed", after: "queued" });
    expect(seen.instances[0]!.reason).toBe("POOL_TOO_SMALL");
  });

  it("made smaller takes nothing away, and gives nothing until enough has ended", async () => {
    await setPool(database.db, { name: "api", slots: 3, actor: "test" });
    await deployed({
      a: { pool: "api" },
      b: { pool: "api" },
      c: { pool: "api" },
      d: { pool: "api" },
    });
    const run = await begun();
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    await ended(run, "a");
    await ended(run, "b");
    expect(await going(run)).toEqual(["c"]);
    await ended(run, "c");
    expect(await going(run)).toEqual(["d"]);
  });

  it("deleted and made again has forgotten nothing and invented nothing", async () => {
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    await deployed({ a: { pool: "api" }, b: { pool: "api" } });
    const run = await begun();
    await took(run, "a");
    await deletePool(database.db, { name: "api", actor: "test" });
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    expect(await going(run)).toEqual([]);
    await ended(run, "a");
    expect(await going(run)).toEqual(["b"]);
  });

  it("gives back what a cancelled run held and what it waited for", async () => {
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    await deployed({ a: { pool: "api", priorityWeight: 5 }, b: { pool: "api" } });
    const [first, second] = [await begun(), await begun()];
    await took(first, "a");
    await cancelRun(database.db, { id: first.id, actor: "test" });
    expect(await going(second)).toEqual(["a"]);
    expect(await listPools(database.db)).toMatchObject([
      { queuedSlots: 1, runningSlots: 0, waitingSlots: 1 },
    ]);
  });

  it("is asked for again by what was cleared, and nothing is given to what was cleared and waits for its turn", async () => {
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    const d = dag(dagId);
    chain(
      d.task("a", { pool: "api" }, () => undefined),
      d.task("b", { pool: "api" }, () => undefined),
    );
    await known(database.db, describeDag(d as never));
    const [first, second] = [await begun(), await begun()];
    await ended(first, "a");
    await ended(second, "a");
    await ended(first, "b");
    expect(await going(second)).toEqual(["b"]);
    await clearRuns(database.db, { of: { run: first.id }, actor: "test" });
    expect((await first.look()).instances.map(({ taskId, state }) => `${taskId} ${state}`)).toEqual(
      ["a scheduled", "b none"],
    );
    await ended(second, "b");
    expect(await going(first)).toEqual(["a"]);
    await ended(first, "a");
    expect(await going(first)).toEqual(["b"]);
  });

  it("gives back what a deleted run held", async () => {
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    await deployed({ a: { pool: "api" } });
    const [first, second] = [await begun(), await begun()];
    await rows(database.db, "delete from dagsmith.dag_run where id = $1", [first.id]);
    await tick(database.db, plans);
    expect(await going(second)).toEqual(["a"]);
  });

  it("takes a try back in line when its worker dies", async () => {
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    await deployed({ a: { pool: "api" }, b: { pool: "api", priorityWeight: 9 } });
    const run = await begun();
    await took(run, "b");
    expect(await rescueOrphans(database.db, plans)).toBe(1);
    expect(await instanceOf(run, "b")).toMatchObject({ state: "queued", tryNumber: 2 });
    expect(await going(run)).toEqual(["b"]);
    expect((await tokens(database.db)).length).toBe(2);
  });

  it("is free while a try waits for its retry, which then waits for a place again", async () => {
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    const d = dag(dagId);
    d.task("a", { pool: "api", priorityWeight: 9, retries: 1, retryDelay: "1h" }, () => undefined);
    d.task("b", { pool: "api" }, () => undefined);
    await known(database.db, describeDag(d as never));
    const run = await begun();
    await ended(run, "a", failed());
    expect(await going(run)).toEqual(["b"]);
    await rows(
      database.db,
      "update dagsmith.slot_request set not_before = now() where admitted_at is null",
    );
    await tick(database.db, plans);
    expect(await instanceOf(run, "a")).toMatchObject({ state: "up_for_retry", tryNumber: 2 });
    await ended(run, "b");
    expect(await going(run)).toEqual(["a"]);
  });

  it("lets go whatever was left ungiven at the next tick", async () => {
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    await deployed({ a: { pool: "api" }, b: { pool: "api" } });
    const run = await begun();
    // As when the process dies between the end of a try and the giving of its place.
    await rows(
      database.db,
      "update dagsmith.task_instance set state = 'success', finished_at = now() where task_id = 'a' and run_id = $1",
      [run.id],
    );
    await tick(database.db, plans);
    expect(await going(run)).toEqual(["b"]);
  });

  it("lets nobody go twice, however many give places at once", async () => {
    await setPool(database.db, { name: "api", slots: 3, actor: "test" });
    await deployed(
      Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`t${index}`, { pool: "api" }])),
    );
    const run = await begun();
    await Promise.all(Array.from({ length: 8 }, () => admitWaiting(database.db)));
    expect((await going(run)).length).toBe(3);
    expect((await tokens(database.db)).length).toBe(3);
  });
});

describe("limits of a DAG", () => {
  it("maxActiveTasks counts all its runs together", async () => {
    await deployed({ a: {}, b: {} }, { maxActiveTasks: 3 });
    const [first, second] = [await begun(), await begun()];
    expect((await going(first)).length).toBe(2);
    expect((await going(second)).length).toBe(1);
    await ended(first, "a");
    expect((await going(second)).length).toBe(2);
  });

  it("maxActiveTasksPerRun counts each run by itself", async () => {
    await deployed({ a: {}, b: {} }, { maxActiveTasksPerRun: 1 });
    const [first, second] = [await begun(), await begun()];
    expect((await going(first, second)).length).toBe(2);
    await ended(first, (await going(first))[0]!);
    expect((await going(first)).length).toBe(1);
  });
});

describe("limits and groups that run as one", () => {
  it("hold for the tasks of a group, and a group itself takes no place", async () => {
    const d = dag(dagId, { maxActiveTasks: 1 });
    const g = d.group("g", { each: [1, 2], retries: 1, retryDelay: "0s" }, (h) =>
      chain(
        h.task("a", () => 1),
        h.task("b", () => 1),
      ),
    );
    chain(
      g,
      d.task("after", () => 1),
    );
    await known(database.db, describeDag(d as never));
    const run = await begun();
    const order: string[] = [];
    for (let left = 20; left > 0 && (await run.look()).run === "running"; left--) {
      const [next, ...others] = await going(run);
      expect(others).toEqual([]);
      if (next === undefined) await run.passTime();
      else {
        await ended(
          run,
          next,
          next === "g.b[0]" && !order.includes(next) ? failed(false) : success(),
        );
        order.push(next);
      }
    }
    expect(order).toEqual(["g.a[0]", "g.a[1]", "g.b[0]", "g.b[1]", "g.a[0]", "g.b[0]", "after"]);
    expect(statesOf(await run.look())).toMatchObject({
      "g[0]": "success",
      "g[1]": "success",
      after: "success",
    });
  });
});

describe("limits of a task", () => {
  it("maxActiveAcrossRuns counts its instances over all runs", async () => {
    await deployed({ a: { maxActiveAcrossRuns: 1 }, b: {} });
    const [first, second] = [await begun(), await begun()];
    expect((await going(first)).toSorted()).toEqual(["a", "b"]);
    expect(await going(second)).toEqual(["b"]);
    await ended(first, "a");
    expect((await going(second)).toSorted()).toEqual(["a", "b"]);
  });

  it("concurrencyKey is one at a time, whatever the task or the DAG", async () => {
    await deployed({ a: { concurrencyKey: "customer 7" } });
    await deployed(
      { b: { concurrencyKey: "customer 7" }, c: { concurrencyKey: "customer 8" } },
      {},
      `${dagId}_other`,
    );
    const [one, other] = [await begun(), await begun(`${dagId}_other`)];
    expect(await going(one, other)).toEqual(["a", "c"]);
    await ended(one, "a");
    expect((await going(one, other)).toSorted()).toEqual(["b", "c"]);
  });

  it("maxActivePerKey lets more go", async () => {
    await deployed({
      a: { concurrencyKey: "k", maxActivePerKey: 2 },
      b: { concurrencyKey: "k", maxActivePerKey: 2 },
      c: { concurrencyKey: "k", maxActivePerKey: 2 },
    });
    expect((await going(await begun())).length).toBe(2);
  });

  it("maxActive of a mapped task holds beside other limits", async () => {
    await setPool(database.db, { name: "api", slots: 3, actor: "test" });
    const d = dag(dagId);
    d.task("m", { each: [1, 2, 3, 4, 5], maxActive: 2, pool: "api" }, () => undefined);
    await known(database.db, describeDag(d as never));
    const run = await begun();
    expect(await going(run)).toEqual(["m[0]", "m[1]"]);
    await ended(run, "m[0]");
    expect(await going(run)).toEqual(["m[1]", "m[2]"]);
    for (const index of [1, 2, 3, 4]) await ended(run, `m[${index}]`);
    expect((await run.look()).run).toBe("success");
  });
});

describe("the pool all", () => {
  it("limits all tasks together, those without any other limit too, until it is deleted", async () => {
    await setPool(database.db, { name: "all", slots: 2, actor: "test" });
    await deployed({ a: {}, b: {}, c: {}, d: {} });
    const run = await begun();
    expect((await going(run)).length).toBe(2);
    await ended(run, (await going(run))[0]!);
    expect((await going(run)).length).toBe(2);
    await deletePool(database.db, { name: "all", actor: "test" });
    expect((await going(run)).length).toBe(3);
  });
});

describe("a rate", () => {
  const rate = { key: "api.example.com", limit: 2, per: "60s" } as const;

  it("counts starts, whoever started and however short they were", async () => {
    await deployed({ a: { rateLimit: rate }, b: { rateLimit: rate } });
    await deployed({ c: { rateLimit: rate } }, {}, `${dagId}_other`);
    const [one, other] = [await begun(), await begun(`${dagId}_other`)];
    expect((await going(one, other)).length).toBe(2);
    await ended(one, "a");
    await ended(one, "b");
    await tick(database.db, plans);
    expect(await going(other)).toEqual([]);
  });

  it("lets the next go when the window has passed", async () => {
    await deployed({ a: { rateLimit: rate }, b: { rateLimit: rate }, c: { rateLimit: rate } });
    const run = await begun();
    await ended(run, "a");
    await ended(run, "b");
    await rows(
      database.db,
      "update dagsmith.task_instance set started_at = now() - interval '59 seconds' where task_id = 'a'",
    );
    await rows(
      database.db,
      "update dagsmith.task_instance set started_at = now() - interval '61 seconds' where task_id = 'b'",
    );
    await tick(database.db, plans);
    expect(await going(run)).toEqual(["c"]);
  });

  it("counts what was let go and has not begun, so that late workers cannot start a burst", async () => {
    await deployed({ a: { rateLimit: rate }, b: { rateLimit: rate }, c: { rateLimit: rate } });
    const run = await begun();
    await rows(
      database.db,
      "update dagsmith.task_instance set queued_at = now() - interval '10 minutes' where state = 'queued'",
    );
    await tick(database.db, plans);
    expect((await going(run)).length).toBe(2);
  });

  it("counts each try, those lost to dead workers too", async () => {
    await deployed({ a: { rateLimit: rate }, b: { rateLimit: rate, priorityWeight: -1 } });
    const run = await begun();
    const first = await took(run, "a");
    await run.complete([endOf(first, lost, WORKER)]);
    // Two starts are counted: the lost try of a, and b, which was released.
    expect(await going(run)).toEqual(["b"]);
    expect((await instanceOf(run, "a")).state).toBe("scheduled");
  });

  it("does not count what was cancelled before it began", async () => {
    await deployed({ a: { rateLimit: rate }, b: { rateLimit: rate } });
    const [first, second] = [await begun(), await begun()];
    await cancelRun(database.db, { id: first.id, actor: "test" });
    expect((await going(second)).length).toBe(2);
  });
});

describe("order and fairness", () => {
  it("heavier first, then the earlier logical date, then the lower map index", async () => {
    await setPool(database.db, { name: "api", slots: 0, actor: "test" });
    const d = dag(dagId);
    d.task("m", { each: ["x", "y"], pool: "api" }, () => undefined);
    d.task("heavy", { pool: "api", priorityWeight: 5 }, () => undefined);
    await known(database.db, describeDag(d as never));
    const later = await triggerRun(database.db, {
      dagId,
      logicalDate: "2026-02-01",
      actor: "test",
    });
    const earlier = await triggerRun(database.db, {
      dagId,
      logicalDate: "2026-01-01",
      actor: "test",
    });
    await setPool(database.db, { name: "api", slots: 100, actor: "test" });
    const order = await rows<{ run_id: number; task_id: string; map_index: number }>(
      database.db,
      `select t.run_id, t.task_id, t.map_index from dagsmith_queue._private_jobs j join dagsmith.task_instance t on t.id = (j.payload ->> 'ti')::bigint order by j.id`,
    );
    expect(
      order.map(
        ({ run_id, task_id, map_index }) =>
          `${run_id === earlier.id ? "earlier" : "later"} ${task_id} ${map_index}`,
      ),
    ).toEqual([
      "earlier heavy -1",
      "later heavy -1",
      "earlier m 0",
      "earlier m 1",
      "later m 0",
      "later m 1",
    ]);
    expect(later.id).toBeLessThan(earlier.id);
  });

  it("a long line before a full pool hides nobody", async () => {
    await setPool(database.db, { name: "full", slots: 1, actor: "test" });
    await setPool(database.db, { name: "open", slots: 1, actor: "test" });
    const d = dag(dagId);
    d.task(
      "m",
      {
        each: Array.from({ length: 2_000 }, (_, index) => index),
        pool: "full",
        priorityWeight: 100,
      },
      () => undefined,
    );
    await known(database.db, describeDag(d as never));
    const crowd = await begun();
    await deployed(
      { light: { pool: "open", priorityWeight: -100 }, free: {} },
      {},
      `${dagId}_other`,
    );
    const other = await begun(`${dagId}_other`);
    expect((await going(other)).toSorted()).toEqual(["free", "light"]);
    expect(await going(crowd)).toEqual(["m[0]"]);
  });

  it("one that another limit holds up lets the next of the same pool pass", async () => {
    await setPool(database.db, { name: "api", slots: 2, actor: "test" });
    await deployed({
      a: { pool: "api", concurrencyKey: "k", priorityWeight: 9 },
      b: { pool: "api", concurrencyKey: "k", priorityWeight: 8 },
      c: { pool: "api" },
    });
    expect(await going(await begun())).toEqual(["a", "c"]);
  });

  it("instances that are gone do not stand in the way of those behind them", async () => {
    await setPool(database.db, { name: "api", slots: 0, actor: "test" });
    const d = dag(dagId, { maxActiveRuns: 2 });
    d.task(
      "m",
      { each: Array.from({ length: 300 }, (_, index) => index), pool: "api" },
      () => undefined,
    );
    await known(database.db, describeDag(d as never));
    const [first, second] = [await begun(), await begun()];
    await cancelRun(database.db, { id: first.id, actor: "test" });
    await setPool(database.db, { name: "api", slots: 1, actor: "test" });
    expect(await going(second)).toEqual(["m[0]"]);
  });
});

it("a task without any limit leaves no row and waits for nobody", async () => {
  await deployed({ a: { priorityWeight: 7 }, b: {} });
  const run = await begun();
  expect((await going(run)).length).toBe(2);
  expect(await rows(database.db, "select from dagsmith.slot_request")).toEqual([]);
});

it("the queue hands out heavier tasks first", async () => {
  await deployed({ light: { priorityWeight: -3 }, heavy: { priorityWeight: 100_000 }, usual: {} });
  const run = await begun();
  const order = await rows<{ task_id: string; priority: number }>(
    database.db,
    "select t.task_id, j.priority from dagsmith_queue._private_jobs j join dagsmith.task_instance t on t.id = (j.payload ->> 'ti')::bigint where t.run_id = $1 order by j.priority",
    [run.id],
  );
  expect(order).toEqual([
    { task_id: "heavy", priority: -32767 },
    { task_id: "usual", priority: -1 },
    { task_id: "light", priority: 3 },
  ]);
});
