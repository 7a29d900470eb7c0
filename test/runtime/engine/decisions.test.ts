/**
 * Decisions and what ended before them: a branch task skips whatever neither runs nor has
 * ended as success or failed, in any order of events. The same runs over both stores.
 */
import { describe, expect, test } from "vitest";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { firstOf, newDag, type PlainDag, work } from "../../support/engine_dags.ts";
import {
  beginInMemory,
  beginInPostgres,
  type Driver,
  endOf,
  failed,
  play,
  type Seen,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();

/** Ends tasks, one after the other. */
async function end(
  driver: Driver,
  outcomes: Readonly<Record<string, ReturnType<typeof success>>>,
): Promise<void> {
  for (const [taskId, outcome] of Object.entries(outcomes)) {
    const instance = firstOf(await driver.look(), taskId)!;
    await driver.take(instance);
    await driver.complete([endOf(instance, outcome)]);
  }
}

describe.each([
  ["memory", beginInMemory],
  ["PostgreSQL", beginInPostgres(postgres)],
])("in %s", (_store, begin) => {
  /** `z` comes after `a`, which fails, and after a decision that skips it. */
  const DECISIONS: Readonly<
    Record<string, readonly [declare: (d: PlainDag, z: TaskRef<null>) => void, output: unknown]>
  > = {
    "a short circuit": [(d, z) => chain(d.shortCircuit("stop", work), z), false],
    "a short circuit that stops only what is directly after it": [
      (d, z) => chain(d.shortCircuit("stop", { ignoreDownstreamTriggerRules: false }, work), z),
      [],
    ],
    "a branch": [
      (d, z) =>
        chain(
          d.branch("stop", () => "other"),
          [z, d.task("other", work)],
        ),
      ["other"],
    ],
    "a switch": [
      (d, z) => void d.switch("stop", { cases: { yes: z, no: d.task("other", work) } }, () => "no"),
      "no",
    ],
  };

  describe.each(Object.entries(DECISIONS))("%s", (_kind, [declare, output]) => {
    const spec = (): DagSpec =>
      newDag((d) => {
        const z = d.task("z", work).after(d.task("a", work));
        declare(d, z);
        d.task("after", { triggerRule: "all_done" }, work).after(z);
      });
    const stop = success(output);

    test.each([
      ["before", { stop, a: failed(false) }],
      ["after", { a: failed(false), stop }],
    ] as const)("skips a task that a failure held back, decided %s it", async (_when, order) => {
      const driver = await begin(spec());
      await end(driver, order);
      const last = await play(driver, () => success());
      expect(statesOf(last)).toMatchObject({ a: "failed", z: "skipped", stop: "success" });
      expect(firstOf(last, "z")?.reason).toBe("skipped by branch stop");
      expect([last.run, last.openTasks]).toEqual(["success", 0]);
    });
  });

  describe("what is not upstream_failed", () => {
    /** `z` runs as soon as `a` has succeeded, before the decision. */
    const both = (options: object = {}): DagSpec =>
      newDag((d) => {
        d.task("z", { triggerRule: "one_success", ...options }, work).after(
          d.task("a", work),
          d.shortCircuit("stop", work),
        );
      });
    test("is skipped while it waits for a worker", async () => {
      const driver = await begin(both());
      await end(driver, { a: success(), stop: success(false) });
      expect(statesOf(await driver.look())).toMatchObject({ z: "skipped" });
      expect((await driver.look()).run).toBe("success");
    });

    test("is skipped while it waits for its retry", async () => {
      const driver = await begin(both({ retries: 1 }));
      await end(driver, { a: success(), z: failed(), stop: success(false) });
      expect(statesOf(await driver.look())).toMatchObject({ z: "skipped" });
    });

    test("is left to run when it runs", async () => {
      const driver = await begin(both());
      await end(driver, { a: success() });
      const z = firstOf(await driver.look(), "z")!;
      await driver.take(z);
      await end(driver, { stop: success(false) });
      expect(firstOf(await driver.look(), "z")?.state).toBe("running");
      await driver.complete([endOf(z, success())]);
      expect((await driver.look()).run).toBe("success");
    });

    test.each([
      ["success", success()],
      ["failed", failed(false)],
    ] as const)("stays %s", async (state, outcome) => {
      const driver = await begin(both());
      await end(driver, { a: success(), z: outcome, stop: success(false) });
      expect(statesOf(await driver.look())).toMatchObject({ z: state });
    });

    test("loses those of its items that do not run", async () => {
      const driver = await begin(both({ each: [1, 2, 3], maxActive: 2 }));
      await end(driver, { a: success() });
      const first = firstOf(await driver.look(), "z")!;
      await driver.take(first);
      await end(driver, { stop: success(false) });
      expect(statesOf(await driver.look())).toMatchObject({
        ...{ "z[0]": "running", "z[1]": "skipped", "z[2]": "skipped" },
      });
      await driver.complete([endOf(first, success())]);
      expect([(await driver.look()).run, (await driver.look()).openTasks]).toEqual(["success", 0]);
    });
  });

  test("tasks further on count the skip instead of the failure", async () => {
    const driver = await begin(
      newDag((d) => {
        const [a, slow] = [d.task("a", work), d.task("slow", work)];
        const z = d.task("z", work).after(a);
        const stop = d.shortCircuit("stop", { ignoreDownstreamTriggerRules: false }, work);
        stop.before(z);
        d.task("skips", { triggerRule: "all_done_min_one_success" }, work).after(z, slow);
        d.task("runs", { triggerRule: "all_skipped" }, work).after(z);
      }),
    );
    await end(driver, { a: failed(false), stop: success(false) });
    expect(statesOf(await driver.look())).toMatchObject({
      ...{ z: "skipped", skips: "skipped", runs: "skipped" },
    });
  });

  test("inside a mapped group a decision is for its own element", async () => {
    const driver = await begin(
      newDag((d) => {
        d.group("g", { each: [1, 2] }, (g) => {
          const z = g.task("z", work).after(g.task("a", work));
          g.shortCircuit("stop", work).before(z);
        });
      }),
    );
    const now = await driver.look();
    const at = (taskId: string, index: number): Seen =>
      now.instances.find((one) => one.taskId === taskId && one.mapIndex === index)!;
    for (const index of [0, 1]) {
      await driver.take(at("g.a", index));
      await driver.complete([endOf(at("g.a", index), failed(false))]);
    }
    for (const [index, output] of [false, true].entries()) {
      await driver.take(at("g.stop", index));
      await driver.complete([endOf(at("g.stop", index), success(output))]);
    }
    const last = await driver.look();
    expect(statesOf(last)).toMatchObject({
      ...{ "g.z[0]": "skipped", "g[0]": "skipped" },
      ...{ "g.z[1]": "upstream_failed", "g[1]": "failed" },
    });
  });
});

test("a latest-only task skips what a failure of the same moment held back", async () => {
  const d = dag("decisions_latest", { schedule: "@daily" });
  const a = d.task("a", work);
  const z = d.task("z", work).after(a);
  const middle = d.empty("middle", { triggerRule: "all_done" }).after(a);
  chain(middle, d.latestOnly("latest", { triggerRule: "all_done" }), z);
  const day = (at: number): Date => new Date(Date.UTC(2026, 0, at));
  const driver = await beginInMemory(describeDag(d), {
    ...{ runType: "scheduled", now: day(9), logicalDate: day(1) },
    dataInterval: { start: day(1), end: day(2) },
  });
  await end(driver, { a: failed(false) });
  expect(statesOf(await driver.look())).toEqual({
    ...{ a: "failed", middle: "success", latest: "success", z: "skipped" },
  });
  expect((await driver.look()).run).toBe("success");
});
