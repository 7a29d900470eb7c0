/**
 * The same runs over both stores: what holds in memory (`dag test`) holds on PostgreSQL.
 */
import { describe, expect, test } from "vitest";
import { MAX_LOST_TRIES } from "../../../runtime/state/lost_try.ts";
import { graphOf } from "../../../sdk/dag/dag.ts";
import { TRIGGER_RULES, type TriggerRule } from "../../../sdk/spec/index.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";
import { chain, crossDownstream } from "../../../sdk/task/wirable.ts";
import { newDag, outcomes, work } from "../../support/engine_dags.ts";
import {
  beginInMemory,
  beginInPostgres,
  type Driver,
  endOf,
  failed,
  lost,
  play,
  runnable,
  type Script,
  type Seen,
  type Snapshot,
  skipped,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();

const seen = (snapshot: Snapshot, taskId: string, mapIndex = -1): Seen => {
  const found = snapshot.instances.find(
    (one) => one.taskId === taskId && one.mapIndex === mapIndex,
  );
  if (!found) throw new Error(`no instance of ${taskId} at ${mapIndex}`);
  return found;
};

/** An early end for what a rule looks at. */
const ENDS = { S: success(), F: failed(), K: skipped } as const;

describe.each([
  ["memory", beginInMemory],
  ["PostgreSQL", beginInPostgres(postgres)],
])("in %s", (_store, begin) => {
  describe("a run", () => {
    test("of empty tasks only ends as it begins", async () => {
      const driver = await begin(
        newDag((d) => chain(d.empty("a"), [d.empty("b"), d.empty("c")], d.empty("d"))),
      );
      const end = await driver.look();
      expect(end).toMatchObject({ run: "success", openTasks: 0 });
      expect(statesOf(end)).toEqual({ a: "success", b: "success", c: "success", d: "success" });
      expect(await driver.tokens()).toEqual([]);
    });

    test("of a diamond runs its join once, after both sides, in either order", async () => {
      for (const last of ["left", "right"]) {
        const driver = await begin(
          newDag((d) =>
            chain(
              d.task("top", work),
              [d.task("left", work), d.task("right", work)],
              d.task("join", work),
            ),
          ),
        );
        const order: string[] = [];
        const end = await play(
          driver,
          ({ taskId }) => {
            order.push(taskId);
            return success();
          },
          { pick: (among) => among.find(({ taskId }) => taskId !== last) ?? among[0]! },
        );
        expect([end.run, order.at(-2), order.at(-1)]).toEqual(["success", last, "join"]);
        expect(end.instances).toHaveLength(4);
      }
    });

    test("of 40 tasks in a chain takes 40 steps", async () => {
      const driver = await begin(
        newDag((d) => chain(...Array.from({ length: 40 }, (_, i) => d.task(`t${i}`, work)))),
      );
      const end = await play(driver);
      expect([end.run, end.openTasks, end.instances.length]).toEqual(["success", 0, 40]);
      expect(await driver.tokens()).toHaveLength(40);
    });

    test("of 500 tasks side by side begins them all at once, and ends with the last", async () => {
      const driver = await begin(
        newDag((d) =>
          chain(
            d.empty("go"),
            Array.from({ length: 500 }, (_, i) => d.task(`t${i}`, work)),
            d.empty("end"),
          ),
        ),
      );
      const all = runnable(await driver.look());
      expect(all).toHaveLength(500);
      for (const one of all) await driver.take(one);
      await driver.complete(all.slice(1).map((one) => endOf(one, success())));
      expect((await driver.look()).run).toBe("running");
      const { finishedRuns } = await driver.complete([endOf(all[0]!, success())]);
      expect(finishedRuns).toEqual([all[0]!.runId]);
      expect(await driver.look()).toMatchObject({ run: "success", openTasks: 0 });
    });

    test("is a success when a task in its middle failed and its leaves did not", async () => {
      const driver = await begin(
        newDag((d) =>
          chain(
            d.task("a", work),
            d.task("b", work),
            d.task("tidy", { triggerRule: "all_done" }, work),
          ),
        ),
      );
      const end = await play(driver, outcomes({ a: failed() }));
      expect(statesOf(end)).toEqual({ a: "failed", b: "upstream_failed", tidy: "success" });
      expect(end.run).toBe("success");
    });

    test("has failed when one leaf failed, or never could run", async () => {
      const twoLeaves = newDag((d) =>
        chain(d.task("a", work), [d.task("b", work), d.task("c", work)]),
      );
      expect((await play(await begin(twoLeaves), outcomes({ b: failed() }))).run).toBe("failed");
      const behind = newDag((d) => chain(d.task("a", work), d.task("b", work)));
      expect((await play(await begin(behind), outcomes({ a: failed() }))).run).toBe("failed");
    });

    test("is a success when its leaves were skipped", async () => {
      const driver = await begin(
        newDag((d) => chain(d.task("a", work), [d.task("b", work), d.empty("c")], d.empty("d"))),
      );
      const end = await play(driver, outcomes({ a: skipped }));
      expect(statesOf(end)).toEqual({ a: "skipped", b: "skipped", c: "skipped", d: "skipped" });
      expect(end.run).toBe("success");
    });
  });

  describe("trigger rules", () => {
    /**
     * `join` after upstreams that end as the letters say, `U` being a task behind a
     * failed one.
     */
    const joined = (rule: TriggerRule, ends: string) => {
      const spec = newDag((d) => {
        const upstream = [...ends].map((letter, index): TaskRef<unknown> => {
          const ref = d.task(`${letter}${index}`, work);
          if (letter === "U") chain(d.task(`F_before${index}`, work), ref);
          return ref;
        });
        chain(upstream, d.task("join", { triggerRule: rule }, work));
      });
      const script: Script = ({ taskId }) => ENDS[taskId[0] as keyof typeof ENDS] ?? success();
      return { spec, script };
    };

    const R = "success";
    const S = "skipped";
    const U = "upstream_failed";
    test.each([
      ["all_success", [R, U, S, U, U, S, U, U]],
      ["all_failed", [S, S, S, S, R, S, R, S]],
      ["all_done", [R, R, R, R, R, R, R, R]],
      ["all_done_min_one_success", [R, R, S, R, U, S, U, S]],
      ["all_skipped", [S, S, S, S, S, R, S, S]],
      ["one_success", [R, R, R, R, U, S, U, U]],
      ["one_failed", [S, R, S, R, R, S, R, R]],
      ["one_done", [R, R, R, R, R, S, S, R]],
      ["none_failed", [R, U, R, U, U, R, U, U]],
      ["none_failed_min_one_success", [R, U, R, U, U, S, U, U]],
      ["none_skipped", [R, R, S, R, R, S, R, S]],
      ["always", [R, R, R, R, R, R, R, R]],
    ] as const)("%s", async (rule, expected) => {
      const combinations = ["SS", "SF", "SK", "SU", "FF", "KK", "UU", "FK"];
      const found = await Promise.all(
        combinations.map(async (ends) => {
          const { spec, script } = joined(rule, ends);
          const end = await play(await begin(spec), script);
          expect([ends, end.openTasks]).toEqual([ends, 0]);
          return seen(end, "join").state;
        }),
      );
      expect(Object.fromEntries(combinations.map((ends, i) => [ends, found[i]]))).toEqual(
        Object.fromEntries(combinations.map((ends, i) => [ends, expected[i]])),
      );
    });

    test("are all in the table above", () => {
      expect(TRIGGER_RULES).toHaveLength(13);
    });

    test("decide while siblings still run, and once", async () => {
      const driver = await begin(
        newDag((d) =>
          crossDownstream(
            [d.task("a", work), d.task("b", work)],
            [d.task("join", work), d.task("alarm", { triggerRule: "one_failed" }, work)],
          ),
        ),
      );
      const first = await driver.look();
      await driver.take(seen(first, "a"));
      await driver.complete([endOf(seen(first, "a"), failed())]);
      expect(statesOf(await driver.look())).toEqual({
        a: "failed",
        b: "queued",
        join: "upstream_failed",
        alarm: "queued",
      });
      const end = await play(driver, outcomes({ b: failed() }));
      expect(statesOf(end)).toEqual({
        a: "failed",
        b: "failed",
        join: "upstream_failed",
        alarm: "success",
      });
      expect([end.run, end.openTasks]).toEqual(["failed", 0]);
    });

    test("let a task run once when one end reaches it by two ways", async () => {
      const driver = await begin(
        newDag((d) => {
          const a = d.task("a", work);
          const b = d.task("b", work);
          chain(a, b, d.task("c", work));
          chain(a, d.task("alarm", { triggerRule: "one_failed" }, work));
          const alarm = graphOf(d).tasks.find(({ taskId }) => taskId === "alarm")!;
          chain(b, alarm);
        }),
      );
      const end = await play(driver, outcomes({ a: failed() }));
      expect(end.instances.filter(({ taskId }) => taskId === "alarm")).toHaveLength(1);
      expect(statesOf(end)).toEqual({
        a: "failed",
        b: "upstream_failed",
        c: "upstream_failed",
        alarm: "success",
      });
      expect([end.run, end.openTasks]).toEqual(["failed", 0]);
    });

    test("`always` waits for nothing, from the run's first moment", async () => {
      const driver = await begin(
        newDag((d) =>
          chain(
            d.task("a", work),
            d.task("b", { triggerRule: "always" }, work),
            d.empty("c", { triggerRule: "always" }),
          ),
        ),
      );
      expect(statesOf(await driver.look())).toEqual({ a: "queued", b: "queued", c: "success" });
      const end = await play(driver, outcomes({ a: failed() }));
      expect([end.run, end.openTasks, end.instances.length]).toEqual(["success", 0, 3]);
    });
  });

  describe("a mapped task", () => {
    const mapped = (options: { readonly maxActive?: number; readonly retries?: number } = {}) =>
      newDag((d) => {
        const list = d.task("list", async (): Promise<number[]> => []);
        chain(
          d.task("each", { each: list, retryDelay: "0s", ...options }, work),
          d.task("after", work),
        );
      });
    const overList =
      (output: unknown): Script =>
      ({ taskId }) =>
        taskId === "list" ? success(output) : success();

    test.each([
      ["an empty list is skipped", [], { each: "skipped", after: "skipped" }, "success"],
      ["a text has failed", "abc", { each: "failed", after: "upstream_failed" }, "failed"],
      ["an object has failed", { a: 1 }, { each: "failed", after: "upstream_failed" }, "failed"],
      ["null has failed", null, { each: "failed", after: "upstream_failed" }, "failed"],
      ["nothing has failed", undefined, { each: "failed", after: "upstream_failed" }, "failed"],
      ["one item runs once", [7], { "each[0]": "success", after: "success" }, "success"],
      ["a list of null runs for it", [null], { "each[0]": "success", after: "success" }, "success"],
      [
        "lists runs for each of them",
        [[], [1]],
        { "each[0]": "success", "each[1]": "success", after: "success" },
        "success",
      ],
    ] as const)("over %s", async (_what, output, expected, run) => {
      const end = await play(await begin(mapped()), overList(output));
      expect(statesOf(end)).toEqual({ list: "success", ...expected });
      expect([end.run, end.openTasks]).toEqual([run, 0]);
    });

    test("that cannot be expanded says what it found instead of a list", async () => {
      const end = await play(await begin(mapped()), overList("abc"));
      expect(seen(end, "each").reason).toBe("NOT_A_LIST");
    });

    test("over 300 items runs 300 times, and what comes after it once", async () => {
      const end = await play(
        await begin(mapped()),
        overList(Array.from({ length: 300 }, (_, i) => i)),
      );
      expect([end.run, end.openTasks, end.instances.length]).toEqual(["success", 0, 302]);
    });

    test("over literal items begins with the run", async () => {
      const driver = await begin(
        newDag((d) =>
          chain(d.task("each", { each: [1, 2, 3] as const }, work), d.task("after", work)),
        ),
      );
      expect(runnable(await driver.look())).toHaveLength(3);
      expect(statesOf(await play(driver))).toEqual({
        "each[0]": "success",
        "each[1]": "success",
        "each[2]": "success",
        after: "success",
      });
    });

    test("beside another, both before one task, keeps that task waiting for all of both", async () => {
      const driver = await begin(
        newDag((d) =>
          chain(
            [d.task("x", { each: [1, 2, 3] }, work), d.task("y", { each: [1, 2] }, work)],
            d.task("join", { triggerRule: "all_done" }, work),
          ),
        ),
      );
      const joinedAt: number[] = [];
      const end = await play(driver, undefined, {
        watch: ({ instances }) => {
          if (instances.some(({ taskId }) => taskId === "join"))
            joinedAt.push(instances.filter(({ state }) => state === "success").length);
        },
      });
      expect(joinedAt[0]).toBe(5);
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
    });

    test("over the outputs of a mapped task runs for each of them, in map order", async () => {
      const driver = await begin(
        newDag((d) => {
          const squares = d.task("squares", { each: [1, 2, 3] }, async ({ item }) => item * item);
          d.task("show", { each: squares }, work);
        }),
      );
      const end = await play(
        driver,
        ({ taskId, mapIndex }) => (taskId === "squares" ? success((mapIndex + 1) ** 2) : success()),
        {
          pick: (among) => among.at(-1)!,
        },
      );
      expect(end.run).toBe("success");
      expect([0, 1, 2].map((mapIndex) => seen(end, "show", mapIndex).item)).toEqual([1, 4, 9]);
    });

    test("over the outputs of a mapped task of which one returned nothing runs for the others", async () => {
      const driver = await begin(
        newDag((d) => {
          const some = d.task("some", { each: [1, 2, 3] }, async (): Promise<number> => 1);
          d.task("show", { each: some }, work);
        }),
      );
      const end = await play(driver, ({ taskId, mapIndex }) =>
        taskId === "some" && mapIndex === 1 ? success() : success(mapIndex),
      );
      expect([end.run, end.openTasks]).toEqual(["success", 0]);
    });

    test("of which one instance failed makes what comes after it upstream_failed, at once", async () => {
      const driver = await begin(mapped());
      const end = await play(driver, (one) =>
        one.taskId === "list"
          ? success([1, 2, 3])
          : one.mapIndex === 0 && one.taskId === "each"
            ? failed()
            : success(),
      );
      expect(statesOf(end)).toEqual({
        list: "success",
        "each[0]": "failed",
        "each[1]": "success",
        "each[2]": "success",
        after: "upstream_failed",
      });
      expect([end.run, end.openTasks]).toEqual(["failed", 0]);
    });

    test("of which one instance failed fails the run when it is a leaf", async () => {
      const driver = await begin(newDag((d) => void d.task("each", { each: [1, 2] }, work)));
      expect((await play(driver, outcomes({ "each[1]": failed() }))).run).toBe("failed");
    });

    test("never has more than maxActive at once, lets the next go when one ends, and keeps the place of one that is retried", async () => {
      const driver = await begin(mapped({ maxActive: 3, retries: 1 }));
      const active = ({ instances }: Snapshot): number =>
        instances.filter(
          ({ taskId, state }) =>
            taskId === "each" && ["queued", "running", "up_for_retry"].includes(state),
        ).length;
      let most = 0;
      const end = await play(
        driver,
        ({ taskId, mapIndex, tryNumber }) =>
          taskId === "list"
            ? success([...Array(10).keys()])
            : mapIndex % 2 === 0 && tryNumber === 1
              ? failed()
              : success(),
        {
          pick: (among) => among.at(-1)!,
          watch: (snapshot) => {
            const now = active(snapshot);
            const waiting = snapshot.instances.filter(({ state }) => state === "scheduled").length;
            if (waiting > 0) expect(now).toBe(3);
            most = Math.max(most, now);
          },
        },
      );
      expect([most, end.run, end.openTasks]).toEqual([3, "success", 0]);
      expect(end.instances.filter(({ tryNumber }) => tryNumber === 2)).toHaveLength(5);
    });

    test("lets as many go as ended together", async () => {
      const driver = await begin(
        newDag((d) => void d.task("each", { each: [...Array(7).keys()], maxActive: 3 }, work)),
      );
      const first = runnable(await driver.look());
      for (const one of first) await driver.take(one);
      await driver.complete(first.map((one) => endOf(one, success())));
      const second = runnable(await driver.look());
      expect(second.map(({ mapIndex }) => mapIndex)).toEqual([3, 4, 5]);
      expect((await play(driver)).openTasks).toBe(0);
      expect(new Set(await driver.tokens()).size).toBe(7);
    });

    test("waits for its list whatever its rule says early", async () => {
      const spec = newDag((d) => {
        const list = d.task("list", async (): Promise<number[]> => []);
        const other = d.task("other", work);
        const each = d.task("each", { each: list, triggerRule: "one_success" }, work);
        chain(other, each);
      });
      const driver = await begin(spec);
      const end = await play(driver, overList([1, 2]), {
        pick: (among) => among.find(({ taskId }) => taskId === "other") ?? among[0]!,
      });
      expect(statesOf(end)).toEqual({
        list: "success",
        other: "success",
        "each[0]": "success",
        "each[1]": "success",
      });
    });
  });

  describe("the end of a try", () => {
    const alone = (retries = 0) =>
      newDag((d) => chain(d.task("a", { retries, retryDelay: "0s" }, work), d.task("b", work)));
    const taken = async (retries = 0): Promise<{ driver: Driver; first: Seen }> => {
      const driver = await begin(alone(retries));
      const [first] = runnable(await driver.look());
      await driver.take(first!);
      return { driver, first: first! };
    };

    test("counts once, however often it is said", async () => {
      const { driver, first } = await taken();
      expect((await driver.complete([endOf(first, success())])).accepted.size).toBe(1);
      const after = await driver.look();
      expect((await driver.complete([endOf(first, success())])).accepted.size).toBe(0);
      expect((await driver.complete([endOf(first, failed())])).accepted.size).toBe(0);
      expect(await driver.look()).toEqual(after);
      expect(await driver.tokens()).toHaveLength(2);
    });

    test("counts once when it is said twice in one batch", async () => {
      const { driver, first } = await taken(1);
      await driver.complete([endOf(first, failed()), endOf(first, lost), endOf(first, failed())]);
      expect(seen(await driver.look(), "a")).toMatchObject({
        state: "up_for_retry",
        tryNumber: 2,
        lostTries: 0,
      });
      expect(await driver.tokens()).toEqual([`${first.id}#1`, `${first.id}#2`]);
      const again = seen(await driver.look(), "a");
      await driver.take(again);
      await driver.complete([endOf(again, success({ a: 1 })), endOf(again, success({ a: 2 }))]);
      expect((await play(driver)).run).toBe("success");
    });

    test.each([
      ["by a worker that does not hold it", { worker: "worker-2" }],
      ["of a try before", { tryNumber: 0 }],
      ["of a try to come", { tryNumber: 2 }],
    ])(
      "said %s changes nothing",
      async (_who, {
        worker = "worker-1",
        tryNumber = 1,
      }: { worker?: string; tryNumber?: number }) => {
        const { driver, first } = await taken();
        const before = await driver.look();
        for (const outcome of [success(), failed(), skipped, lost])
          expect(
            (await driver.complete([endOf({ ...first, tryNumber }, outcome, worker)])).accepted
              .size,
          ).toBe(0);
        expect(await driver.look()).toEqual(before);
      },
    );

    test("of a try before leaves no output when it comes together with the current one", async () => {
      const { driver, first } = await taken(1);
      await driver.complete([endOf(first, failed())]);
      const second = seen(await driver.look(), "a");
      await driver.take(second);
      const { accepted } = await driver.complete([
        endOf(first, success("stale")),
        endOf(second, success("current")),
      ]);
      expect([...accepted]).toEqual([first.id]);
      expect(seen(await driver.look(), "a")).toMatchObject({ state: "success", tryNumber: 2 });
    });

    test("that nobody took changes nothing", async () => {
      const driver = await begin(alone());
      const before = await driver.look();
      expect((await driver.complete([endOf(before.instances[0]!, success())])).accepted.size).toBe(
        0,
      );
      expect(await driver.look()).toEqual(before);
    });

    test("is not undone by a second worker that takes the same token", async () => {
      const { driver, first } = await taken();
      expect(await driver.take(first, "worker-2")).toBe(false);
      await driver.complete([endOf(first, success())]);
      expect(await driver.take(first, "worker-2")).toBe(false);
    });

    test("with retries left is followed by another try; without, by the end", async () => {
      const end = await play(await begin(alone(2)), outcomes({ a: failed() }));
      expect(seen(end, "a")).toMatchObject({ state: "failed", tryNumber: 3 });
      expect(end.run).toBe("failed");
    });

    test("that no retry can mend is the last", async () => {
      const end = await play(await begin(alone(5)), outcomes({ a: failed(false) }));
      expect(seen(end, "a")).toMatchObject({ state: "failed", tryNumber: 1 });
    });

    test("lost to a dead worker is followed by another that uses up no retry", async () => {
      const driver = await begin(alone(1));
      const end = await play(driver, ({ taskId, tryNumber }) =>
        taskId === "b"
          ? success()
          : ([lost, lost, failed(), lost, failed()][tryNumber - 1] ?? success()),
      );
      expect(seen(end, "a")).toMatchObject({ state: "failed", tryNumber: 5, lostTries: 3 });
      expect(new Set(await driver.tokens()).size).toBe(5);
    });

    test(`lost ${MAX_LOST_TRIES + 1} times ends the task`, async () => {
      const end = await play(await begin(alone(3)), outcomes({ a: lost }));
      expect(seen(end, "a")).toMatchObject({
        state: "failed",
        tryNumber: MAX_LOST_TRIES + 1,
        lostTries: MAX_LOST_TRIES,
        reason: "the worker died",
      });
      expect(seen(end, "b").state).toBe("upstream_failed");
    });
  });
});
