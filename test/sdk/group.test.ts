/** Groups: ids, defaults, and what an edge to a group means. */
import { describe, expect, expectTypeOf, it } from "vitest";
import { graphOf } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import {
  chain,
  type Dag,
  dag,
  type GroupBuilder,
  type TaskGroup,
  type TaskRef,
} from "../../sdk/index.ts";

const work = () => null;

/** Each task with the ids before it. */
function edgesOf(
  declare: (d: Dag<Readonly<Record<string, never>>>) => void,
): Record<string, readonly string[]> {
  const d = dag("d");
  declare(d);
  return Object.fromEntries(describeDag(d).tasks.map(({ taskId, upstream }) => [taskId, upstream]));
}

describe("a group", () => {
  it("begins the ids of its tasks, with the groups around it", () => {
    const d = dag("d");
    d.group("outer", (g) => {
      g.task("a", work);
      g.group("inner", { doc: "the inside" }, (h) => h.empty("b"));
      g.group("plain", { prefix: false }, (h) => h.task("c", work));
    });
    d.task("a", work);
    const spec = describeDag(d);
    expect(spec.tasks.map(({ taskId, group }) => [taskId, group])).toEqual([
      ["outer.a", "outer"],
      ["outer.inner.b", "outer.inner"],
      ["outer.c", "outer.plain"],
      ["a", undefined],
    ]);
    expect(spec.groups).toEqual([
      { groupId: "outer", parent: null, doc: null },
      { groupId: "outer.inner", parent: "outer", doc: "the inside" },
      { groupId: "outer.plain", parent: "outer", doc: null },
    ]);
    expect(graphOf(d).find("outer.inner.b")?.taskId).toBe("outer.inner.b");
  });

  it("sets options that count before the DAG's and behind its tasks', the innermost group first", () => {
    const d = dag("d", { defaults: { retries: 1, retryDelay: "1s", triggerRule: "all_done" } });
    d.group("outer", { defaults: { retries: 2, retryDelay: "2s" } }, (g) => {
      g.task("a", work);
      g.group("inner", { defaults: { retries: 3 } }, (h) => {
        h.task("b", work);
        h.task("c", { retries: 4 }, work);
      });
    });
    d.task("after", work);
    expect(
      describeDag(d).tasks.map(({ taskId, retries, retryDelayMs, triggerRule }) => [
        taskId,
        retries,
        retryDelayMs,
        triggerRule,
      ]),
    ).toEqual([
      ["outer.a", 2, 2_000, "all_done"],
      ["outer.inner.b", 3, 2_000, "all_done"],
      ["outer.inner.c", 4, 2_000, "all_done"],
      ["after", 1, 1_000, "all_done"],
    ]);
  });

  it("is wired by its first and last tasks", () => {
    expect(
      edgesOf((d) => {
        const group = d.group("g", (g) => {
          chain(g.task("a", work), [g.task("b", work), g.task("c", work)]);
          g.task("alone", work);
        });
        chain(d.task("before", work), group, d.task("after", work));
      }),
    ).toEqual({
      before: [],
      "g.a": ["before"],
      "g.alone": ["before"],
      "g.b": ["g.a"],
      "g.c": ["g.a"],
      after: ["g.b", "g.c", "g.alone"],
    });
  });

  it("is wired by what it is in the end, whenever the edge to it was drawn", () => {
    const edges = edgesOf((d) => {
      const before = d.task("before", work);
      let a: TaskRef<unknown> | undefined;
      const group = d.group("g", (g) => {
        a = g.task("a", work);
        chain(
          g.group("x", (h) => h.task("p", work)),
          g.group("y", (h) => chain(h.task("q", work), h.task("r", work))),
        );
      });
      chain(before, group, d.task("after", work));
      chain(a!, graphOf(d).find("g.x.p")!);
    });
    expect(edges).toEqual({
      before: [],
      "g.a": ["before"],
      "g.x.p": ["g.a"],
      "g.y.q": ["g.x.p"],
      "g.y.r": ["g.y.q"],
      after: ["g.y.r"],
    });
  });

  it("may stand before and after other groups", () => {
    expect(
      edgesOf((d) => {
        const two = (id: string) => d.group(id, (g) => void [g.task("a", work), g.task("b", work)]);
        chain(two("one"), [two("left"), two("right")], d.empty("end"));
      }),
    ).toEqual({
      "one.a": [],
      "one.b": [],
      "left.a": ["one.a", "one.b"],
      "left.b": ["one.a", "one.b"],
      "right.a": ["one.a", "one.b"],
      "right.b": ["one.a", "one.b"],
      end: ["left.a", "left.b", "right.a", "right.b"],
    });
  });

  it("shows a cycle that goes through it", () => {
    expect(() =>
      edgesOf((d) => {
        const a = d.task("a", work);
        const group = d.group("g", (g) => g.task("b", work));
        chain(a, group, a);
      }),
    ).toThrow(/has a cycle: (a -> g\.b -> a|g\.b -> a -> g\.b)/);
  });

  it.each<[string, (d: Dag<Readonly<Record<string, never>>>) => unknown, RegExp]>([
    ["without a task", (d) => d.group("g", () => {}), /Group "g" of DAG "d" has no task/],
    [
      "whose inner group is empty",
      (d) => d.group("g", (g) => void [g.task("a", work), g.group("h", () => {})]),
      /Group "g.h" of DAG "d" has no task/,
    ],
    [
      "with the id of another",
      (d) => void [d.group("g", (g) => g.empty("a")), d.group("g", (g) => g.empty("b"))],
      /with the id "g"/,
    ],
    [
      "with the id of a task",
      (d) => void [d.empty("g"), d.group("g", (g) => g.empty("a"))],
      /with the id "g"/,
    ],
    [
      "whose id a task then takes",
      (d) => void [d.group("g", (g) => g.empty("a")), d.empty("g")],
      /with the id "g"/,
    ],
    [
      "whose task has the id of another",
      (d) => void [d.empty("g.a"), d.group("g", (g) => g.empty("a"))],
      /two tasks with the id "g.a"/,
    ],
    [
      "with an option there is not",
      (d) => d.group("g", { retrys: 1 } as never, (g) => g.empty("a")),
      /Unknown group option "retrys"/,
    ],
    [
      "with a default there is not",
      (d) => d.group("g", { defaults: { retrys: 1 } as never }, (g) => g.empty("a")),
      /Unknown task option "retrys" at defaults of group "g"/,
    ],
    [
      "with an id that is none",
      (d) => d.group("a b", (g) => g.empty("a")),
      /The group id "a b" is not allowed/,
    ],
    [
      "whose ids become too long",
      (d) => d.group("g".repeat(150), (g) => g.empty("a".repeat(100))),
      /The task id/,
    ],
    [
      "declared by a function that waits",
      (d) => d.group("g", async (g) => g.empty("a")),
      /a function that is not async/,
    ],
    ["without a function", (d) => d.group("g", {} as never), /the body of group "g" is object/],
    [
      "before a task of its own",
      (d) =>
        chain(
          d.group("g", (g) => g.task("a", work)),
          graphOf(d).find("g.a")!,
        ),
      /depends on itself/,
    ],
    [
      "after itself",
      (d) =>
        d.group("g", (g) => {
          const h = g.group("h", (i) => i.empty("a"));
          chain(h, h);
        }),
      /depends on itself/,
    ],
    [
      "of another DAG",
      (d) =>
        chain(
          dag("other").group("g", (g) => g.empty("a")),
          d.empty("b"),
        ),
      /Tasks are wired within one DAG/,
    ],
  ])("is refused %s", (_what, declare, message) => {
    expect(() => edgesOf((d) => void declare(d))).toThrow(message);
  });

  it("is left, also when its function throws", () => {
    const d = dag("d");
    expect(() =>
      d.group("g", () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(d.task("a", work).taskId).toBe("a");
  });

  it("gives what its function returned, with its type", () => {
    const d = dag("d");
    const extract = d.group("extract", (g) => {
      const rows = g.task("rows", () => [1]);
      return {
        rows,
        count: g.task("count", { inputs: { rows } }, ({ inputs }) => inputs.rows.length),
      };
    });
    expectTypeOf(extract).toEqualTypeOf<
      TaskGroup<{ rows: TaskRef<number[]>; count: TaskRef<number> }>
    >();
    d.task("load", { inputs: extract.result }, ({ inputs }) => {
      expectTypeOf(inputs.count).toEqualTypeOf<number>();
      return null;
    });
    expect(describeDag(d).tasks.at(-1)?.upstream).toEqual(["extract.rows", "extract.count"]);
  });
});

describe("an edge from a group comes from its last tasks that are no teardowns", () => {
  const next = (declare: (d: Dag<Readonly<Record<string, never>>>) => TaskGroup<unknown>) =>
    edgesOf((d) => void declare(d).before(d.task("next", work))).next;

  it.each<[string, (g: GroupBuilder<unknown, undefined>) => unknown, readonly string[]]>([
    [
      "when a teardown is last",
      (g) => chain(g.task("work", work), g.teardown("down", {}, work)),
      ["g.work"],
    ],
    [
      "when a chain of teardowns is last",
      (g) => chain(g.task("work", work), g.teardown("one", {}, work), g.teardown("two", {}, work)),
      ["g.work"],
    ],
    [
      "when the setup is directly before the teardown too",
      (g) => {
        const up = g.setup("up", work);
        chain(up, g.task("work", work), g.teardown("down", { setups: up }, work));
      },
      ["g.work"],
    ],
    [
      "and not from work that other work of the group comes after",
      (g) => {
        const [one, two] = [g.task("one", work), g.task("two", work)];
        chain(one, two, g.teardown("down", {}, work).after(one));
      },
      ["g.two"],
    ],
    [
      "from work after a teardown",
      (g) => chain(g.task("one", work), g.teardown("down", {}, work), g.task("two", work)),
      ["g.two"],
    ],
    [
      "from the work of a group inside it",
      (g) => g.group("inner", (h) => chain(h.task("work", work), h.teardown("down", {}, work))),
      ["g.inner.work"],
    ],
    [
      "from a group inside it that runs as one",
      (g) =>
        chain(
          g.group("inner", { retries: 1 }, (h) => h.task("work", work)),
          g.teardown("down", {}, work),
        ),
      ["g.inner"],
    ],
    [
      "each of them once",
      (g) => {
        const one = g.task("one", work);
        g.teardown("a", {}, work).after(one);
        g.teardown("b", {}, work).after(one, g.task("two", work));
      },
      ["g.one", "g.two"],
    ],
  ])("%s", (_what, declare, lasts) => {
    expect(next((d) => d.group("g", (g) => void declare(g as never)))).toEqual(lasts);
  });

  it("from group to group", () => {
    const edges = edgesOf((d) => {
      const declare = (g: GroupBuilder<unknown, undefined>): void =>
        chain(g.task("work", work), g.teardown("down", {}, work));
      chain(d.group("a", declare as never), d.group("b", declare as never), d.task("c", work));
    });
    expect(edges).toMatchObject({ "b.work": ["a.work"], c: ["b.work"] });
  });

  it("of nothing but setups and teardowns, from what comes before the group", () => {
    const edges = edgesOf((d) => {
      const g = d.group("g", (inside) => {
        inside.teardown("down", { setups: inside.setup("up", work) }, work);
      });
      chain(d.task("first", work), g, d.task("next", work));
      const other = d.group("h", (inside) => inside.teardown("down", {}, work));
      chain(other, d.task("alone", work));
    });
    expect(edges).toMatchObject({ "g.up": ["first"], next: ["first"], alone: [] });
  });

  it("and groups of nothing but teardowns in a circle come to an end", () => {
    const edges = edgesOf((d) => {
      const [a, b] = ["a", "b"].map((id) => d.group(id, (g) => g.teardown("down", {}, work)));
      chain(a!, b!, a!, d.task("c", work));
    });
    expect(edges.c).toEqual([]);
  });
});
