/**
 * Setups and teardowns at any distance: what a teardown waits for, and which tasks need
 * which setup. The same runs over both stores; the cases are Airflow's.
 */
import { describe, expect, test } from "vitest";
import { type DagSpec, TRIGGER_RULES, type TriggerRule } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { firstOf, newDag, playedToEnd, work } from "../../support/engine_dags.ts";
import {
  beginInMemory,
  beginInPostgres,
  type Driver,
  endOf,
  failed,
  skipped,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();

async function end(driver: Driver, taskId: string, outcome = success()): Promise<void> {
  const instance = firstOf(await driver.look(), taskId)!;
  await driver.take(instance);
  await driver.complete([endOf(instance, outcome)]);
}

describe.each([
  ["memory", beginInMemory],
  ["PostgreSQL", beginInPostgres(postgres)],
])("in %s", (_store, begin) => {
  const ends = playedToEnd(begin);

  describe("a teardown waits for every task between its setup and itself", () => {
    test("when a failure elsewhere ends the task directly before it early", async () => {
      const spec = newDag((d) => {
        const s = d.setup("s", work);
        const w = d.task("w", work);
        chain(s, d.task("x1", work), d.task("x2", work), d.task("x3", work), w);
        chain(s, d.task("y", work), w, d.teardown("t", { setups: s }, work));
      });
      const driver = await begin(spec);
      await end(driver, "s");
      await end(driver, "y", failed(false));
      expect(firstOf(await driver.look(), "w")?.state).toBe("upstream_failed");
      for (const before of ["x1", "x2", "x3"]) {
        expect(firstOf(await driver.look(), "t"), `before ${before} has ended`).toBeUndefined();
        await end(driver, before);
      }
      expect(firstOf(await driver.look(), "t")?.state).toBe("queued");
    });

    test("which may be mapped", async () => {
      const spec = newDag((d) => {
        const s = d.setup("s", work);
        const many = d.task("many", { each: [1, 2] }, work);
        const alarm = d.task("alarm", { triggerRule: "one_failed" }, work);
        chain(s, d.task("go", work), many, alarm, d.teardown("t", { setups: s }, work));
      });
      const driver = await begin(spec);
      for (const taskId of ["s", "go"]) await end(driver, taskId);
      const [first, second] = (await driver.look()).instances.filter(
        ({ taskId }) => taskId === "many",
      );
      await driver.take(first!);
      await driver.complete([endOf(first!, failed(false))]);
      await end(driver, "alarm");
      expect(firstOf(await driver.look(), "t")).toBeUndefined();
      await driver.take(second!);
      await driver.complete([endOf(second!, success())]);
      expect(firstOf(await driver.look(), "t")?.state).toBe("queued");
    });

    test("and not for tasks that no setup of it comes before", async () => {
      const spec = newDag((d) => {
        const s = d.setup("s", work);
        const last = d.task("last", { triggerRule: "one_success" }, work);
        chain(d.task("far", work), d.task("near", work), last);
        chain(s, d.task("a", work), last);
        last.before(d.teardown("t", { setups: s }, work));
      });
      // "last" is directly after s's work: far and near are not after s.
      const driver = await begin(spec);
      for (const taskId of ["s", "a", "last"]) await end(driver, taskId);
      expect(firstOf(await driver.look(), "near")).toBeUndefined();
      expect(firstOf(await driver.look(), "t")?.state).toBe("queued");
    });
  });

  describe("a task needs every setup before it whose teardown is not before the task", () => {
    const withRule = (triggerRule: TriggerRule): DagSpec =>
      newDag((d) =>
        chain(d.setup("s", work), d.task("a", work), d.task("b", { triggerRule }, work)),
      );

    const others = TRIGGER_RULES.filter((rule) => rule !== "always");
    test.each(others)("under the rule %s", async (rule) => {
      const afterFailure = await ends(withRule(rule), { s: failed(false) });
      expect([statesOf(afterFailure).b, afterFailure.run]).toEqual(["upstream_failed", "failed"]);
      const afterSkip = await ends(withRule(rule), { s: skipped });
      expect([statesOf(afterSkip).b, afterSkip.run]).toEqual(["skipped", "success"]);
    });

    test("but for one that always runs", async () => {
      const last = await ends(withRule("always"), { s: failed(false) });
      expect(statesOf(last)).toEqual({ s: "failed", a: "upstream_failed", b: "success" });
    });

    test("with what held it back as the reason", async () => {
      const last = await ends(withRule("all_done"), { s: failed(false) });
      expect(firstOf(last, "b")?.reason).toBe("a setup that it needs failed");
      expect(firstOf(last, "a")?.reason).toBe("trigger rule all_success");
    });

    test("at any distance, and not one whose teardown lies between", async () => {
      const spec = newDag((d) => {
        const [far, near] = [d.setup("far", work), d.setup("near", work)];
        const [b, c] = ["b", "c"].map((id) => d.task(id, { triggerRule: "all_done" }, work));
        const undone = d.teardown("undone", { setups: near }, work);
        chain(far, d.task("w", work), near, d.task("a", work), undone, b!, c!);
      });
      const nearFailed = await ends(spec, { near: failed(false) });
      expect(statesOf(nearFailed)).toMatchObject({ a: "upstream_failed", b: "success" });
      const farFailed = await ends(spec, { far: failed(false) });
      expect(statesOf(farFailed)).toMatchObject({ b: "upstream_failed", c: "upstream_failed" });
    });

    test("and of two setups that end together the failed one counts", async () => {
      const spec = newDag((d) => {
        const both = d.task("both", work).after(d.setup("one", work), d.setup("two", work));
        chain(both, d.task("last", { triggerRule: "all_done" }, work));
      });
      const driver = await begin(spec);
      const first = await driver.look();
      const [one, two] = ["one", "two"].map((id) => firstOf(first, id)!);
      for (const setup of [one, two]) await driver.take(setup!);
      await driver.complete([endOf(one!, skipped), endOf(two!, failed(false))]);
      expect(statesOf(await driver.look())).toMatchObject({ last: "upstream_failed" });
    });

    test("and waits for a setup that goes on while its own rule is met", async () => {
      const spec = newDag((d) => {
        const [quick, slow] = [d.setup("quick", work), d.setup("slow", work)];
        const after = d.task("b", { triggerRule: "one_success" }, work);
        chain([quick, slow], [d.task("a", work), d.task("c", work)], after);
      });
      const driver = await begin(spec);
      for (const taskId of ["quick", "a"]) await end(driver, taskId);
      expect(firstOf(await driver.look(), "b")).toBeUndefined();
      await end(driver, "slow");
      expect(firstOf(await driver.look(), "b")?.state).toBe("queued");
    });

    test("for the same element in a mapped group", async () => {
      const spec = newDag((d) => {
        d.group("g", { each: [1, 2] }, (g) =>
          chain(
            g.setup("s", work),
            g.task("a", work),
            g.task("b", { triggerRule: "all_done" }, work),
          ),
        );
      });
      const last = await ends(spec, { "g.s[0]": failed(false) });
      expect(statesOf(last)).toMatchObject({
        ...{ "g.b[0]": "upstream_failed", "g[0]": "failed" },
        ...{ "g.b[1]": "success", "g[1]": "success" },
      });
    });

    test("for all instances of a mapped setup", async () => {
      const spec = newDag((d) => {
        const s = d.setup("s", { each: [1, 2] } as never, work);
        chain(s, d.task("a", work), d.task("b", { triggerRule: "all_done" }, work));
      });
      const last = await ends(spec, { "s[1]": failed(false) });
      expect(statesOf(last)).toMatchObject({ "s[0]": "success", b: "upstream_failed" });
    });
  });
});

describe("a task directly after a setup", () => {
  test.each(TRIGGER_RULES.filter((rule) => rule !== "all_success"))(
    "may not have the rule %s",
    (triggerRule) => {
      const declare = (): unknown =>
        newDag((d) => chain(d.setup("s", work), d.task("a", { triggerRule }, work)));
      expect(declare).toThrow(
        expect.objectContaining({
          code: "SETUP_RULE",
          message: expect.stringContaining(`has the trigger rule ${triggerRule} and comes`),
        }),
      );
    },
  );

  test("may be a group that runs as one only by the same rule", () => {
    const declare = (): unknown =>
      newDag((d) =>
        chain(
          d.setup("s", work),
          d.group("g", { triggerRule: "all_done" }, (g) => g.task("a", work)),
        ),
      );
    expect(declare).toThrow(expect.objectContaining({ code: "SETUP_RULE" }));
  });

  test("may be its teardown", () => {
    const spec = newDag((d) => void d.teardown("t", { setups: d.setup("s", work) }, work));
    expect(spec.tasks.map(({ taskId }) => taskId)).toEqual(["s", "t"]);
  });
});
