/**
 * What the compiler knows of groups that have an instance: what `item` is inside a mapped
 * group, and what its tasks are for those outside. `tsc` checks this file; the functions
 * given to `compiles` are never called.
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  chain,
  cross,
  dag,
  type Each,
  entries,
  type GroupBuilder,
  type LazyRef,
  lazy,
  over,
  pick,
  type TaskBody,
  type TaskContext,
  type TaskGroup,
  type TaskRef,
} from "../../sdk/index.ts";

const compiles = (code: () => unknown): void => expect(code).toBeTypeOf("function");

interface Repo {
  readonly name: string;
  readonly stars: number;
}

describe("the tasks of a mapped group", () => {
  it("get the element, however its list is put together", () =>
    compiles(() => {
      const d = dag("d");
      const repos = d.task("repos", (): readonly Repo[] => []);
      const byName = d.task("by_name", (): Record<string, Repo> => ({}));
      const stats = d.task("stats", () => ({ files: ["a"], rows: 1 }));
      const of = <Item>(each: Each<Item>, see: (item: Item) => void): void =>
        void d.group("g", { each }, (g) => g.task("t", ({ item }) => see(item)));
      of(repos, (item) => expectTypeOf(item).toEqualTypeOf<Repo>());
      of(["x", "y"], (item) => expectTypeOf(item).toEqualTypeOf<string>());
      of(pick(stats, "files"), (item) => expectTypeOf(item).toEqualTypeOf<string>());
      of(entries(byName), (item) => expectTypeOf(item).toEqualTypeOf<readonly [string, Repo]>());
      d.group("mapped", { each: over(repos).map(({ stars }) => stars) }, (g) =>
        g.task("t", ({ item }) => expectTypeOf(item).toEqualTypeOf<number>() && null),
      );
      d.group("filtered", { each: over(repos).filter(({ stars }) => stars > 0) }, (g) =>
        g.task("t", ({ item }) => expectTypeOf(item).toEqualTypeOf<Repo>() && null),
      );
      d.group("crossed", { each: cross({ repo: repos, month: [1, 2] }) }, (g) =>
        g.task(
          "t",
          ({ item }) =>
            expectTypeOf(item).toEqualTypeOf<{ readonly repo: Repo; readonly month: 1 | 2 }>() &&
            null,
        ),
      );
      // @ts-expect-error a record is not a list
      d.group("wrong", { each: byName }, (g) => g.empty("t"));
    }));

  it("get it whatever they are, and with the params of the DAG", () =>
    compiles(() => {
      const d = dag("d", { params: z.object({ day: z.string() }) });
      d.group("g", { each: [1], label: ({ item }) => item.toFixed() }, (g) => {
        type Here = Pick<TaskContext<{ day: string }, unknown, number>, "item" | "params">;
        const see = (context: Here): null =>
          expectTypeOf(context.item).toEqualTypeOf<number>() && null;
        const one = g.task("task", see);
        g.task(
          "with_options",
          { retries: 1, concurrencyKey: ({ item, params }) => `${item.toFixed()}/${params.day}` },
          see,
        );
        const setup = g.setup("setup", { concurrencyKey: ({ item }) => item.toFixed() }, see);
        g.teardown(
          "teardown",
          {
            setups: setup,
            concurrencyKey: ({ item, params }) => `${item.toFixed()}/${params.day}`,
          },
          see,
        );
        g.branch(
          "branch",
          { concurrencyKey: ({ item }) => item.toFixed() },
          (context) => void see(context),
        );
        g.switch(
          "switch",
          { cases: { one }, concurrencyKey: ({ item }) => item.toFixed() },
          (context) => see(context),
        );
        g.shortCircuit("any", { concurrencyKey: ({ item }) => item.toFixed() }, see);
        g.sensor(
          "sensor",
          { interval: "1s", concurrencyKey: ({ item }) => item.toFixed() },
          ({ item }) => item > 0,
        );
        g.sensor("bare_sensor", ({ item }) => item > 0);
        const byText: TaskBody<null, TaskContext<unknown, unknown, string>> = () => null;
        // @ts-expect-error an operator for other elements
        g.task("operator", byText);
      });
    }));

  it("keep it in the groups inside", () =>
    compiles(() => {
      const d = dag("d");
      d.group("g", { each: ["x"] }, (g) => {
        g.group("plain", (h) =>
          h.task("t", ({ item }) => expectTypeOf(item).toEqualTypeOf<string>() && null),
        );
        g.group("tried", { retries: 1 }, (h) =>
          h.group("inner", { defaults: { retries: 2 } }, (i) =>
            i.task("t", ({ item }) => expectTypeOf(item).toEqualTypeOf<string>() && null),
          ),
        );
      });
      d.group("tried", { retries: 1 }, (g) =>
        g.task("t", ({ item }) => expectTypeOf(item).toEqualTypeOf<undefined>() && null),
      );
    }));

  it("take each other's outputs plain, and lists from outside whole", () =>
    compiles(() => {
      const d = dag("d");
      const repos = d.task("repos", (): Repo[] => []);
      d.group("g", { each: repos }, (g) => {
        const size = g.task("size", ({ item }) => item.stars);
        g.task("load", { inputs: { size, all: repos } }, ({ inputs, item }) => {
          expectTypeOf(inputs.size).toEqualTypeOf<number>();
          expectTypeOf(inputs.all).toEqualTypeOf<Repo[]>();
          expectTypeOf(item).toEqualTypeOf<Repo>();
        });
      });
    }));

  it("can be declared by a function that knows only some of this", () =>
    compiles(() => {
      const declare = (g: GroupBuilder<unknown, string>): TaskRef<number> =>
        g.task("t", ({ item }) => item.length);
      const d = dag("d");
      expectTypeOf(d.group("g", { each: ["x"] }, declare).result).toEqualTypeOf<
        TaskRef<number[]>
      >();
      // @ts-expect-error for elements of another type
      d.group("h", { each: [1] }, declare);
      // @ts-expect-error for a group that is not mapped
      d.group("h", declare);
    }));
});

describe("the result of a group", () => {
  it("is a list of what each element left when it is mapped, at any depth", () =>
    compiles(() => {
      const d = dag("d");
      const g = d.group("g", { each: [1] }, (h) => {
        const rows = h.task("rows", () => ["a"]);
        const inner = h.group("inner", { retries: 1 }, (i) => ({
          count: i.task("count", () => 1),
        }));
        expectTypeOf(inner.result.count).toEqualTypeOf<TaskRef<number>>();
        return {
          rows,
          both: [rows, h.task("n", () => 2)] as const,
          inner,
          name: "g",
          lazily: lazy(rows),
          first: pick(
            h.task("o", () => ({ n: 1 })),
            "n",
          ),
        };
      });
      expectTypeOf(g.result.rows).toEqualTypeOf<TaskRef<string[][]>>();
      expectTypeOf(g.result.both).toEqualTypeOf<
        readonly [TaskRef<string[][]>, TaskRef<number[]>]
      >();
      expectTypeOf(g.result.inner).toEqualTypeOf<
        TaskGroup<{ readonly count: TaskRef<number[]> }>
      >();
      expectTypeOf(g.result.name).toEqualTypeOf<string>();
      expectTypeOf(g.result.lazily).toEqualTypeOf<LazyRef<string[]>>();
      expectTypeOf(g.result.first).toEqualTypeOf<never>();
      d.task("after", { inputs: { counts: g.result.inner.result.count } }, ({ inputs }) => {
        expectTypeOf(inputs.counts).toEqualTypeOf<number[]>();
      });
      d.task(
        "once_more",
        { each: g.result.rows },
        ({ item }) => expectTypeOf(item).toEqualTypeOf<string[]>() && null,
      );
    }));

  it("is what it is when it is not mapped, however often it is tried", () =>
    compiles(() => {
      const d = dag("d");
      const g = d.group("g", { retries: 2, executionTimeout: "1h" }, (h) =>
        h.task("rows", () => ["a"]),
      );
      expectTypeOf(g).toEqualTypeOf<TaskGroup<TaskRef<string[]>>>();
      chain(
        g,
        d.task(
          "after",
          { inputs: { rows: g.result } },
          ({ inputs }) => expectTypeOf(inputs.rows).toEqualTypeOf<string[]>() && null,
        ),
      );
    }));
});

describe("the options of a group", () => {
  it("are checked by name and value", () =>
    compiles(() => {
      const d = dag("d");
      const list = d.task("list", () => [1]);
      d.group(
        "g",
        {
          each: list,
          maxActive: 2,
          maxItems: 5,
          retries: 1,
          retryDelay: "1s",
          triggerRule: "all_done",
          totalTimeout: "1h",
        },
        (g) => g.empty("t"),
      );
      // @ts-expect-error a misspelt option
      d.group("g", { retrys: 1 }, (g) => g.empty("t"));
      // @ts-expect-error a misspelt option of a mapped group
      d.group("g", { each: list, maxActiv: 1 }, (g) => g.empty("t"));
      // @ts-expect-error only a mapped group has elements to limit
      d.group("g", { maxActive: 1 }, (g) => g.empty("t"));
      // @ts-expect-error nor are there elements to name
      d.group("g", { retries: 1, label: () => "x" }, (g) => g.empty("t"));
      // @ts-expect-error a default is an option of tasks
      d.group("g", { defaults: { each: list } }, (g) => g.empty("t"));
      // @ts-expect-error inputs belong to its tasks
      d.group("g", { inputs: { list } }, (g) => g.empty("t"));
      // @ts-expect-error no such rule
      d.group("g", { triggerRule: "all_succes" }, (g) => g.empty("t"));
      // @ts-expect-error a duration has a unit
      d.group("g", { executionTimeout: "5" }, (g) => g.empty("t"));
      // @ts-expect-error the past is asked of its tasks, by their defaults
      d.group("g", { dependsOnPast: true }, (g) => g.empty("t"));
    }));
});
