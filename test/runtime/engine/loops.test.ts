/**
 * Loops, over both stores: how one iteration follows from another, and what the tasks
 * after a loop see of it.
 */
import { describe, expect, test } from "vitest";
import { clearRuns } from "../../../runtime/actions/index.ts";
import type { StateCount } from "../../../runtime/engine/counts/instance_states.ts";
import { rebuild } from "../../../runtime/engine/counts/rebuild.ts";
import { planOf } from "../../../runtime/engine/plan/plan_of.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { TriggerRule } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  beginInMemory,
  beginInPostgres,
  endOf,
  failed,
  lost,
  play,
  runnable,
  type Script,
  skipped,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;

let lastDag = 0;
/** `before`, then `loop`, then `after`, which runs by a rule. */
function looping({ maxIterations = 10, retries = 0, rule = "all_success" as TriggerRule } = {}) {
  lastDag += 1;
  const d = dag(`loop_${lastDag}`);
  const loop = d.loop(
    "loop",
    { initial: 0, until: () => true, maxIterations, retries, retryDelay: "0s" },
    ({ previous }) => previous + 1,
  );
  chain(d.task("before", work), loop, d.task("after", { triggerRule: rule }, work));
  return describeDag(d as unknown as Dag<unknown>);
}

const again = (output: unknown): Outcome => ({
  kind: "success",
  output: JSON.stringify(output),
  again: true,
});

/**
 * Iterations end as listed; the last of them says that it is done unless it says
 * otherwise.
 */
const iterating =
  (...ends: readonly Outcome[]): Script =>
  ({ taskId, mapIndex }) =>
    taskId === "loop" ? (ends[mapIndex] ?? success()) : success();

describe.each([
  ["memory", beginInMemory],
  ["PostgreSQL", beginInPostgres(postgres)],
])("in %s, a loop", (_store, begin) => {
  test("goes on until an iteration says that it is done, one after the other", async () => {
    const atOnce: number[] = [];
    const driver = await begin(looping());
    const end = await play(driver, iterating(again(1), again(2), success(3)), {
      watch: (snapshot) =>
        atOnce.push(runnable(snapshot).filter(({ taskId }) => taskId === "loop").length),
    });
    expect(statesOf(end)).toEqual({
      before: "success",
      "loop[0]": "success",
      "loop[1]": "success",
      "loop[2]": "success",
      after: "success",
    });
    expect([end.run, end.openTasks, Math.max(...atOnce)]).toEqual(["success", 0, 1]);
    expect(end.instances.filter(({ taskId }) => taskId === "loop").map(({ item }) => item)).toEqual(
      [0, 1, 2],
    );
    expect(new Set(await driver.tokens()).size).toBe(5);
  });

  test("that is done at once runs once", async () => {
    const end = await play(await begin(looping()), iterating(success(1)));
    expect(statesOf(end)).toEqual({ before: "success", "loop[0]": "success", after: "success" });
  });

  test("of 200 iterations costs each the same few rows", async () => {
    const end = await play(await begin(looping({ maxIterations: 200 })), ({ taskId, mapIndex }) =>
      taskId === "loop" && mapIndex < 199 ? again(mapIndex) : success(),
    );
    expect([end.run, end.instances.length, end.openTasks]).toEqual(["success", 202, 0]);
  });

  test.each<[string, TriggerRule, Outcome, string, string]>([
    ["fails", "all_success", failed(false), "upstream_failed", "failed"],
    ["fails", "all_done", failed(false), "success", "success"],
    ["is skipped", "all_success", skipped, "skipped", "success"],
    ["is skipped", "none_failed", skipped, "success", "success"],
    ["fails", "one_failed", failed(false), "success", "success"],
    ["fails", "one_success", failed(false), "upstream_failed", "failed"],
  ])(
    "whose iteration %s ends with it: to %s that is one task",
    async (_how, rule, outcome, after, run) => {
      const end = await play(
        await begin(looping({ rule })),
        iterating(again(1), again(2), outcome),
      );
      expect(statesOf(end)).toMatchObject({ "loop[0]": "success", "loop[1]": "success", after });
      expect([end.run, end.openTasks, end.instances.length]).toEqual([run, 0, 5]);
    },
  );

  test("does not let a task after it begin before it is done, whatever that task's rule", async () => {
    const driver = await begin(looping({ rule: "one_success" }));
    const first: string[] = [];
    await play(driver, iterating(again(1), success(2)), {
      watch: (snapshot) => {
        if (snapshot.instances.some(({ taskId }) => taskId === "after"))
          first.push(
            snapshot.instances.map(({ mapIndex, taskId }) => `${taskId}${mapIndex}`).join(" "),
          );
      },
    });
    expect(first[0]).toBe("before-1 loop0 loop1 after-1");
  });

  test("that is not done within its bound has failed, and keeps what it had", async () => {
    const end = await play(
      await begin(looping({ maxIterations: 3, retries: 2 })),
      iterating(again(1), again(2), again(3)),
    );
    expect(statesOf(end)).toEqual({
      before: "success",
      "loop[0]": "success",
      "loop[1]": "success",
      "loop[2]": "failed",
      after: "upstream_failed",
    });
    expect(end.instances.find(({ mapIndex }) => mapIndex === 2)).toMatchObject({
      reason: "LOOP_LIMIT",
      tryNumber: 1,
    });
  });

  test("tries an iteration again alone, and loses none to a worker that dies", async () => {
    const script: Script = ({ taskId, mapIndex, tryNumber }) => {
      if (taskId !== "loop") return success();
      if (mapIndex === 1 && tryNumber === 1) return failed();
      if (mapIndex === 2 && tryNumber === 1) return lost;
      return mapIndex < 2 ? again(mapIndex) : success(2);
    };
    const end = await play(await begin(looping({ retries: 1 })), script);
    expect(
      end.instances.map(({ taskId, mapIndex, tryNumber }) => `${taskId}[${mapIndex}] ${tryNumber}`),
    ).toEqual(["before[-1] 1", "loop[0] 1", "loop[1] 2", "loop[2] 2", "after[-1] 1"]);
    expect(end.run).toBe("success");
  });

  test("takes the end of an iteration once, however often it is said", async () => {
    const driver = await begin(looping());
    const [before] = runnable(await driver.look());
    await driver.take(before!);
    await driver.complete([endOf(before!, success())]);
    const [iteration] = runnable(await driver.look());
    await driver.take(iteration!);
    const end = endOf(iteration!, again(1));
    await driver.complete([end, end]);
    await driver.complete([end]);
    expect((await driver.look()).instances.filter(({ taskId }) => taskId === "loop")).toHaveLength(
      2,
    );
  });
});

