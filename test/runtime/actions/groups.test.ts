/**
 * What people do to groups that have an instance: clear, mark and cancel them or their
 * tasks, and ask why they wait.
 */
import { describe, expect, test } from "vitest";
import {
  cancelRun,
  cancelTask,
  clearRuns,
  markTask,
  previewClear,
  previewMark,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { whyWaiting } from "../../../runtime/store/reads/why.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  type Driver,
  driverOf,
  endOf,
  failed,
  listOf,
  play,
  runnable,
  type Script,
  scripted,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;
const me = { actor: "ann" };

/** `list`, then `g` over it with a setup, `work` and `last`, then `after`. */
function mapped(dagId: string, options: object = {}): DagSpec {
  const d = dag(dagId);
  const list = d.task("list", async (): Promise<Json[]> => []);
  const g = d.group("g", { each: list, ...options }, (h) => {
    const open = h.setup("open", work);
    chain(
      open,
      h.task("work", work),
      h.task("last", work),
      h.teardown("close", { setups: open }, work),
    );
  });
  chain(g, d.task("after", work));
  return describeDag(d as Dag<unknown>);
}

/** `g` of `a` and `b` with a retry, then `after`. */
function tried(dagId: string, options: object = { retries: 1, retryDelay: "0s" }): DagSpec {
  const d = dag(dagId);
  const g = d.group("g", options, (h) => chain(h.task("a", work), h.task("b", work)));
  chain(g, d.task("after", work));
  return describeDag(d as Dag<unknown>);
}

async function begun(spec: DagSpec): Promise<{ readonly id: number; readonly driver: Driver }> {
  await known(postgres.db, spec);
  const { id } = await triggerRun(postgres.db, { dagId: spec.dagId, ...me });
  return { id, driver: driverOf(postgres.db, new Plans(), id) };
}

const triesOf = async (driver: Driver) =>
  Object.fromEntries(
    (await driver.look()).instances.map(({ taskId, mapIndex, tryNumber }) => [
      `${taskId}[${mapIndex}]`,
      tryNumber,
    ]),
  );
const named = (instances: readonly { readonly taskId: string; readonly mapIndex: number }[]) =>
  instances
    .map(({ taskId, mapIndex }) => (mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`))
    .sort();

describe("clearing", () => {
  test("a task of one element runs that again, with what is set up for it, and no other element", async () => {
    const { id, driver } = await begun(mapped("clear_element"));
    const first = await play(driver, scripted({ list: listOf(3), "g.work[1]#1": failed(false) }));
    expect(first.run).toBe("failed");
    const selection = { of: { run: id }, taskId: "g.work", mapIndex: 1, downstream: true };
    const preview = await previewClear(postgres.db, selection);
    // "after" could not run because of the failure, so it is decided again.
    expect(named(preview[0]!.instances)).toEqual([
      "after",
      "g.close[1]",
      "g.last[1]",
      "g.open[1]",
      "g.work[1]",
      "g[1]",
    ]);
    await clearRuns(postgres.db, { ...selection, ...me });
    const end = await play(driver);
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    expect(await triesOf(driver)).toMatchObject({
      "g.work[0]": 1,
      "g.work[1]": 2,
      "g.open[1]": 2,
      "g[1]": 2,
      "g[0]": 1,
    });
  });

  test("what failed, all of it, runs again just that", async () => {
    const { id, driver } = await begun(mapped("clear_failed", { maxActive: 1 }));
    await play(driver, scripted({ list: listOf(3), "g.last[2]#1": failed(false) }));
    const [preview] = await previewClear(postgres.db, { of: { run: id }, onlyFailed: true });
    expect(named(preview!.instances)).toEqual(["after", "g.last[2]", "g[2]"]);
    await clearRuns(postgres.db, { of: { run: id }, onlyFailed: true, ...me });
    const end = await play(driver);
    expect([end.run, statesOf(end)["g[2]"], statesOf(end).after]).toEqual([
      "success",
      "success",
      "success",
    ]);
  });

  test("a mapped group maps it again, and what its list has no more is removed", async () => {
    const { id, driver } = await begun(mapped("clear_group"));
    await play(driver, scripted({ list: listOf(3) }));
    await clearRuns(postgres.db, { of: { run: id }, taskId: "list", downstream: true, ...me });
    const end = await play(driver, scripted({ list: listOf(2) }));
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    expect(statesOf(end)).toMatchObject({
      "g[1]": "success",
      "g.work[1]": "success",
      "g[2]": "removed",
      "g.work[2]": "removed",
    });
    await clearRuns(postgres.db, { of: { run: id }, taskId: "list", downstream: true, ...me });
    const none = await play(driver, scripted({ list: success([]) }));
    expect(none.run).toBe("success");
    expect(statesOf(none)).toMatchObject({
      g: "skipped",
      "g[0]": "removed",
      "g.work[0]": "removed",
      after: "skipped",
    });
  });

  test("a task of a group lets the group go on from there, and what comes after waits for it", async () => {
    const { id, driver } = await begun(tried("clear_within"));
    await play(driver);
    await clearRuns(postgres.db, { of: { run: id }, taskId: "g.b", downstream: true, ...me });
    expect(statesOf(await driver.look())).toEqual({
      g: "running",
      "g.a": "success",
      "g.b": "queued",
      after: "none",
    });
    expect((await play(driver)).run).toBe("success");
    expect(await triesOf(driver)).toEqual({
      "g[-1]": 2,
      "g.a[-1]": 1,
      "g.b[-1]": 2,
      "after[-1]": 2,
    });
  });

  test("a whole run begins its groups anew", async () => {
    const { id, driver } = await begun(
      mapped("clear_run", { maxActive: 2, retries: 1, retryDelay: "0s" }),
    );
    await play(driver, scripted({ list: listOf(3) }));
    await clearRuns(postgres.db, { of: { run: id }, ...me });
    const end = await play(driver, scripted({ list: listOf(4) }));
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    expect(statesOf(end)["g.last[3]"]).toBe("success");
  });

  test("a task of a group that still runs leaves the group running", async () => {
    const { id, driver } = await begun(tried("clear_midway"));
    const [a] = runnable(await driver.look());
    await driver.take(a!);
    await driver.complete([endOf(a!, success())]);
    await clearRuns(postgres.db, { of: { run: id }, taskId: "g.a", ...me });
    expect(statesOf(await driver.look())).toMatchObject({ g: "running", "g.a": "queued" });
    expect((await play(driver)).run).toBe("success");
  });
});

describe("a loop of a group", () => {
  test("goes on at the iteration that failed when that is cleared", async () => {
    const d = dag("clear_loop");
    const g = d.group("g", { loop: { initial: 0, until: () => true, maxIterations: 9 } }, (h) => {
      const next = h.task("next", () => 1);
      chain(next, h.task("check", work));
      return next;
    });
    chain(g, d.task("after", work));
    const { id, driver } = await begun(describeDag(d as Dag<unknown>));
    const going =
      (broken: number): Script =>
      ({ taskId, mapIndex }) =>
        taskId === "g.check" && mapIndex === broken
          ? failed(false)
          : ({
              ...success(mapIndex + 1),
              ...(taskId === "g.next" && mapIndex < 3 && { again: true }),
            } as ReturnType<Script>);
    expect(statesOf(await play(driver, going(2)))).toMatchObject({
      "g[1]": "success",
      "g[2]": "failed",
      after: "upstream_failed",
    });
    await clearRuns(postgres.db, { of: { run: id }, onlyFailed: true, ...me });
    const end = await play(driver, going(9));
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    expect(statesOf(end)).toMatchObject({ "g[2]": "success", "g[3]": "success", after: "success" });
    expect(await triesOf(driver)).toMatchObject({
      "g.next[1]": 1,
      "g.next[2]": 1,
      "g.check[2]": 2,
      "g.next[3]": 1,
    });
    await clearRuns(postgres.db, { of: { run: id }, taskId: "g", downstream: true, ...me });
    const again = await play(driver, going(9));
    expect([again.run, statesOf(again)["g[3]"], again.openTasks]).toEqual([
      "success",
      "success",
      0,
    ]);
  });
});

describe("marking", () => {
  test("a failed task of a group as success judges the group anew", async () => {
    const { id, driver } = await begun(mapped("mark_within", { retries: 1, retryDelay: "1h" }));
    await play(driver, scripted({ list: listOf(2), "g.work[0]": failed(false) }));
    await driver.passTime();
    const before = await play(driver, scripted({ "g.work[0]": failed(false) }));
    expect(statesOf(before)).toMatchObject({
      "g[0]": "failed",
      "g.last[0]": "upstream_failed",
      after: "upstream_failed",
    });
    await markTask(postgres.db, { id, taskId: "g.work", mapIndex: 0, to: "success", ...me });
    const end = await play(driver);
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
    expect(statesOf(end)).toMatchObject({
      "g[0]": "success",
      "g.last[0]": "success",
      after: "success",
    });
  });

  test("a task of a group that ended as failed fails the group, which has no try for that", async () => {
    const { id, driver } = await begun(tried("mark_failed"));
    await play(driver);
    const taskId = "g.b";
    const { marked, around } = await previewMark(postgres.db, { id, taskId, to: "failed" });
    expect([...marked, ...around].map((one) => one.taskId)).toEqual(["g.b", "g"]);
    expect((await previewMark(postgres.db, { id, taskId, to: "skipped" })).around).toEqual([]);
    await markTask(postgres.db, { id, taskId, to: "failed", ...me });
    expect(statesOf(await play(driver))).toMatchObject({ g: "failed", "g.b": "failed" });
  });

  test("a group that runs marks all that has begun of it, and the run goes on", async () => {
    const { id, driver } = await begun(tried("mark_group"));
    const [a] = runnable(await driver.look());
    await driver.take(a!);
    await markTask(postgres.db, { id, taskId: "g", to: "success", ...me });
    expect(statesOf(await driver.look())).toEqual({
      g: "success",
      "g.a": "success",
      after: "queued",
    });
    expect((await driver.complete([endOf(a!, failed())])).accepted.size).toBe(0);
    expect((await play(driver)).run).toBe("success");
  });

  test("a task of a mapped group that has no element yet is refused", async () => {
    const { id } = await begun(mapped("mark_nothing"));
    await expect(
      markTask(postgres.db, { id, taskId: "g.work", to: "success", ...me }),
    ).rejects.toThrow(/UNKNOWN_INSTANCE|g\.work/);
  });
});

describe("cancelling", () => {
  test("a group stops what runs of it, lets nothing more of it begin but teardowns, and it has failed", async () => {
    const { id, driver } = await begun(
      mapped("cancel_group", { retries: 3, retryDelay: "0s", maxActive: 1 }),
    );
    for (const task of ["list", "g.open"]) {
      const one = runnable(await driver.look()).find(({ taskId }) => taskId === task)!;
      await driver.take(one);
      await driver.complete([endOf(one, task === "list" ? listOf(2) : success())]);
    }
    const busy = runnable(await driver.look())[0]!;
    await driver.take(busy);
    expect(await cancelTask(postgres.db, { id, taskId: "g", ...me })).toBe(2);
    const end = await play(driver);
    expect(statesOf(end)).toMatchObject({
      ...{
        "g[0]": "failed",
        "g.work[0]": "failed",
        "g.last[0]": "skipped",
        "g.close[0]": "success",
        "g[1]": "skipped",
      },
      after: "upstream_failed",
    });
    expect([end.run, end.openTasks]).toEqual(["failed", 0]);
  });

  test("a run ends its groups with it", async () => {
    const { id, driver } = await begun(mapped("cancel_run"));
    const [list] = runnable(await driver.look());
    await driver.take(list!);
    await driver.complete([endOf(list!, listOf(2))]);
    await cancelRun(postgres.db, { id, ...me });
    const end = await driver.look();
    expect(
      [
        end.run,
        ...new Set(
          end.instances.filter(({ taskId }) => taskId !== "list").map(({ state }) => state),
        ),
      ].sort(),
    ).toEqual(["failed", "failed", "skipped"]);
    await driver.passTime();
    expect((await driver.look()).run).toBe("failed");
  });
});

describe("asking why", () => {
  const reasons = async (id: number) =>
    Object.fromEntries(
      (await whyWaiting(postgres.db, id)).tasks.map(({ taskId, reasons: of }) => [
        taskId,
        of.map(({ text }) => text).join("; "),
      ]),
    );

  test("tells that a task waits for its group, and its group for what is before it", async () => {
    const { id } = await begun(mapped("why_before"));
    expect(await reasons(id)).toMatchObject({
      g: "waits for list [queued] (trigger rule all_success)",
      "g.work": "waits for its group g [none] to start",
      after: "waits for g [none] (trigger rule all_success)",
    });
  });

  test("tells of elements that wait for others, of tasks of the first, and of a group's next try", async () => {
    const { id, driver } = await begun(
      mapped("why_elements", { maxActive: 1, retries: 1, retryDelay: "1h" }),
    );
    const [list] = runnable(await driver.look());
    await driver.take(list!);
    await driver.complete([endOf(list!, listOf(3))]);
    expect(await reasons(id)).toMatchObject({
      g: "as many instances of the group are started in this run as maxActive allows: 1",
      "g.work": "waits for g.open [queued] (trigger rule all_success)",
      after: "waits for g [running] (trigger rule all_success)",
    });
    await play(driver, scripted({ "g.work": failed(false) }));
    expect((await reasons(id)).g).toMatch(
      /^tries again at .*Z, after: one of its last tasks failed/,
    );
  });
});
