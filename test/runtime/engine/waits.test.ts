/**
 * Waiting, over both stores: a sensor between its pokes, what waits for a time or an
 * event, and what they end as.
 */
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import type { SensorTiming } from "../../../sdk/task/sensor.ts";
import type { TaskDefaults } from "../../../sdk/task/task_options.ts";
import { waitFor, waitForEvent, waitUntil } from "../../../sdk/task/wait.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { newDag } from "../../support/engine_dags.ts";
import {
  beginInMemory,
  beginInPostgres,
  type Driver,
  endOf,
  failed,
  lost,
  play,
  runnable,
  type Seen,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const MINUTE = 60_000;
const notYet: Outcome = { kind: "not_yet" };
const noSuchBucket: Outcome = {
  ...{ kind: "failed", reason: "FailTask: no such bucket", retryable: false },
  error: { name: "FailTask", message: "no such bucket", stack: "" },
};

/** Takes the one instance that may run, and ends its try. */
async function turn(
  driver: Driver,
  outcome: Outcome,
  facts: { elapsedMs?: number; pokes?: number } = {},
): Promise<Seen> {
  const [instance] = runnable(await driver.look());
  if (!instance) throw new Error("nothing may run");
  await driver.take(instance);
  await driver.complete([{ ...endOf(instance, outcome), ...facts }]);
  return (await driver.look()).instances.find(({ id }) => id === instance.id)!;
}

describe.each([
  ["memory", beginInMemory],
  ["PostgreSQL", beginInPostgres(postgres)],
])("in %s", (_store, begin) => {
  const sensor = (options: SensorTiming & TaskDefaults = {}) =>
    newDag((d) =>
      chain(
        d.sensor("file", options, () => true),
        d.task("load", async () => null),
      ),
    );

  test("a sensor whose poke says no gives its place up, and pokes again as the same try when its time has come", async () => {
    const driver = await begin(sensor());
    expect(await turn(driver, notYet)).toMatchObject({ state: "up_for_reschedule", tryNumber: 1 });
    expect(runnable(await driver.look())).toEqual([]);
    expect((await driver.look()).run).toBe("running");
    await driver.passTime();
    expect(await turn(driver, notYet, { elapsedMs: MINUTE, pokes: 1 })).toMatchObject({
      state: "up_for_reschedule",
      tryNumber: 1,
    });
    await driver.passTime();
    const end = await play(driver);
    expect([end.run, statesOf(end)]).toEqual(["success", { file: "success", load: "success" }]);
    expect(new Set(await driver.tokens()).size).toBe(2);
  });

  test.each([
    ["fails", false, "failed", "upstream_failed"],
    ["is skipped when that is no failure", true, "skipped", "skipped"],
  ])(
    "a sensor whose time is up %s, whatever retries are left",
    async (_what, softFail, state, after) => {
      const driver = await begin(sensor({ timeout: "2m", interval: "1m", retries: 5, softFail }));
      await turn(driver, notYet, { elapsedMs: MINUTE });
      await driver.passTime();
      const end = await turn(driver, notYet, { elapsedMs: 2 * MINUTE, pokes: 1 });
      expect(end).toMatchObject({
        state,
        tryNumber: 1,
        reason: "the sensor waited longer than its timeout of 120 s",
      });
      expect(statesOf(await driver.look())).toEqual({ file: state, load: after });
    },
  );

  test("a sensor that finds it with its last poke, at the end of its time, has found it", async () => {
    const driver = await begin(sensor({ timeout: "2m", interval: "2m" }));
    await turn(driver, notYet, { elapsedMs: 0 });
    await driver.passTime();
    expect(await turn(driver, success(), { elapsedMs: 2 * MINUTE, pokes: 1 })).toMatchObject({
      state: "success",
    });
  });

  test("a poke that throws uses up a retry, and the time goes on counting", async () => {
    const driver = await begin(sensor({ timeout: "2m", interval: "1m", retries: 1 }));
    expect(await turn(driver, failed())).toMatchObject({ state: "up_for_retry", tryNumber: 2 });
    expect(await turn(driver, notYet, { elapsedMs: 2 * MINUTE })).toMatchObject({
      state: "failed",
      tryNumber: 2,
    });
  });

  test("a poke that says no retry helps skips a sensor that fails softly", async () => {
    const driver = await begin(sensor({ softFail: true }));
    expect(await turn(driver, noSuchBucket)).toMatchObject({
      state: "skipped",
      reason: "FailTask: no such bucket",
    });
  });

  test("a sensor whose worker died while it poked pokes again, as a new try", async () => {
    const driver = await begin(sensor());
    await turn(driver, notYet);
    await driver.passTime();
    expect(await turn(driver, lost, { pokes: 1 })).toMatchObject({
      state: "queued",
      tryNumber: 2,
      lostTries: 1,
    });
    expect((await play(driver)).run).toBe("success");
  });

  test("what a sensor left is there after its last poke", async () => {
    const driver = await begin(
      newDag((d) =>
        d.task(
          "copy",
          { each: d.sensor("keys", () => ({ done: true, value: [1, 2] })) },
          async () => 1,
        ),
      ),
    );
    await turn(driver, notYet);
    await driver.passTime();
    await turn(driver, success([1, 2]));
    expect(
      (await driver.look()).instances
        .filter(({ taskId }) => taskId === "copy")
        .map(({ item }) => item),
    ).toEqual([1, 2]);
  });

  test("a sensor over a list waits for each of its elements by itself, within maxActive", async () => {
    const driver = await begin(
      newDag((d) => d.sensor("each", { each: ["a", "b", "c"], maxActive: 2 }, () => false)),
    );
    for (const one of runnable(await driver.look())) {
      await driver.take(one);
      await driver.complete([endOf(one, notYet)]);
    }
    expect(statesOf(await driver.look())).toEqual({
      ...{ "each[0]": "up_for_reschedule", "each[1]": "up_for_reschedule", "each[2]": "scheduled" },
    });
    await driver.passTime();
    expect((await play(driver)).run).toBe("success");
  });

  test("a wait for a time takes no try, and ends in success when it has come", async () => {
    const driver = await begin(
      newDag((d) =>
        chain(
          d.task("pause", waitFor("2h")),
          d.task("until", waitUntil("2099-01-01")),
          d.task("work", async () => null),
        ),
      ),
    );
    expect([statesOf(await driver.look()), await driver.tokens()]).toEqual([
      { pause: "deferred" },
      [],
    ]);
    await driver.passTime();
    expect(statesOf(await driver.look())).toMatchObject({ pause: "success", until: "deferred" });
    await driver.passTime();
    expect((await play(driver)).run).toBe("success");
  });

  test("a wait that depends on the run is computed by a try, which then gives its place up", async () => {
    const driver = await begin(
      newDag((d) =>
        d.task(
          "until",
          waitUntil(({ logicalDate }) => logicalDate.plus({ hours: 4 })),
        ),
      ),
    );
    const waiting = await turn(driver, {
      kind: "deferred",
      wait: { type: "time", at: "2099-01-01T00:00:00.000Z" },
    });
    expect(waiting).toMatchObject({ state: "deferred", tryNumber: 1 });
    await driver.passTime();
    expect((await driver.look()).run).toBe("success");
  });

  test.each([
    [false, "failed"],
    [true, "skipped"],
  ])(
    "a wait for an event that is not sent in time (softFail %s) has %s",
    async (softFail, state) => {
      const driver = await begin(
        newDag((d) => d.task("go", waitForEvent("go", { timeout: "1h", softFail }))),
      );
      await driver.passTime();
      const [instance] = (await driver.look()).instances;
      expect(instance?.state).toBe(state);
      expect(instance?.reason).toContain('event "go"');
    },
  );

  test("a late word from a worker does not move what waits", async () => {
    const driver = await begin(sensor());
    const [instance] = runnable(await driver.look());
    await driver.take(instance!);
    await driver.complete([endOf(instance!, notYet)]);
    const { accepted } = await driver.complete([
      endOf(instance!, success()),
      endOf(instance!, failed()),
    ]);
    expect([accepted.size, (await driver.look()).instances[0]?.state]).toEqual([
      0,
      "up_for_reschedule",
    ]);
  });
});
