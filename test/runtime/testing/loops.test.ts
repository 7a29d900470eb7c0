/** Loops as DAG files write them, run in memory. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { runDag, runTask, taskOf } from "../../../runtime/testing/index.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { lazy } from "../../../sdk/task/lazy.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";

const at = { logicalDate: "2026-01-01" };

/** Doubles until it is above a hundred. */
function doubling(maxIterations = 20) {
  const d = dag("doubling");
  const loop = d.loop(
    "double",
    {
      initial: { value: 3, path: [] as number[] },
      until: ({ value }, { iteration }) => value > 100 && iteration > 0,
      maxIterations,
      retries: 1,
    },
    ({ previous, iteration, tryNumber }) => {
      if (iteration === 2 && tryNumber === 1) throw new Error("once");
      // A body that changes what it was given must not change another's.
      previous.path.push(previous.value);
      return { value: previous.value * 2, path: previous.path };
    },
  );
  d.task("last", { inputs: { loop } }, ({ inputs }) => inputs.loop.at(-1) ?? null);
  d.task(
    "count",
    { inputs: { loop: lazy(loop) } },
    async ({ inputs }) => (await inputs.loop.all()).length,
  );
  return d;
}

describe("a loop", () => {
  test("gives each iteration what the one before returned, and all results to the tasks after it", async () => {
    for (const _run of [1, 2]) {
      const run = await runDag(doubling(), at);
      expect(run.state).toBe("success");
      expect(run.xcom("last")).toEqual({ value: 192, path: [3, 6, 12, 24, 48, 96] });
      expect(run.xcom("count")).toBe(6);
      const iterations = run.tasks.filter(({ taskId }) => taskId === "double");
      expect(iterations.map(({ mapIndex, tryNumber }) => [mapIndex, tryNumber])).toEqual([
        [0, 1],
        [1, 1],
        [2, 2],
        [3, 1],
        [4, 1],
        [5, 1],
      ]);
    }
  });

  test("begins with its initial value in every run of one process", async () => {
    const d = doubling();
    const first = await runDag(d, at);
    const second = await runDag(d, at);
    expect(second.xcom("double")).toEqual(first.xcom("double"));
  });

  test("that is not done within its bound fails with what it was and how often", async () => {
    const run = await runDag(doubling(3), at);
    expect(run.state).toBe("failed");
    const third = run.tasks.find(({ taskId, mapIndex }) => taskId === "double" && mapIndex === 2);
    expect(third?.error?.message).toBe(
      'Loop "double" was not done after 3 iterations. Raise its maxIterations, or check why its until does not return true.',
    );
  });

  test("fails when its condition cannot be asked", async () => {
    const d = dag("no_condition");
    const until = (): boolean => {
      throw new Error("which?");
    };
    d.loop("loop", { initial: 0, until, maxIterations: 5 }, ({ previous }) => previous);
    const [iteration] = (await runDag(d, at)).tasks;
    expect(iteration).toMatchObject({ state: "failed", reason: "Error: which?" });
  });

  test("is tried alone from its initial value, or from one that is given", async () => {
    const ref = taskOf(doubling(), "double");
    expect((await runTask(ref)).output).toEqual({ value: 6, path: [3] });
    expect((await runTask(ref, { previous: { value: 10, path: [] } })).output).toEqual({
      value: 20,
      path: [10],
    });
  });

  test.each<[string, (d: Dag<Readonly<Record<string, never>>>) => unknown, RegExp]>([
    [
      "a bound",
      (d) => d.loop("l", { initial: 0, until: () => true } as never, () => 0 as never),
      /maxIterations is undefined; allowed: a whole number of at least 1/,
    ],
    [
      "a bound above zero",
      (d) => d.loop("l", { initial: 0, until: () => true, maxIterations: 0 }, () => 0),
      /maxIterations is 0/,
    ],
    [
      "a finite bound",
      (d) =>
        d.loop(
          "l",
          { initial: 0, until: () => true, maxIterations: Number.POSITIVE_INFINITY },
          () => 0,
        ),
      /maxIterations is Infinity/,
    ],
    [
      "a condition",
      (d) => d.loop("l", { initial: 0, maxIterations: 5 } as never, () => 0 as never),
      /until is undefined/,
    ],
    [
      "an initial value that JSON carries",
      (d) =>
        d.loop(
          "l",
          { initial: new Date(0) as never, until: () => true, maxIterations: 5 },
          () => 0 as never,
        ),
      /Date/,
    ],
    [
      "a body",
      (d) => d.loop("l", { initial: 0, until: () => true, maxIterations: 5 }, null as never),
      /the body of loop "l" is null/,
    ],
  ])("is refused without %s", (_what, declare, message) => {
    expect(() => declare(dag("d"))).toThrow(message);
  });

  test("is described by its bound", () => {
    expect(describeDag(doubling()).tasks[0]).toMatchObject({
      taskId: "double",
      each: { loop: { maxIterations: 20 } },
    });
  });

  test("has one type from its initial value to the tasks after it", () => {
    const d = dag("types");
    const loop = d.loop(
      "l",
      {
        initial: { cursor: null as string | null },
        until: ({ cursor }) => cursor === null,
        maxIterations: 5,
      },
      ({ previous, iteration, item }) => {
        expectTypeOf(previous).toEqualTypeOf<{ cursor: string | null }>();
        expectTypeOf(iteration).toEqualTypeOf<number>();
        expectTypeOf(item).toEqualTypeOf<undefined>();
        return { cursor: previous.cursor };
      },
    );
    expectTypeOf(loop).toEqualTypeOf<TaskRef<{ cursor: string | null }[]>>();
    // @ts-expect-error an iteration returns what the next one gets
    d.loop("wrong", { initial: 0, until: () => true, maxIterations: 5 }, () => "x");
    // @ts-expect-error a condition says yes or no
    d.loop("wrong_too", { initial: 0, until: (value) => value, maxIterations: 5 }, () => 1);
  });
});
