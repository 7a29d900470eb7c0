/**
 * State in tests of DAGs: what a task sets is kept with its success, and is seen by
 * itself at once.
 */
import { dag, FailTask, type Json } from "dagsmith";
import { runDag, runTask } from "dagsmith/testing";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";

describe("a task", () => {
  test("reads what an earlier run set, and sets what a later run reads", async () => {
    const run = await runTask(
      async ({ state }) => {
        const since = await state.get("cursor", z.number());
        expectTypeOf(since).toEqualTypeOf<number | undefined>();
        const rows = await state.get("rows", z.array(z.object({ id: z.coerce.number() })));
        expectTypeOf(rows).toEqualTypeOf<{ id: number }[] | undefined>();
        expectTypeOf(await state.get("cursor")).toEqualTypeOf<Json | undefined>();
        await state.set("cursor", (since ?? 0) + 1);
        return since;
      },
      { state: { cursor: 12 } },
    );
    expect(run).toMatchObject({ output: 12, stateValues: { cursor: 13 } });
  });

  test("gets undefined for a key without value, and null for the value null", async () => {
    const { output } = await runTask(
      async ({ state }) => [(await state.get("absent")) === undefined, await state.get("empty")],
      { state: { empty: null } },
    );
    expect(output).toEqual([true, null]);
  });

  test("sees at once what it set and deleted", async () => {
    const { output } = await runTask(
      async ({ state }) => {
        await state.set("a", { rows: [1] });
        await state.delete("b");
        return [await state.get("a"), (await state.get("b")) === undefined];
      },
      { state: { b: 2 } },
    );
    expect(output).toEqual([{ rows: [1] }, true]);
  });

  test("has state of the DAG, of itself, and state that DAGs share", async () => {
    const { output, stateValues } = await runTask(
      async ({ state }) => {
        await state.set("key", 1);
        await state.task.set("key", 2);
        await state.shared("cursors").set("key", 3);
        return state.shared("cursors").get("old");
      },
      { state: { "shared:cursors/old": "x" } },
    );
    expect(output).toBe("x");
    expect(stateValues).toEqual({
      ...{ key: 1, "task:task/key": 2 },
      ...{ "shared:cursors/key": 3, "shared:cursors/old": "x" },
    });
  });

  test("lists keys by their beginning", async () => {
    const { output } = await runTask(
      async ({ state }) => (await state.list("repo/")).map(({ key, value }) => [key, value]),
      { state: { "repo/b": 2, "repo/a": 1, other: 3 } },
    );
    expect(output).toEqual([
      ["repo/a", 1],
      ["repo/b", 2],
    ]);
  });

  test.each([["a value that does not fit its schema", /"cursor" of dag does not fit/]])(
    "fails for %s",
    async (_, message) => {
      const run = runTask(async ({ state }) => state.get("cursor", z.number()), {
        state: { cursor: "soon" },
      });
      await expect(run).rejects.toThrow(message);
    },
  );

  test.each([
    ["an empty key", "", 1, /state key: it has 1 to 200 characters/],
    ["a key that is too long", "k".repeat(201), 1, /state key: it has 1 to 200 characters/],
    ["a value that JSON cannot carry", "key", 1n, /JSON cannot carry/],
    ["a value that is too large", "key", "x".repeat(300_000), /over the limit of 262144/],
  ])("fails when it sets %s", async (_, key, value, message) => {
    const run = runTask(({ state }) => state.set(key, value as never));
    await expect(run).rejects.toThrow(message);
  });
});

describe("a run", () => {
  const d = dag("orders");
  const first = d.task("first", async ({ state }) => {
    await state.set("cursor", "first");
    await state.task.set("seen", true);
  });
  const second = d.task(
    "second",
    { retries: 1, retryDelay: "0s" },
    async ({ state, tryNumber }) => {
      const before = await state.get("cursor");
      await state.set("cursor", `second ${tryNumber}`);
      await state.set("now", tryNumber, { now: true });
      if (tryNumber === 1) throw new Error("again");
      return before;
    },
  );
  const third = d.task("third", async ({ state }) => {
    await state.set("cursor", "third");
    throw new FailTask("no");
  });
  first.before(second);
  second.before(third);

  test("keeps the state of tries that succeed, and what a failed try wrote at once", async () => {
    const run = await runDag(d, { state: { old: 1 } });
    expect(run.xcom("second")).toBe("first");
    expect(run.stateValues).toEqual({
      ...{ old: 1, cursor: "second 2", now: 2, "task:first/seen": true },
    });
  });
});
