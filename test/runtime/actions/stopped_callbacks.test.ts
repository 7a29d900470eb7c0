/**
 * What is called back of tasks that others end: people, the time of their run, a failure
 * elsewhere. No worker runs: the calls stay queued.
 */
import { describe, expect, test } from "vitest";
import {
  cancelRun,
  cancelTask,
  clearRuns,
  markRun,
  markTask,
  setPool,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { endOverdueRuns } from "../../../runtime/scheduler/jobs/end_overdue.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { listCallbacks } from "../../../runtime/store/reads/callbacks.ts";
import { grantSlots } from "../../../runtime/transactions/engine_tx.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { Callback } from "../../../sdk/task/callback.ts";
import { waitForEvent } from "../../../sdk/task/wait.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  type Driver,
  driverOf,
  endOf,
  failed,
  type Seen,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const plans = new Plans();
const actor = "ann";
const work = async (): Promise<null> => null;
const say: Callback = () => undefined;
const all = { onSuccess: say, onFailure: say, onRetry: say, onSkipped: say };

let last = 0;
/**
 * A run with a task in each state in which a person can find one; only `elsewhere` and
 * `after` have not begun.
 */
async function inTheMiddle(
  options: DagOptions = {},
): Promise<{ readonly id: number; readonly driver: Driver; readonly runs: Seen }> {
  last += 1;
  const d = dag(`stopped_${last}`, {
    ...options,
    defaults: { ...all, retryDelay: "1h" },
  }) as unknown as Dag<unknown>;
  const runs = d.task("runs", work);
  d.task("ended", work);
  d.task("retries", { retries: 1 }, work);
  d.sensor("pokes", { interval: "1h" }, () => false);
  d.task("waits", waitForEvent("go"));
  d.task("elsewhere", work);
  chain(runs, d.task("after", work));
  await known(postgres.db, describeDag(d));
  const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor });
  const driver = driverOf(postgres.db, plans, id);
  const { instances } = await driver.look();
  const named = (taskId: string): Seen => instances.find((one) => one.taskId === taskId)!;
  for (const taskId of ["runs", "ended", "retries", "pokes"]) await driver.take(named(taskId));
  await driver.complete([
    ...[endOf(named("ended"), success()), endOf(named("retries"), failed())],
    endOf(named("pokes"), { kind: "not_yet" }),
  ]);
  expect(statesOf(await driver.look())).toEqual({
    ...{
      runs: "running",
      ended: "success",
      retries: "up_for_retry",
      pokes: "up_for_reschedule",
      waits: "deferred",
      elsewhere: "queued",
    },
  });
  return { id, driver, runs: named("runs") };
}

const BEFORE = ["ended onSuccess", "retries onRetry"];

/** What is called back, and why when that is new. */
async function called(id: number): Promise<readonly string[]> {
  return (await listCallbacks(postgres.db, id))
    .map(({ taskId, event }) => `${taskId ?? "run"} ${event}`)
    .toSorted();
}

describe("what has begun and is ended by others is called back once, what has not is not", () => {
  const waited = ["pokes onSkipped", "retries onSkipped", "waits onSkipped"];

  test("with its run, cancelled", async () => {
    const { id, driver, runs } = await inTheMiddle();
    await cancelRun(postgres.db, { id, actor, reason: "enough" });
    expect(await called(id)).toEqual([...BEFORE, ...waited, "runs onFailure"].toSorted());
    const [call] = (await listCallbacks(postgres.db, id)).filter(({ taskId }) => taskId === "runs");
    expect(call).toMatchObject({ tryNumber: 1, reason: "cancelled by ann: enough" });
    // What the worker says of the killed try comes too late to be called back again.
    expect((await driver.complete([endOf(runs, failed(false))])).accepted.size).toBe(0);
    expect(await called(id)).toHaveLength(6);
  });

  test("with its run, whose time was up", async () => {
    const { id } = await inTheMiddle({ dagRunTimeout: "1h" });
    await rows(postgres.db, "update dagsmith.dag_run set timeout_at = now() where id = $1", [id]);
    expect(await endOverdueRuns(postgres.db, plans)).toBe(1);
    expect(await called(id)).toEqual([...BEFORE, ...waited, "runs onSkipped"].toSorted());
  });

  test("with its run, marked success", async () => {
    const { id } = await inTheMiddle();
    await markRun(postgres.db, { id, to: "success", actor });
    const marked = ["pokes", "retries", "runs", "waits"].map((taskId) => `${taskId} onSuccess`);
    expect(await called(id)).toEqual([...BEFORE, ...marked].toSorted());
  });

  test.each([
    ["success", "onSuccess"],
    ["failed", "onFailure"],
    ["skipped", "onSkipped"],
  ] as const)("marked %s, unless it had ended or not begun", async (to, event) => {
    const { id } = await inTheMiddle();
    for (const taskId of ["runs", "pokes", "ended", "elsewhere"])
      await markTask(postgres.db, { id, taskId, to, actor });
    // Marked again, it had ended.
    await markTask(postgres.db, {
      id,
      taskId: "runs",
      to: to === "failed" ? "success" : "failed",
      actor,
    });
    expect(await called(id)).toEqual([...BEFORE, `pokes ${event}`, `runs ${event}`].toSorted());
  });

  test("by the first failure of a run that fails fast", async () => {
    const { id, driver, runs } = await inTheMiddle({ failFast: true });
    await driver.complete([endOf(runs, failed(false))]);
    expect((await driver.look()).run).toBe("failed");
    expect(await called(id)).toEqual([...BEFORE, ...waited, "runs onFailure"].toSorted());
  });

  test("by a person, alone", async () => {
    const { id } = await inTheMiddle();
    for (const taskId of ["runs", "pokes", "waits", "elsewhere"])
      await cancelTask(postgres.db, { id, taskId, actor });
    expect(await called(id)).toEqual(
      [...BEFORE, "pokes onSkipped", "runs onFailure", "waits onSkipped"].toSorted(),
    );
  });

  test("and what was cleared begins anew", async () => {
    const { id, driver, runs } = await inTheMiddle();
    await driver.complete([endOf(runs, success())]);
    await clearRuns(postgres.db, { of: { run: id }, taskId: "runs", actor });
    await cancelRun(postgres.db, { id, actor });
    expect((await called(id)).filter((call) => call.startsWith("runs"))).toEqual([
      "runs onSuccess",
    ]);
  });
});

test("a task that no place can be given to has failed, and is called back", async () => {
  const d = dag("too_wide", { defaults: all }) as unknown as Dag<unknown>;
  d.task("wide", { pool: "narrow", poolSlots: 3 }, work);
  await known(postgres.db, describeDag(d));
  await setPool(postgres.db, { name: "narrow", slots: 2, actor });
  const { id } = await triggerRun(postgres.db, { dagId: "too_wide", actor });
  await grantSlots(postgres.db, plans);
  expect(await called(id)).toEqual(["wide onFailure"]);
});
