/**
 * Groups that have an instance, over both stores: mapped over a list, retried, and with a
 * time limit.
 */
import { describe, expect, test } from "vitest";
import { rebuild } from "../../../runtime/engine/counts/rebuild.ts";
import { planOf } from "../../../runtime/engine/plan/plan_of.ts";
import { timeLimit } from "../../../runtime/engine/plan/time_limit.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { GroupBuilder } from "../../../sdk/dag/group_builder.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { Json } from "../../../sdk/json.ts";
import { over } from "../../../sdk/task/items.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  beginInMemory,
  beginInPostgres,
  type Driver,
  endOf,
  failed,
  listOf,
  play,
  runnable,
  type Script,
  type Snapshot,
  scripted,
  skipped,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;

let lastDag = 0;
function dagOf(declare: (d: Dag<unknown>) => void, options = {}) {
  lastDag += 1;
  const d = dag(`groups_${lastDag}`, options);
  declare(d as Dag<unknown>);
  return describeDag(d);
}

/** `list`, then `g` over it with `a` and `b`, then `after`. */
const mapped = (
  options: object = {},
  inner: (g: GroupBuilder<unknown, Json>) => void = (g) =>
    chain(g.task("a", work), g.task("b", work)),
) =>
  dagOf((d) => {
    const list = d.task("list", async (): Promise<Json[]> => []);
    const g = d.group("g", { each: list, ...options }, inner);
    chain(g, d.task("after", work));
  });

async function takeAndEnd(driver: Driver, name: string, outcome = success()): Promise<void> {
  const [task = "", index] = name.replace("]", "").split("[");
  const one = runnable(await driver.look()).find(
    ({ taskId, mapIndex }) => taskId === task && mapIndex === Number(index ?? -1),
  );
  if (!one) throw new Error(`${name} cannot be taken`);
  await driver.take(one);
  await driver.complete([endOf(one, outcome)]);
}

