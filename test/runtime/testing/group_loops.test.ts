/**
 * Groups that are loops, run in memory with their real bodies: what an iteration is
 * given, when it is enough, and what the DAG file may say.
 */
import { describe, expect, expectTypeOf, test } from "vitest";
import { runDag } from "../../../runtime/testing/run_dag.ts";
import { dag, graphOf } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { lazy } from "../../../sdk/task/lazy.ts";
import { chain } from "../../../sdk/task/wirable.ts";

const paging = (maxIterations = 10) => {
  const d = dag("paging");
  const loop = {
    initial: { page: 1, rows: 0 },
    until: ({ page }: { page: number }) => page > 3,
    maxIterations,
  };
  const pages = d.group("pages", { loop }, (g) => {
    const rows = g.task("fetch", ({ item }) => [item.page, item.page]);
    return g.task("store", { inputs: { rows } }, ({ inputs, item, mapIndex }) => {
      expectTypeOf(item).toEqualTypeOf<{ page: number; rows: number }>();
      return { page: item.page + 1, rows: item.rows + inputs.rows.length + mapIndex };
    });
  });
  expectTypeOf(pages.result.output).toEqualTypeOf<{ page: number; rows: number }[]>();
  d.task(
    "last",
    { inputs: { states: pages.result } },
    ({ inputs }) => inputs.states.at(-1) ?? null,
  );
  return d;
};

describe("a group that is a loop", () => {
  test("gives each iteration what the one before came to, until that is enough, and those after it all of them", async () => {
    const run = await runDag(paging());
    expect(run.state).toBe("success");
    expect(run.xcom("last")).toEqual({ page: 4, rows: 9 });
    expect(run.xcom("pages.fetch")).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  test("fails with one clear error when it is not done in time", async () => {
    const run = await runDag(paging(2));
    expect(run.state).toBe("failed");
    const broken = run.tasks.find(
      ({ taskId, mapIndex }) => taskId === "pages.store" && mapIndex === 1,
    );
    expect(broken?.error?.message).toMatch(/"pages".*2/);
  });

  test("is walked through lazily by what comes after it", async () => {
    const d = dag("lazily");
    const g = d.group("g", { loop: { initial: 0, until: (n) => n >= 3, maxIterations: 5 } }, (h) =>
      h.task("next", ({ item }) => item + 1),
    );
    d.task("sum", { inputs: { all: lazy(g.result) } }, async ({ inputs }) => {
      let sum = 0;
      for await (const one of inputs.all) sum += one;
      return sum;
    });
    expect((await runDag(d)).xcom("sum")).toBe(6);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      "without a bound",
      () =>
        dag("x").group("g", { loop: { initial: 0, until: () => true } as never }, (g) =>
          g.task("a", () => 1),
        ),
      /maxIterations/,
    ],
    [
      "whose function returns none of its tasks",
      () =>
        dag("x").group(
          "g",
          { loop: { initial: 0, until: () => true, maxIterations: 2 } },
          ((g: ReturnType<typeof dag>) => void g.task("a", () => 1)) as never,
        ),
      /one of its own tasks/,
    ],
    [
      "within a mapped group",
      () =>
        dag("x").group("m", { each: [1] }, (m) =>
          m.group("g", { loop: { initial: 0, until: () => true, maxIterations: 2 } }, (g) =>
            g.task("a", ({ item }) => item),
          ),
        ),
      /"m\.g" of DAG "x" is a list or a loop inside the mapped group "m"/,
    ],
  ])("is refused %s", (_what, declare, message) => {
    expect(declare).toThrow(message);
  });

  test("is described with what it begins and goes on with", () => {
    const { tasks } = describeDag(paging());
    expect(tasks.find(({ taskId }) => taskId === "pages")?.each).toEqual({
      loop: { maxIterations: 10, initial: { page: 1, rows: 0 }, result: "pages.store" },
    });
    const d = dag("wired");
    const g = d.group("g", { loop: { initial: 0, until: () => true, maxIterations: 2 } }, (h) =>
      h.task("a", ({ item }) => item),
    );
    chain(d.empty("before"), g, d.empty("after"));
    expect(graphOf(d).upstreamOf("after")).toEqual(["g"]);
  });
});
