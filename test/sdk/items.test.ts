/** How lists to map over are declared, and what is refused where it stands. */
import { describe, expect, expectTypeOf, it } from "vitest";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import {
  concat,
  cross,
  type Dag,
  dag,
  type Each,
  entries,
  type Items,
  type LazyList,
  lazy,
  type MappedItems,
  over,
  partial,
  type TaskRef,
  zip,
} from "../../sdk/index.ts";

const compiles = (code: () => unknown): void => expect(code).toBeTypeOf("function");

function eachOf(each: (d: Dag<unknown>) => Each<unknown>) {
  const d = dag("d") as unknown as Dag<unknown>;
  d.task("mapped", { each: each(d) }, () => null);
  const task = describeDag(d).tasks.find(({ taskId }) => taskId === "mapped");
  return { each: task?.each, upstream: task?.upstream };
}

describe("a list to map over", () => {
  it("is described as a plan, and makes its sources dependencies", () => {
    const made = eachOf((d) => {
      const a = d.task("a", () => [1]);
      const b = d.task("b", () => ({ x: 1 }));
      return concat(
        cross({ a, b: entries(b) }),
        zip([a, ["x"]], { fillValue: null }),
        zip([a]),
      ).map(() => 1);
    });
    expect(made).toEqual({
      upstream: ["a", "b"],
      each: {
        concat: [
          {
            cross: [
              { name: "a", list: { taskId: "a" } },
              { name: "b", list: { entriesOf: "b" } },
            ],
          },
          { zip: [{ taskId: "a" }, { items: ["x"] }], fillValue: null },
          { zip: [{ taskId: "a" }] },
        ],
      },
    });
    expect(eachOf(() => entries({ x: 1, y: null })).each).toEqual({
      items: [
        ["x", 1],
        ["y", null],
      ],
    });
    expect(eachOf(() => over([1]).filter(() => true)).each).toEqual({ items: [1] });
  });

  it.each<[string, () => Each<unknown>, RegExp]>([
    ["a cross product of nothing", () => cross({}), /each is a cross of no lists/],
    ["a zip of nothing", () => zip([]), /each is a zip of no lists/],
    ["a concatenation of nothing", () => concat(), /each is a concat of no lists/],
    [
      "a text among its lists",
      () => cross({ a: "abc" as never }),
      /each is string; allowed: a list/,
    ],
    ["null among its lists", () => concat([1], null as never), /each is null/],
    ["an item that JSON cannot carry", () => zip([[new Date(0)]]), /Date/],
    ["a fill value that JSON cannot carry", () => zip([[1]], { fillValue: 1n }), /bigint/],
    [
      "more literal items than are allowed",
      () => [...Array(100_001).keys()],
      /a list of 100001; allowed: at most 100000 items \(maxItems\)/,
    ],
  ])("is refused with %s", (_what, each, message) => {
    expect(() => eachOf(each)).toThrow(message);
  });

  it("is refused from a task of another DAG", () => {
    const foreign = dag("other").task("list", () => [1]);
    expect(() => eachOf(() => cross({ a: [1], b: foreign }))).toThrow(
      /Task "list" belongs to DAG "other"/,
    );
    expect(() => dag("d").task("t", { inputs: { all: lazy(foreign) } }, () => null)).toThrow(
      /Task "list" belongs to DAG "other"/,
    );
  });

  it("is bounded by a whole number of items", () => {
    const d = dag("d");
    d.task("t", { each: [1], maxItems: 0 }, () => null);
    expect(() => describeDag(d)).toThrow(/maxItems is 0; allowed: a whole number of at least 1/);
    const small = dag("small");
    small.task("t", { each: [1, 2, 3], maxItems: 2 }, () => null);
    expect(() => describeDag(small)).toThrow(/a list of 3; allowed: at most 2 items/);
  });
});