test("a loop that broke off goes on at the iteration that failed, when that is cleared", async () => {
  const spec = looping();
  const driver = await beginInPostgres(postgres)(spec);
  const broken = await play(driver, iterating(again(1), again(2), failed(false)));
  expect(statesOf(broken)).toMatchObject({ "loop[2]": "failed", after: "upstream_failed" });
  const of = { run: broken.instances[0]!.runId };
  await clearRuns(postgres.db, {
    of,
    taskId: "loop",
    downstream: true,
    onlyFailed: true,
    actor: "test",
  });
  const end = await play(driver, iterating(again(1), again(2), again(3), success(4)));
  expect(statesOf(end)).toEqual({
    before: "success",
    "loop[0]": "success",
    "loop[1]": "success",
    "loop[2]": "success",
    "loop[3]": "success",
    after: "success",
  });
  const tries = end.instances
    .filter(({ taskId }) => taskId === "loop")
    .map(({ mapIndex, tryNumber }) => `${mapIndex}: ${tryNumber}`);
  expect(tries.toSorted()).toEqual(["0: 1", "1: 1", "2: 2", "3: 1"]);
  expect([end.run, end.openTasks]).toEqual(["success", 0]);
});

test("a loop that is cleared as a whole begins anew, and may end sooner", async () => {
  const driver = await beginInPostgres(postgres)(looping());
  const first = await play(driver, iterating(again(1), again(2), success(3)));
  await clearRuns(postgres.db, {
    of: { run: first.instances[0]!.runId },
    taskId: "loop",
    downstream: true,
    actor: "test",
  });
  const end = await play(driver, iterating(again(1), success(2)));
  expect(statesOf(end)).toMatchObject({
    "loop[0]": "success",
    "loop[1]": "success",
    after: "success",
  });
  expect([end.run, end.openTasks]).toEqual(["success", 0]);
});

describe("the counts of a loop, rebuilt from its instances", () => {
  const counted = (
    states: Readonly<Record<string, readonly string[]>>,
    { isMapped = true } = {},
  ) => {
    const rows = Object.entries(states).flatMap(([taskId, list]) =>
      [...Map.groupBy(list, (state) => state)].map(([state, of]) => ({
        taskId,
        mapIndex: -1,
        isMapped: isMapped && taskId === "loop",
        state: state as StateCount["state"],
        count: of.length,
        lowest: taskId === "loop" ? list.indexOf(state) : -1,
      })),
    );
    const { counters, progress } = rebuild({ id: 1, plan: planOf(looping()) }, rows);
    const after = counters.find(({ counter }) => counter.taskId === "after");
    return { after: after?.counter, openTasks: progress.openTasks };
  };

  test("show the tasks after it one task, which ends with its last iteration", () => {
    const running = counted({ before: ["success"], loop: ["success", "success", "running"] });
    expect([
      running.after?.upstreamTotal,
      running.after?.upstream.success,
      running.openTasks,
    ]).toEqual([1, 0, 2]);
    const done = counted({ before: ["success"], loop: ["success", "success", "success"] });
    expect([done.after?.upstreamTotal, done.after?.upstream.success, done.openTasks]).toEqual([
      1, 1, 1,
    ]);
    const broken = counted({ before: ["success"], loop: ["success", "failed"] });
    expect([broken.after?.upstreamTotal, broken.after?.upstream.failed]).toEqual([1, 1]);
  });

  test("show one that could not run as what it is, and not as failed", () => {
    const { after } = counted(
      { before: ["failed"], loop: ["upstream_failed"] },
      { isMapped: false },
    );
    expect([after?.upstream.upstreamFailed, after?.upstream.failed]).toEqual([1, 0]);
  });
});
