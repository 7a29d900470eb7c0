/**
 * Setups and teardowns, decisions, failing fast, allowed failures: the same runs over
 * both stores.
 */
import { describe, expect, test } from "vitest";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { firstOf, newDag, outcomes, playedToEnd, work } from "../../support/engine_dags.ts";
import {
  beginInMemory,
  beginInPostgres,
  endOf,
  failed,
  play,
  runnable,
  type Script,
  skipped,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();

describe.each([
  ["memory", beginInMemory],
  ["PostgreSQL", beginInPostgres(postgres)],
])("in %s", (_store, begin) => {
  const ends = playedToEnd(begin);

  describe("a teardown", () => {
    const around = (failsRun = false): DagSpec =>
      newDag((d) => {
        const setup = d.setup("setup", work);
        chain(
          setup,
          d.task("work", work),
          d.teardown("teardown", { setups: setup, onFailureFailDagRun: failsRun }, work),
        );
      });

    test.each([
      [
        "everything succeeded",
        {},
        { setup: "success", work: "success", teardown: "success" },
        "success",
      ],
      [
        "the work failed",
        { work: failed() },
        { setup: "success", work: "failed", teardown: "success" },
        "failed",
      ],
      [
        "the work was skipped",
        { work: skipped },
        { setup: "success", work: "skipped", teardown: "success" },
        "success",
      ],
    ] as const)("runs when %s", async (_what, table, states, run) => {
      const end = await ends(around(), table);
      expect([statesOf(end), end.run]).toEqual([states, run]);
    });

    test("never runs when its setup failed, nor does the work", async () => {
      const end = await ends(around(), { setup: failed() });
      expect(statesOf(end)).toEqual({
        setup: "failed",
        work: "upstream_failed",
        teardown: "upstream_failed",
      });
      expect(end.run).toBe("failed");
    });

    test("is skipped with the work when its setup was", async () => {
      const end = await ends(around(), { setup: skipped });
      expect([statesOf(end), end.run]).toEqual([
        { setup: "skipped", work: "skipped", teardown: "skipped" },
        "success",
      ]);
    });

    test("that fails does not fail the run, unless it says so", async () => {
      expect((await ends(around(), { teardown: failed() })).run).toBe("success");
      expect((await ends(around(true), { teardown: failed() })).run).toBe("failed");
    });

    test("leaves the task before it to decide the run, for it comes after that alone", async () => {
      const spec = newDag((d) => chain(d.task("work", work), d.teardown("teardown", {}, work)));
      expect((await ends(spec, { work: failed() })).run).toBe("failed");
    });

    test("runs without a setup once all before it has ended", async () => {
      const spec = newDag((d) =>
        chain([d.task("a", work), d.task("b", work)], d.teardown("teardown", {}, work)),
      );
      const driver = await begin(spec);
      const [a, b] = runnable(await driver.look());
      await driver.take(a!);
      await driver.complete([endOf(a!, failed())]);
      expect(firstOf(await driver.look(), "teardown")!).toBeUndefined();
      await driver.take(b!);
      await driver.complete([endOf(b!, failed())]);
      expect(firstOf(await driver.look(), "teardown")!.state).toBe("queued");
    });

    test("decides the run in a DAG of nothing but teardowns", async () => {
      const spec = newDag((d) => chain(d.teardown("a", {}, work), d.teardown("b", {}, work)));
      expect((await ends(spec, { a: failed() })).run).toBe("success");
      expect((await ends(spec, { b: failed() })).run).toBe("failed");
    });

    test("looks at setups that end in the same moment as its last upstream", async () => {
      const spec = newDag((d) => {
        const gate = d.task("gate", work);
        const one = d.empty("one");
        const setup = d.setup("setup", { triggerRule: "all_failed" }, work);
        chain(gate, [one, setup]);
        chain([one, setup], d.teardown("teardown", { setups: setup }, work));
      });
      expect(statesOf(await ends(spec))).toEqual({
        gate: "success",
        one: "success",
        setup: "skipped",
        teardown: "skipped",
      });
    });
  });

  describe("a branch", () => {
    const two = (chosen: unknown): Script => outcomes({ pick: success(chosen) });
    const diamond = (): DagSpec =>
      newDag((d) => {
        const pick = d.branch("pick", () => "left");
        const [left, right] = [d.task("left", work), d.task("right", work)];
        chain(
          pick,
          [left, right],
          d.task("join", { triggerRule: "none_failed_min_one_success" }, work),
        );
      });

    test("lets the chosen way go on and skips the other", async () => {
      const end = await play(await begin(diamond()), two(["left"]));
      expect(statesOf(end)).toEqual({
        pick: "success",
        left: "success",
        right: "skipped",
        join: "success",
      });
      expect(end.run).toBe("success");
      expect(firstOf(end, "right")!.reason).toBe("skipped by branch pick");
    });

    test("that chooses nothing skips all of them, and what comes after by its rule", async () => {
      const end = await play(await begin(diamond()), two([]));
      expect(statesOf(end)).toEqual({
        pick: "success",
        left: "skipped",
        right: "skipped",
        join: "skipped",
      });
    });

    test("that chooses several lets them go on", async () => {
      expect(statesOf(await play(await begin(diamond()), two(["left", "right"])))).toMatchObject({
        left: "success",
        right: "success",
      });
    });

    test("does not skip a task directly after it to which a chosen one leads", async () => {
      const spec = newDag((d) => {
        const pick = d.branch("pick", () => []);
        const join = d.task("join", work);
        chain(pick, d.task("step", work), join);
        chain(pick, join);
      });
      expect(statesOf(await play(await begin(spec), two(["step"])))).toEqual({
        pick: "success",
        step: "success",
        join: "success",
      });
      const other = newDag((d) => {
        const pick = d.branch("pick", () => []);
        const join = d.task("join", { triggerRule: "none_failed" }, work);
        chain(pick, d.task("step", work), join);
        chain(pick, join);
      });
      expect(statesOf(await play(await begin(other), two(["join"])))).toEqual({
        pick: "success",
        step: "skipped",
        join: "success",
      });
    });

    test("skips only what is directly after it; rules decide further on", async () => {
      const spec = newDag((d) => {
        const pick = d.branch("pick", () => []);
        const [a, b] = [d.task("a", work), d.task("b", work)];
        chain(pick, [a, b]);
        chain(b, d.task("always_tidied", { triggerRule: "all_done" }, work));
        chain(b, d.task("b2", work));
      });
      expect(statesOf(await play(await begin(spec), two(["a"])))).toEqual({
        pick: "success",
        a: "success",
        b: "skipped",
        always_tidied: "success",
        b2: "skipped",
      });
    });

    test("passes over a task whatever its rule, even while another before it still runs", async () => {
      const spec = newDag((d) => {
        const pick = d.branch("pick", () => []);
        const slow = d.task("slow", work);
        chain([pick, slow], d.task("after", { triggerRule: "all_done" }, work));
      });
      const driver = await begin(spec);
      const pick = firstOf(await driver.look(), "pick")!;
      await driver.take(pick);
      await driver.complete([endOf(pick, success([]))]);
      expect(statesOf(await driver.look())).toEqual({
        pick: "success",
        slow: "queued",
        after: "skipped",
      });
      expect((await play(driver)).run).toBe("success");
    });

    test.each([[["nowhere"]], [["left", "before"]], [["pick"]]])(
      "that chooses %j, which is not after it, has failed for good",
      async (chosen) => {
        const spec = newDag((d) => {
          const pick = d.branch("pick", { retries: 3 }, () => []);
          chain(d.task("before", work), pick, d.task("left", work));
        });
        const end = await play(await begin(spec), two(chosen));
        expect(firstOf(end, "pick")!).toMatchObject({ state: "failed", tryNumber: 1 });
        expect(firstOf(end, "pick")!.reason).toMatch(/^UNKNOWN_BRANCH: .* It may choose: left\.$/);
        expect([firstOf(end, "left")!.state, end.run]).toEqual(["upstream_failed", "failed"]);
      },
    );

    test("that is skipped or fails leaves the tasks after it to their rules", async () => {
      expect(statesOf(await ends(diamond(), { pick: skipped }))).toMatchObject({
        left: "skipped",
        right: "skipped",
        join: "skipped",
      });
      expect(statesOf(await ends(diamond(), { pick: failed() }))).toMatchObject({
        left: "upstream_failed",
        join: "upstream_failed",
      });
    });
  });

  describe("a switch", () => {
    const spec = (): DagSpec =>
      newDag((d) => {
        const cases = {
          csv: d.task("load_csv", work),
          json: [d.task("parse", work), d.task("load_json", work)],
        };
        d.switch("kind", { cases }, () => "csv");
      });

    test("goes on with the tasks of its case", async () => {
      const end = await ends(spec(), { kind: success("json") });
      expect(statesOf(end)).toEqual({
        kind: "success",
        load_csv: "skipped",
        parse: "success",
        load_json: "success",
      });
    });

    test("skips all of them when there is no case", async () => {
      expect(statesOf(await ends(spec(), { kind: success(null) }))).toMatchObject({
        load_csv: "skipped",
        parse: "skipped",
      });
    });

    test.each([["xml"], [5], ["toString"]])(
      "has failed for a case %j that it does not have",
      async (name) => {
        const end = await ends(spec(), { kind: success(name) });
        expect(firstOf(end, "kind")!.reason).toMatch(
          /^UNKNOWN_BRANCH: .* It may choose: csv, json\.$/,
        );
      },
    );
  });

  describe("a short circuit", () => {
    const spec = (options: { readonly ignoreDownstreamTriggerRules?: boolean } = {}): DagSpec =>
      newDag((d) => {
        const go = d.shortCircuit("go", options, () => true);
        const setup = d.setup("setup", work);
        chain(
          go,
          d.task("a", work),
          d.task("b", { triggerRule: "all_done" }, work),
          d.teardown("teardown", { setups: setup }, work),
        );
      });

    test.each([[true], [0], [""], [null], [undefined], ["false"], [[1]], [{}]])(
      "that returns %j goes on",
      async (value) => {
        expect(statesOf(await ends(spec(), { go: success(value) }))).toMatchObject({
          a: "success",
          b: "success",
          teardown: "success",
        });
      },
    );

    test.each([[false], [[]]])(
      "that returns %j skips everything after it but teardowns",
      async (value) => {
        const end = await ends(spec(), { go: success(value) });
        expect(statesOf(end)).toEqual({
          go: "success",
          setup: "success",
          a: "skipped",
          b: "skipped",
          teardown: "success",
        });
        expect(firstOf(end, "b")!.reason).toBe("skipped by branch go");
      },
    );

    test("skips only what is directly after it when the rules further on are to decide", async () => {
      const end = await ends(spec({ ignoreDownstreamTriggerRules: false }), { go: success(false) });
      expect(statesOf(end)).toMatchObject({ a: "skipped", b: "success", teardown: "success" });
    });

    test("reaches at once what also waits for a task that still runs", async () => {
      const driver = await begin(
        newDag((d) => {
          const [go, slow] = [d.shortCircuit("go", () => true), d.task("slow", work)];
          const far = d.task("far", { triggerRule: "all_done" }, work);
          chain(go, d.task("near", work), far);
          chain(slow, far);
        }),
      );
      const go = firstOf(await driver.look(), "go")!;
      await driver.take(go);
      await driver.complete([endOf(go, success(false))]);
      expect(statesOf(await driver.look())).toEqual({
        go: "success",
        slow: "queued",
        near: "skipped",
        far: "skipped",
      });
    });
  });

  describe("a DAG that fails fast", () => {
    const options = { failFast: true } as const;

    test("cancels what runs, skips what has not begun, and tears down what was set up", async () => {
      const driver = await begin(
        newDag((d) => {
          const [up, never] = [d.setup("up", work), d.setup("never", work)];
          const [a, b] = [d.task("a", work), d.task("b", work)];
          const c = d.task("c", { each: [1, 2, 3], maxActive: 1 }, work);
          chain(up, [a, b, c], d.task("after_a", work), d.teardown("down", { setups: up }, work));
          chain(a, never, d.teardown("undo_never", { setups: never }, work));
        }, options),
      );
      const up = firstOf(await driver.look(), "up")!;
      await driver.take(up);
      await driver.complete([endOf(up, success())]);
      const now = await driver.look();
      for (const taskId of ["a", "b"]) await driver.take(firstOf(now, taskId)!);
      await driver.complete([endOf(firstOf(now, "a")!, failed())]);
      expect(statesOf(await driver.look())).toEqual({
        ...{
          up: "success",
          a: "failed",
          b: "failed",
          "c[0]": "skipped",
          "c[1]": "skipped",
          "c[2]": "skipped",
        },
        ...{ after_a: "skipped", never: "skipped", down: "queued", undo_never: "skipped" },
      });
      expect(firstOf(await driver.look(), "b")!.reason).toBe("failFast: a failed");
      expect((await driver.complete([endOf(firstOf(now, "b")!, success())])).accepted.size).toBe(0);
      const end = await play(driver);
      expect([end.run, end.openTasks, firstOf(end, "down")!.state]).toEqual([
        "failed",
        0,
        "success",
      ]);
    });

    test("begins no further iteration of a loop whose last one ends at the same moment", async () => {
      const spec = newDag(
        (d) => [
          d.loop("loop", { initial: 0, until: () => true, maxIterations: 5 }, async () => 1),
          d.task("a", work),
        ],
        options,
      );
      const driver = await begin(spec);
      const now = await driver.look();
      for (const one of now.instances) await driver.take(one);
      const goesOn = { kind: "success", output: "1", again: true } as const;
      await driver.complete([
        endOf(firstOf(now, "a")!, failed()),
        endOf(firstOf(now, "loop")!, goesOn),
      ]);
      const end = await driver.look();
      expect(statesOf(end)).toEqual({ a: "failed", "loop[0]": "success", "loop[1]": "skipped" });
      expect([end.run, end.openTasks]).toEqual(["failed", 0]);
    });

    test("of nothing but teardowns fails with the last of them", async () => {
      const driver = await begin(newDag((d) => void d.teardown("down", {}, work), options));
      expect((await play(driver, outcomes({ down: failed() }))).run).toBe("failed");
    });

    test("goes on after a try that is followed by another", async () => {
      const spec = newDag(
        (d) => [d.task("a", { retries: 1, retryDelay: "0s" }, work), d.task("b", work)],
        options,
      );
      const end = await play(await begin(spec), ({ taskId, tryNumber }) =>
        taskId === "a" && tryNumber === 1 ? failed() : success(),
      );
      expect([statesOf(end), end.run]).toEqual([{ a: "success", b: "success" }, "success"]);
    });

    test("goes on after a failure that is allowed, and after that of a teardown", async () => {
      const spec = newDag((d) => {
        chain(
          [d.task("a", { allowFailure: true }, work), d.teardown("t", {}, work)],
          d.task("b", work),
        );
      }, options);
      expect(statesOf(await ends(spec, { a: failed() }))).toEqual({
        a: "failed",
        t: "success",
        b: "success",
      });
      const end = await ends(
        newDag((d) => void [d.teardown("t", {}, work), d.task("b", work)], options),
        { t: failed() },
      );
      expect([statesOf(end), end.run]).toEqual([{ t: "failed", b: "success" }, "success"]);
    });

    test("takes back, as a whole, a list that expanded in the moment of the failure", async () => {
      const spec = newDag((d) => {
        const go = d.task("go", work);
        const none = d.task("none", async (): Promise<number[]> => []);
        const [many, bad] = [
          d.task("many", { each: [1, 2] }, work),
          d.task("bad", { each: none }, work),
        ];
        chain([go, none], [many, bad], d.task("after", work));
      }, options);
      const driver = await begin(spec);
      const both = runnable(await driver.look());
      for (const one of both) await driver.take(one);
      await driver.complete(both.map((one) => endOf(one, success("no list"))));
      const end = await driver.look();
      expect([end.run, end.openTasks, firstOf(end, "after")!.state]).toEqual([
        "failed",
        0,
        "skipped",
      ]);
      expect(statesOf(end)).toMatchObject({ bad: "failed", many: "skipped" });
    });
  });

  describe("a task that may fail", () => {
    test("counts as success for what comes after it and for the run", async () => {
      const spec = newDag((d) =>
        chain(d.task("maybe", { allowFailure: true }, work), [
          d.task("next", work),
          d.task("alarm", { triggerRule: "one_failed" }, work),
        ]),
      );
      const end = await ends(spec, { maybe: failed() });
      expect([statesOf(end), end.run]).toEqual([
        { maybe: "failed", next: "success", alarm: "skipped" },
        "success",
      ]);
    });

    test("does not fail the run as its last task", async () => {
      const end = await ends(
        newDag((d) => void d.task("maybe", { allowFailure: true, each: [1, 2] }, work)),
        { "maybe[1]": failed() },
      );
      expect(end.run).toBe("success");
    });

    test("still fails it when it never could run", async () => {
      const spec = newDag((d) =>
        chain(d.task("a", work), d.task("maybe", { allowFailure: true }, work)),
      );
      expect((await ends(spec, { a: failed() })).run).toBe("failed");
    });
  });

  describe("a task with dates of its own", () => {
    test("has no part in a run outside them", async () => {
      const bounded = (bounds: { startDate?: string; endDate?: string }): DagSpec => {
        const spec = newDag((d) =>
          chain(
            d.task("a", work),
            d.task("b", work),
            d.task("c", { triggerRule: "all_done" }, work),
          ),
        );
        return {
          ...spec,
          tasks: spec.tasks.map((task) => (task.taskId === "b" ? { ...task, ...bounds } : task)),
        };
      };
      const early = await ends(bounded({ startDate: "2999-01-01T00:00:00.000Z" }));
      expect(statesOf(early)).toEqual({ a: "success", b: "skipped", c: "success" });
      expect(firstOf(early, "b")!.reason).toBe(
        "the run lies before its startDate 2999-01-01T00:00:00.000Z",
      );
      expect(statesOf(await ends(bounded({ endDate: "1969-01-01T00:00:00.000Z" })))).toMatchObject({
        b: "skipped",
      });
      expect(
        statesOf(
          await ends(
            bounded({ startDate: "1970-01-01T00:00:00.000Z", endDate: "2999-01-01T00:00:00.000Z" }),
          ),
        ),
      ).toMatchObject({
        b: "success",
      });
    });
  });

  test("a latest-only task lets a run pass that somebody asked for", async () => {
    const spec = newDag((d) => chain(d.latestOnly("latest"), d.task("a", work)), {
      schedule: "@daily",
      startDate: "2020-01-01",
    });
    expect(statesOf(await ends(spec))).toEqual({ latest: "success", a: "success" });
  });
});