describe("the type of an item", () => {
  it("follows from the lists", () =>
    compiles(() => {
      const d = dag("d");
      const orgs = d.task("orgs", () => ["a"]);
      const counts = d.task("counts", { each: orgs }, () => 1);
      const urls = d.task("urls", (): Record<string, { url: string }> => ({}));
      const maybe = d.task("maybe", (): (string | null)[] => []);

      expectTypeOf(
        cross({ org: orgs, count: counts, object: ["issues", "members"] }),
      ).toEqualTypeOf<
        Items<{
          readonly org: string;
          readonly count: number;
          readonly object: "issues" | "members";
        }>
      >();
      expectTypeOf(zip([orgs, counts])).toEqualTypeOf<Items<readonly [string, number]>>();
      expectTypeOf(zip([orgs, counts], { fillValue: null })).toEqualTypeOf<
        Items<readonly [string | null, number | null]>
      >();
      expectTypeOf(concat(orgs, counts)).toEqualTypeOf<Items<string | number>>();
      expectTypeOf(entries(urls)).toEqualTypeOf<Items<readonly [string, { url: string }]>>();
      expectTypeOf(over(orgs).map((org) => org.length)).toEqualTypeOf<MappedItems<number>>();
      expectTypeOf(over(maybe).filter((one) => one !== null)).toEqualTypeOf<MappedItems<string>>();
      expectTypeOf(
        zip([cross({ org: orgs }), concat(counts, counts)]).map(
          ([{ org }, count]) => org.length + count,
        ),
      ).toEqualTypeOf<MappedItems<number>>();

      const lengths = d.task(
        "lengths",
        { each: cross({ orgs, counts }), label: ({ item }) => item.orgs },
        ({ item }) => {
          expectTypeOf(item).toEqualTypeOf<{ readonly orgs: string; readonly counts: number }>();
          return item.counts;
        },
      );
      expectTypeOf(lengths).toEqualTypeOf<TaskRef<number[]>>();
      const files = d.task("files", () => [{ key: "k", options: { level: 1 } }]);
      d.task("copy", { each: partial({ bucket: "lake" }, files) }, ({ item }) => {
        expectTypeOf(item.key).toEqualTypeOf<string>();
        expectTypeOf(item.bucket).toEqualTypeOf<"lake">();
        // @ts-expect-error no such field
        item.table;
      });
    }));

  it("keeps what is no list out", () =>
    compiles(() => {
      const d = dag("d");
      const count = d.task("count", () => 5);
      const urls = d.task("urls", (): Record<string, string> => ({}));
      // @ts-expect-error a number is no list
      cross({ count });
      // @ts-expect-error nor is a record, unless its entries are meant
      zip([urls]);
      // @ts-expect-error a number has no entries
      entries(count);
      // @ts-expect-error items that functions change cannot be put together with others
      concat(over([1]).map((one) => one));
      // @ts-expect-error a filter says yes or no
      over([1]).filter((one) => one);
      // @ts-expect-error a label is text
      d.task("t", { each: [1], label: ({ item }) => item }, () => null);
      // @ts-expect-error only instances have labels
      d.task("t", { label: () => "x" }, () => null);
      // @ts-expect-error a number is no list to be loaded
      lazy(count);
    }));
});

describe("a lazy input", () => {
  it("has the type of the list that it walks through", () =>
    compiles(() => {
      const d = dag("d");
      const sizes = d.task("sizes", { each: ["a"] }, () => 5);
      d.task("sum", { inputs: { sizes: lazy(sizes), plain: sizes } }, async ({ inputs }) => {
        expectTypeOf(inputs.sizes).toEqualTypeOf<LazyList<number>>();
        expectTypeOf(inputs.plain).toEqualTypeOf<number[]>();
        expectTypeOf(await inputs.sizes.all()).toEqualTypeOf<number[]>();
        // @ts-expect-error it is not loaded yet
        inputs.sizes.length;
      });
    }));

  it("is named among the inputs, and apart", () => {
    const d = dag("d");
    const list = d.task("list", () => [1]);
    d.task("t", { inputs: { all: lazy(list), now: list } }, () => null);
    const task = describeDag(d).tasks[1];
    expect(task).toMatchObject({
      upstream: ["list"],
      inputs: { all: "list", now: "list" },
      lazyInputs: ["all"],
    });
  });
});
