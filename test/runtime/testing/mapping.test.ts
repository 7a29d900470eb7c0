/**
 * What mapped tasks do with their items, where user code runs: functions on items, names
 * of instances, inputs that are loaded lazily.
 */
import { describe, expect, test } from "vitest";
import { runDag, runTask } from "../../../runtime/testing/index.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { entries, over, partial, zip } from "../../../sdk/task/items.ts";
import { lazy } from "../../../sdk/task/lazy.ts";
import { SkipTask } from "../../../sdk/task/outcome.ts";

const at = { logicalDate: "2026-01-01" };

async function instancesOf(d: Dag<never>, taskId = "mapped") {
  const { tasks } = await runDag(d as unknown as Dag<unknown>, at);
  return tasks
    .filter((task) => task.taskId === taskId)
    .map(({ mapIndex, state, output, reason, label }) => ({
      mapIndex,
      state,
      output,
      reason,
      label,
    }));
}

describe("functions on items", () => {
  test("run in the try of their instance: null stays a value, a skip skips it alone, an error fails it alone", async () => {
    const d = dag("functions");
    const letters = d.task("letters", () => ["a", "b", "c", "d"]);
    const each = over(letters).map((letter) => {
      if (letter === "b") return null;
      if (letter === "c") throw new SkipTask("not c");
      if (letter === "d") throw new Error("no d");
      return letter.toUpperCase();
    });
    d.task("mapped", { each }, ({ item }) => ({ got: item }));
    expect(await instancesOf(d as never)).toEqual([
      { mapIndex: 0, state: "success", output: { got: "A" }, reason: null, label: null },
      { mapIndex: 1, state: "success", output: { got: null }, reason: null, label: null },
      { mapIndex: 2, state: "skipped", output: null, reason: "not c", label: null },
      { mapIndex: 3, state: "failed", output: null, reason: "Error: no d", label: null },
    ]);
  });

  test("run again with a retry, and only for the instance that is tried again", async () => {
    const d = dag("again");
    const calls: number[] = [];
    const each = over([1, 2]).map((item) => {
      calls.push(item);
      if (item === 2 && calls.length < 3) throw new Error("not yet");
      return item;
    });
    d.task("mapped", { each, retries: 1 }, ({ item }) => item);
    expect((await instancesOf(d as never)).map(({ state }) => state)).toEqual([
      "success",
      "success",
    ]);
    expect(calls).toEqual([1, 2, 2]);
  });

  test("follow one another, and what a filter refuses is left out and not seen by the next", async () => {
    const d = dag("filters");
    const seen: number[] = [];
    const each = over([1, 2, 3, 4])
      .filter((item) => item % 2 === 0)
      .map((item) => {
        seen.push(item);
        return item * 10;
      });
    d.task("mapped", { each }, ({ item }) => item);
    expect(
      (await instancesOf(d as never)).map(
        ({ state, output, reason }) => output ?? `${state}: ${reason}`,
      ),
    ).toEqual([
      "removed: the filter refused the item",
      20,
      "removed: the filter refused the item",
      40,
    ]);
    expect(seen).toEqual([2, 4]);
  });

  test("give every item the same constants, the item's own fields counting and records becoming one", async () => {
    const d = dag("constants");
    const items = d.task("items", () => [
      { key: "a", options: { gzip: false } },
      { key: "b", options: { level: 9 } },
    ]);
    d.task(
      "mapped",
      { each: partial({ bucket: "lake", key: "none", options: { gzip: true } }, items) },
      ({ item }) => item,
    );
    expect((await instancesOf(d as never)).map(({ output }) => output)).toEqual([
      { bucket: "lake", key: "a", options: { gzip: false } },
      { bucket: "lake", key: "b", options: { gzip: true, level: 9 } },
    ]);
  });

  test("are applied to the item that a test gives", async () => {
    const d = dag("given");
    const ref = d.task(
      "mapped",
      { each: zip([["x"], [1]]).map(([name, count]) => `${name}${count}`) },
      ({ item }) => item,
    );
    expect((await runTask(ref, { item: ["y", 2] })).output).toBe("y2");
  });
});

describe("what a filter leaves out", () => {
  const filtered = (keep: (item: number) => boolean) => {
    const d = dag("left_out");
    const some = d.task("some", { each: over([1, 2, 3]).filter(keep) }, ({ item }) => item);
    d.task("rest", { inputs: { some } }, ({ inputs }) => inputs.some);
    d.task("each", { each: some }, ({ item }) => item);
    return runDag(d, at);
  };

  test("is not seen by the tasks after it", async () => {
    const run = await filtered((item) => item > 1);
    expect([run.state, run.xcom("rest"), run.xcom("each")]).toEqual(["success", [2, 3], [2, 3]]);
  });

  test("is the whole list at times, which then counts as an empty one", async () => {
    const run = await filtered(() => false);
    expect(run.tasks.map(({ taskId, state }) => `${taskId} ${state}`)).toEqual([
      ...["some removed", "some removed", "some removed"],
      ...["rest skipped", "each skipped"],
    ]);
    expect(run.state).toBe("success");
  });
});

describe("the name of an instance", () => {
  test("is made from its item as the task gets it, also when the task fails", async () => {
    const d = dag("names");
    d.task(
      "mapped",
      {
        each: entries({ green: 1, yellow: 2 }),
        label: ({ item: [name], mapIndex }) => `${mapIndex}: ${name}`,
      },
      ({ item }) => {
        if (item[1] === 2) throw new Error("no");
        return null;
      },
    );
    expect((await instancesOf(d as never)).map(({ label, state }) => `${label} ${state}`)).toEqual([
      "0: green success",
      "1: yellow failed",
    ]);
  });

  test("that cannot be made, or is empty, leaves the task as it is", async () => {
    const d = dag("no_names");
    const label = ({ item }: { readonly item: number }): string => {
      if (item === 1) throw new Error("no name");
      return item === 2 ? "" : "x".repeat(1_000);
    };
    d.task("mapped", { each: [1, 2, 3], label }, ({ item }) => item);
    const found = await instancesOf(d as never);
    expect(found.map(({ state, label }) => [state, label])).toEqual([
      ["success", null],
      ["success", null],
      ["success", "x".repeat(200)],
    ]);
  });
});

describe("a lazy input", () => {
  test("is walked through in map order, as often as the task likes, and gives the whole list", async () => {
    const d = dag("lazy");
    const squares = d.task("squares", { each: [...Array(450).keys()] }, ({ item }) => item * item);
    const list = d.task("list", () => ["a", "b"]);
    d.task(
      "reduce",
      { inputs: { squares: lazy(squares), list: lazy(list) } },
      async ({ inputs }) => {
        let sum = 0;
        for await (const square of inputs.squares) sum += square;
        let again = 0;
        for await (const square of inputs.squares) {
          again = square;
          if (square > 10) break;
        }
        return [sum, again, (await inputs.squares.all()).length, await inputs.list.all()];
      },
    );
    const [reduce] = await instancesOf(d as never, "reduce");
    expect(reduce?.output).toEqual([
      Array.from({ length: 450 }, (_, i) => i * i).reduce((a, b) => a + b),
      16,
      450,
      ["a", "b"],
    ]);
  });

  test("may be given whole by a test", async () => {
    const d = dag("given_whole");
    const list = d.task("list", { each: [1] }, () => 1);
    const ref = d.task(
      "reduce",
      { inputs: { list: lazy(list) } },
      async ({ inputs }) => (await inputs.list.all()).length,
    );
    expect((await runTask(ref, { inputs: { list: [1, 2, 3] } })).output).toBe(3);
  });
});