const names = (snapshot: Snapshot): readonly string[] =>
  runnable(snapshot)
    .map(({ taskId, mapIndex }) => (mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`))
    .sort();

describe("the time of a group", () => {
  const specOf = (options: object) => {
    const d = dag("timed");
    d.group("g", { retries: 1, ...options }, (g) => g.task("a", work));
    return describeDag(d as Dag<unknown>).tasks.find(({ taskId }) => taskId === "g")!;
  };

  test.each<[string, object, number, number | undefined]>([
    ["has no end when it names none", {}, 0, undefined],
    ["is that of one try", { executionTimeout: "1m" }, 0, 60_000],
    ["is that of all tries, less what has passed", { totalTimeout: "5m" }, 120_000, 180_000],
    ["is the shorter of both", { executionTimeout: "1m", totalTimeout: "5m" }, 270_000, 30_000],
    ["is either when they are the same", { executionTimeout: "1m", totalTimeout: "1m" }, 0, 60_000],
    ["is up at once when all has passed", { totalTimeout: "1m" }, 90_000, 0],
  ])("%s", (_what, options, elapsedMs, ms) => {
    expect(timeLimit(specOf(options), elapsedMs)?.inMs).toBe(ms);
  });
});

describe.each([
  ["memory", beginInMemory],
  ["PostgreSQL", beginInPostgres(postgres)],
])("in %s", (_store, begin) => {
  describe("a mapped group", () => {
    test("runs all of its tasks for each element, each behind those of its own element only", async () => {
      const driver = await begin(mapped());
      await takeAndEnd(driver, "list", listOf(2));
      expect(names(await driver.look())).toEqual(["g.a[0]", "g.a[1]"]);
      await takeAndEnd(driver, "g.a[1]");
      expect(names(await driver.look())).toEqual(["g.a[0]", "g.b[1]"]);
      await takeAndEnd(driver, "g.b[1]");
      expect(statesOf(await driver.look())).toMatchObject({ "g[0]": "running", "g[1]": "success" });
      const end = await play(driver);
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
      expect(statesOf(end)).toMatchObject({
        "g[0]": "success",
        "g[1]": "success",
        after: "success",
      });
    });

    test("gives each of its tasks the element", async () => {
      const end = await play(
        await begin(mapped()),
        scripted({ list: success(["x", null, { y: 1 }]) }),
      );
      const items = end.instances
        .filter(({ taskId }) => taskId === "g.b")
        .map(({ mapIndex, item }) => [mapIndex, item]);
      expect(items.sort()).toEqual([
        [0, "x"],
        [1, null],
        [2, { y: 1 }],
      ]);
    });

    test("fails for the elements whose last task failed, and what comes after sees as many", async () => {
      const spec = mapped({}, (g) =>
        chain(g.task("a", work), g.task("b", { triggerRule: "all_done" }, work)),
      );
      const end = await play(
        await begin(spec),
        scripted({ list: listOf(3), "g.a[0]": failed(false), "g.b[1]": failed(false) }),
      );
      expect(statesOf(end)).toMatchObject({
        "g[0]": "success",
        "g[1]": "failed",
        "g[2]": "success",
        after: "upstream_failed",
      });
      expect(end.run).toBe("failed");
    });

    test("is skipped for an element whose last tasks were all skipped, and succeeds when one was not", async () => {
      const spec = mapped({}, (g) => void [g.task("a", work), g.task("b", work)]);
      const end = await play(
        await begin(spec),
        scripted({ list: listOf(2), "g.a[0]": skipped, "g.b[0]": skipped, "g.a[1]": skipped }),
      );
      expect(statesOf(end)).toMatchObject({
        "g[0]": "skipped",
        "g[1]": "success",
        after: "skipped",
      });
    });

    test.each([
      [
        "an empty list is skipped, and nothing of it exists",
        success([]),
        { g: "skipped", after: "skipped" },
        "success",
      ],
      ["no list fails", success("no list"), { g: "failed", after: "upstream_failed" }, "failed"],
      [
        "the list of a task that failed never begins",
        failed(false),
        { g: "upstream_failed", after: "upstream_failed" },
        "failed",
      ],
    ])("over %s", async (_what, list, states, run) => {
      const end = await play(await begin(mapped()), scripted({ list }));
      expect(end.run).toBe(run);
      const { list: _list, ...others } = statesOf(end);
      expect(others).toEqual(states);
    });

    test("of tasks without a body ends at once", async () => {
      const spec = mapped({ maxActive: 2 }, (g) => chain(g.empty("a"), g.empty("b")));
      const end = await play(await begin(spec), scripted({ list: listOf(5) }));
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
      expect(
        end.instances.filter(({ taskId }) => taskId === "g").map(({ state }) => state),
      ).toEqual(Array(5).fill("success"));
    });

    test("over literal items begins with its run", async () => {
      const spec = dagOf((d) => void d.group("g", { each: ["x", "y"] }, (g) => g.task("a", work)));
      expect(names(await (await begin(spec)).look())).toEqual(["g.a[0]", "g.a[1]"]);
    });

    test("lets no more elements begin than maxActive says, each until its last task has ended", async () => {
      const driver = await begin(mapped({ maxActive: 2 }));
      await takeAndEnd(driver, "list", listOf(4));
      expect(names(await driver.look())).toEqual(["g.a[0]", "g.a[1]"]);
      await takeAndEnd(driver, "g.a[0]");
      expect(names(await driver.look())).toEqual(["g.a[1]", "g.b[0]"]);
      await takeAndEnd(driver, "g.b[0]");
      expect(names(await driver.look())).toEqual(["g.a[1]", "g.a[2]"]);
      expect(statesOf(await driver.look())).toMatchObject({ "g[3]": "scheduled" });
      const most: number[] = [];
      const end = await play(driver, undefined, {
        watch: ({ instances }) =>
          most.push(
            instances.filter(({ taskId, state }) => taskId === "g" && state === "running").length,
          ),
      });
      expect([end.run, Math.max(...most)]).toEqual(["success", 2]);
    });

    test("leaves out the elements that its filter refuses, from their first task on", async () => {
      const spec = dagOf((d) => {
        const list = d.task("list", async (): Promise<number[]> => []);
        const g = d.group("g", { each: over(list).filter((one) => one > 0) }, (h) =>
          chain(h.task("a", work), h.task("b", work)),
        );
        chain(g, d.task("after", work));
      });
      const filteredOut = { kind: "skipped", reason: "refused", filteredOut: true } as const;
      const end = await play(
        await begin(spec),
        scripted({ list: listOf(2), "g.a[0]": filteredOut }),
      );
      expect(statesOf(end)).toMatchObject({
        "g.b[0]": "removed",
        "g[0]": "removed",
        "g[1]": "success",
        after: "success",
      });
      const none = await play(
        await begin(mapped()),
        scripted({ list: listOf(2), "g.a": filteredOut }),
      );
      expect(statesOf(none)).toMatchObject({
        "g[0]": "removed",
        "g[1]": "removed",
        after: "skipped",
      });
    });

    test("lets its rules, branches and short circuits speak for each element apart", async () => {
      const spec = mapped({}, (g) => {
        const pick = g.branch("pick", () => []);
        const [big, small] = [g.task("big", work), g.task("small", work)];
        chain(
          pick,
          [big, small],
          g.task("join", { triggerRule: "none_failed_min_one_success" }, work),
        );
        chain(
          g.shortCircuit("any", () => true),
          g.task("late", work),
          g.task("later", { triggerRule: "all_done" }, work),
        );
      });
      const script = scripted({
        list: listOf(2),
        "g.pick[0]": success(["g.big"]),
        "g.pick[1]": success(["g.small"]),
        "g.any[0]": success(false),
        "g.any[1]": success(true),
      });
      expect(statesOf(await play(await begin(spec), script))).toMatchObject({
        ...{
          "g.big[0]": "success",
          "g.small[0]": "skipped",
          "g.join[0]": "success",
          "g.late[0]": "skipped",
          "g.later[0]": "skipped",
        },
        ...{
          "g.big[1]": "skipped",
          "g.small[1]": "success",
          "g.join[1]": "success",
          "g.late[1]": "success",
          "g.later[1]": "success",
        },
        ...{ "g[0]": "success", "g[1]": "success", after: "success" },
      });
    });

    test("tears down for each element what was set up for it", async () => {
      const spec = mapped({}, (g) => {
        const setup = g.setup("open", work);
        chain(setup, g.task("work", work), g.teardown("close", { setups: setup }, work));
      });
      const end = await play(
        await begin(spec),
        scripted({ list: listOf(3), "g.open[0]": failed(false), "g.work[1]": failed(false) }),
      );
      expect(statesOf(end)).toMatchObject({
        ...{ "g.work[0]": "upstream_failed", "g.close[0]": "upstream_failed", "g[0]": "failed" },
        ...{
          "g.close[1]": "success",
          "g[1]": "failed",
          "g.close[2]": "success",
          "g[2]": "success",
        },
      });
    });

    test("may hold groups, which are for each element, too", async () => {
      const spec = mapped({}, (g) =>
        chain(
          g.group("tried", { retries: 1, retryDelay: "0s" }, (h) => h.task("a", work)),
          g.task("b", work),
        ),
      );
      const driver = await begin(spec);
      await play(driver, scripted({ list: listOf(2), "g.tried.a[1]#1": failed(false) }));
      expect(statesOf(await driver.look())).toMatchObject({
        "g.b[0]": "success",
        "g.tried[1]": "up_for_retry",
      });
      await driver.passTime();
      const end = await play(driver);
      expect(end.run).toBe("success");
      expect(
        end.instances.find(({ taskId, mapIndex }) => taskId === "g.tried" && mapIndex === 1)
          ?.tryNumber,
      ).toBe(2);
    });

    test("of 200 elements costs each the same few rows", async () => {
      const end = await play(await begin(mapped()), scripted({ list: listOf(200) }));
      expect([end.run, end.instances.length]).toEqual(["success", 602]);
    });
  });

  describe("a group that is tried again", () => {
    const tried = (options: object = {}) =>
      dagOf((d) => {
        const g = d.group("g", { retries: 1, retryDelay: "0s", ...options }, (h) =>
          chain(h.task("a", work), h.task("b", work)),
        );
        chain(g, d.task("after", { triggerRule: "all_done" }, work));
      });

    test("runs all of its tasks once more, and what comes after waits for that", async () => {
      const driver = await begin(tried());
      const first = await play(driver, scripted({ "g.b#1": failed(false) }));
      expect(statesOf(first)).toEqual({ g: "up_for_retry", "g.a": "success", "g.b": "failed" });
      expect(first.run).toBe("running");
      await driver.passTime();
      expect(names(await driver.look())).toEqual(["g.a"]);
      const end = await play(driver);
      expect(statesOf(end)).toEqual({
        g: "success",
        "g.a": "success",
        "g.b": "success",
        after: "success",
      });
      expect(
        end.instances.filter(({ taskId }) => taskId !== "after").map(({ tryNumber }) => tryNumber),
      ).toEqual([2, 2, 2]);
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
    });

    test("has failed when its tries are used up", async () => {
      const driver = await begin(tried());
      const script = scripted({ "g.b": failed(false) });
      await play(driver, script);
      await driver.passTime();
      const end = await play(driver, script);
      expect(statesOf(end)).toEqual({
        g: "failed",
        "g.a": "success",
        "g.b": "failed",
        after: "success",
      });
      await driver.passTime();
      expect((await driver.look()).run).toBe("success");
    });

    test("gives its tasks their own tries in each of its own", async () => {
      const driver = await begin(tried({ defaults: { retries: 1, retryDelay: "0s" } }));
      const script = scripted({ "g.b": failed() });
      await play(driver, script);
      await driver.passTime();
      const end = await play(driver, script);
      expect(end.instances.find(({ taskId }) => taskId === "g.b")?.tryNumber).toBe(4);
    });

    test("holds mapped tasks and loops, whose instances begin anew", async () => {
      const spec = dagOf((d) => {
        const g = d.group("g", { retries: 1, retryDelay: "0s" }, (h) => {
          const list = h.task("list", async (): Promise<Json[]> => []);
          return chain(h.task("each", { each: list }, work), h.task("last", work));
        });
        chain(g, d.task("after", work));
      });
      const driver = await begin(spec);
      await play(driver, scripted({ "g.list": listOf(3), "g.each[1]": failed(false) }));
      await driver.passTime();
      const end = await play(driver, scripted({ "g.list": listOf(2) }));
      expect(statesOf(end)).toMatchObject({
        "g.each[0]": "success",
        "g.each[1]": "success",
        "g.last": "success",
        g: "success",
      });
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
    });

    test("of a mapped group is one element, and the others go on", async () => {
      const driver = await begin(mapped({ retries: 1, retryDelay: "0s", maxActive: 1 }));
      const waiting = await play(driver, scripted({ list: listOf(2), "g.b[0]#1": failed(false) }));
      expect(statesOf(waiting)).toMatchObject({ "g[0]": "up_for_retry", "g[1]": "scheduled" });
      await driver.passTime();
      const end = await play(driver);
      expect(statesOf(end)).toMatchObject({
        "g.a[0]": "success",
        "g[0]": "success",
        "g[1]": "success",
        after: "success",
      });
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
    });

    test("counts an allowed failure of its tasks once", async () => {
      const spec = dagOf((d) => {
        d.group("g", { retries: 1, retryDelay: "0s" }, (h) =>
          chain(h.task("soft", { allowFailure: true }, work), h.task("hard", work)),
        );
      });
      const driver = await begin(spec);
      await play(driver, scripted({ "g.soft": failed(false), "g.hard#1": failed(false) }));
      await driver.passTime();
      expect((await play(driver)).run).toBe("success");
    });
  });

  describe("a group whose time is up", () => {
    const timed = (options: object = {}) =>
      dagOf((d) => {
        const g = d.group("g", { executionTimeout: "1m", ...options }, (h) => {
          const setup = h.setup("open", work);
          const slow = h.task("slow", work);
          chain(
            setup,
            slow,
            h.task("next", { triggerRule: "all_done" }, work),
            h.teardown("close", { setups: setup }, work),
          );
        });
        chain(g, d.task("after", work));
      });

    test("fails: what runs is stopped, what has not begun is skipped, and what was set up is torn down", async () => {
      const driver = await begin(timed());
      await takeAndEnd(driver, "g.open");
      await driver.passTime();
      expect(statesOf(await driver.look())).toMatchObject({
        g: "running",
        "g.slow": "skipped",
        "g.next": "skipped",
        "g.close": "queued",
      });
      const end = await play(driver);
      expect(statesOf(end)).toMatchObject({
        g: "failed",
        "g.close": "success",
        after: "upstream_failed",
      });
      expect(end.instances.find(({ taskId }) => taskId === "g")?.reason).toBe(
        "the group took longer than its time limit",
      );
    });

    test("refuses what a stopped try still says", async () => {
      const driver = await begin(timed());
      await takeAndEnd(driver, "g.open");
      const slow = runnable(await driver.look())[0]!;
      await driver.take(slow);
      await driver.passTime();
      expect((await driver.complete([endOf(slow, success())])).accepted.size).toBe(0);
      expect(statesOf(await driver.look())["g.slow"]).toBe("failed");
    });

    test("is tried again when it has a try left", async () => {
      const driver = await begin(timed({ retries: 1, retryDelay: "0s" }));
      await takeAndEnd(driver, "g.open");
      await driver.passTime();
      await play(driver);
      expect(statesOf(await driver.look()).g).toBe("up_for_retry");
      await driver.passTime();
      expect((await play(driver)).run).toBe("success");
    });

    test("has as much time in its next try, and no more tries than it has", async () => {
      const driver = await begin(timed({ retries: 1, retryDelay: "0s" }));
      for (const wanted of ["up_for_retry", "failed"]) {
        await takeAndEnd(driver, "g.open");
        await driver.passTime();
        await play(driver);
        expect(statesOf(await driver.look()).g).toBe(wanted);
        await driver.passTime();
      }
      expect((await driver.look()).run).toBe("failed");
    });

    test("in time says nothing more of it", async () => {
      const driver = await begin(timed());
      expect((await play(driver)).run).toBe("success");
      await driver.passTime();
      expect((await driver.look()).run).toBe("success");
    });
  });

  describe("a group that is a loop", () => {
    const looping = (options: object = {}, maxIterations = 5) =>
      dagOf((d) => {
        const loop = {
          initial: { at: 0 },
          until: ({ at }: { at: number }) => at > 9,
          maxIterations,
        };
        const g = d.group("g", { loop, ...options }, (h) => {
          const a = h.task("a", async ({ item }) => item);
          const b = h.task("b", { inputs: { a } }, async ({ inputs }) => inputs.a);
          chain(b, h.task("c", work));
          return b;
        });
        chain(g, d.task("after", { inputs: { states: g.result } }, work));
      });
    /** Iteration after iteration, `b` says whether another follows, and with what. */
    const going =
      (iterations: number, more: Readonly<Record<string, ReturnType<Script>>> = {}): Script =>
      (instance) => {
        const { taskId, mapIndex } = instance;
        const said = scripted(more)(instance);
        if (taskId !== "g.b" || said.kind !== "success") return said;
        return {
          ...success({ at: mapIndex + 1 }),
          ...(mapIndex + 1 < iterations && { again: true }),
        } as ReturnType<Script>;
      };

    test("runs all of its tasks in each iteration, which begins when the one before has ended, with what that came to", async () => {
      const driver = await begin(looping());
      expect(names(await driver.look())).toEqual(["g.a[0]"]);
      await takeAndEnd(driver, "g.a[0]");
      const b = runnable(await driver.look())[0]!;
      await driver.take(b);
      await driver.complete([
        endOf(b, { ...success({ at: 7 }), again: true } as ReturnType<Script>),
      ]);
      expect(names(await driver.look())).toEqual(["g.c[0]"]);
      await takeAndEnd(driver, "g.c[0]");
      expect(names(await driver.look())).toEqual(["g.a[1]"]);
      expect(runnable(await driver.look())[0]?.item).toEqual({ at: 7 });
      const end = await play(driver, going(3));
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
      expect(statesOf(end)).toMatchObject({
        "g[0]": "success",
        "g[2]": "success",
        "g.c[2]": "success",
        after: "success",
      });
      expect(statesOf(end)["g[3]"]).toBeUndefined();
    });

    test("fails with an iteration, and what comes after sees one failure", async () => {
      const end = await play(await begin(looping()), going(4, { "g.c[1]": failed(false) }));
      expect(statesOf(end)).toMatchObject({
        "g[0]": "success",
        "g[1]": "failed",
        after: "upstream_failed",
      });
      expect(statesOf(end)["g[2]"]).toBeUndefined();
    });

    test("tries an iteration again when it has tries, and goes on from there", async () => {
      const driver = await begin(looping({ retries: 1, retryDelay: "0s" }));
      await play(driver, going(3, { "g.c[1]#1": failed(false) }));
      await driver.passTime();
      const end = await play(driver, going(3));
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
      expect(
        end.instances.filter(({ taskId }) => taskId === "g").map(({ tryNumber }) => tryNumber),
      ).toEqual([1, 2, 1]);
    });

    test("counts for the group around it as the one task that it is", async () => {
      const spec = dagOf((d) => {
        d.group("tried", { retries: 1 }, (h) => {
          const loop = { initial: 0, until: () => true, maxIterations: 5 };
          h.group("looping", { loop }, (l) => l.task("next", () => 1));
        });
      });
      const driver = await begin(spec);
      const next = async (outcome: ReturnType<Script>): Promise<void> => {
        const one = runnable(await driver.look())[0]!;
        await driver.take(one);
        await driver.complete([endOf(one, outcome)]);
      };
      await next({ ...success(1), again: true } as ReturnType<Script>);
      await next(skipped);
      const end = await driver.look();
      expect(statesOf(end)).toMatchObject({
        "tried.looping[0]": "success",
        "tried.looping[1]": "skipped",
        tried: "skipped",
      });
      const states = end.instances.map((one) => ({
        ...one,
        isMapped: one.mapIndex >= 0,
        count: 1,
        lowest: one.mapIndex,
      }));
      const open = states.map((one) =>
        one.taskId === "tried" ? { ...one, state: "running" as const } : one,
      );
      const { counters } = rebuild({ id: 1, plan: planOf(spec) }, open);
      const tried = counters.find(({ counter }) => counter.taskId === "tried");
      expect(tried?.counter.own).toMatchObject({
        success: 0,
        skipped: 1,
      });
    });

    test("that is not done after as many iterations as it may have, has failed", async () => {
      const end = await play(await begin(looping({}, 2)), going(9));
      expect(statesOf(end)).toMatchObject({
        "g.b[1]": "failed",
        "g[1]": "failed",
        after: "upstream_failed",
      });
      expect(
        end.instances.find(({ taskId, mapIndex }) => taskId === "g.b" && mapIndex === 1)?.reason,
      ).toBe("LOOP_LIMIT");
    });
  });

  describe("a run that fails fast", () => {
    test("gives a group its tries first, and then skips what has not begun", async () => {
      const spec = dagOf(
        (d) => {
          const g = d.group(
            "g",
            { each: [1, 2], maxActive: 1, retries: 1, retryDelay: "0s" },
            (h) => h.task("a", work),
          );
          chain(g, d.task("after", work));
          d.task("other", work);
        },
        { failFast: true },
      );
      const driver = await begin(spec);
      await takeAndEnd(driver, "g.a[0]", failed(false));
      expect(statesOf(await driver.look())).toMatchObject({
        "g[0]": "up_for_retry",
        other: "queued",
      });
      await driver.passTime();
      await takeAndEnd(driver, "g.a[0]", failed(false));
      const end = await driver.look();
      expect(statesOf(end)).toMatchObject({
        "g[0]": "failed",
        "g[1]": "skipped",
        other: "skipped",
        after: "skipped",
      });
      expect([end.run, end.openTasks]).toEqual(["failed", 0]);
    });
  });
});
