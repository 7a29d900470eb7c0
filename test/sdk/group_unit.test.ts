/**
 * Groups that have an instance, in a spec: a task of their own, and every edge that
 * enters or leaves them one to or from it.
 */
import { describe, expect, it } from "vitest";
import { graphOf } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { chain, type Dag, dag, type TaskGroup, type TaskRef } from "../../sdk/index.ts";
import type { TaskSpec } from "../../sdk/spec/index.ts";

type AnyDag = Dag<Readonly<Record<string, never>>>;
const work = () => null;

function tasksOf(declare: (d: AnyDag) => void, options = {}): readonly TaskSpec[] {
  const d = dag("d", options);
  declare(d);
  return describeDag(d).tasks;
}

/**
 * Each task, in order, with the group it is within and the ids before it: `g/g.b < g.a`.
 */
function shapeOf(declare: (d: AnyDag) => void): readonly string[] {
  return tasksOf(declare).map(
    ({ taskId, parentGroup, upstream }) =>
      `${parentGroup ? `${parentGroup}/` : ""}${taskId}${upstream.map((id) => ` < ${id}`).join("")}`,
  );
}

const taskOf = (tasks: readonly TaskSpec[], id: string): TaskSpec =>
  tasks.find(({ taskId }) => taskId === id)!;

describe("a group that runs as one", () => {
  it("is a task that stands before those within it", () => {
    const tasks = tasksOf((d) => {
      const list = d.task("list", () => [1]);
      d.group(
        "g",
        {
          each: list,
          retries: 2,
          retryDelay: "1s",
          executionTimeout: "1h",
          maxActive: 3,
          doc: "each of them",
        },
        (g) => {
          g.task("a", work);
        },
      );
    });
    expect(tasks.map(({ taskId }) => taskId)).toEqual(["list", "g", "g.a"]);
    expect(taskOf(tasks, "g")).toMatchObject({
      ...{
        operator: "group",
        kind: { type: "group" },
        doc: "each of them",
        each: { taskId: "list" },
        maxActive: 3,
      },
      ...{
        retries: 2,
        retryDelayMs: 1_000,
        executionTimeoutMs: 3_600_000,
        triggerRule: "all_success",
        upstream: ["list"],
      },
    });
    expect(taskOf(tasks, "g.a")).toMatchObject({
      parentGroup: "g",
      group: "g",
      each: null,
      retries: 0,
      upstream: [],
    });
  });

  it.each<[string, object]>([
    ["each", { each: [1] }],
    ["retries", { retries: 1 }],
    ["retries that are none", { retries: 0 }],
    ["an executionTimeout", { executionTimeout: "1m" }],
    ["a totalTimeout", { totalTimeout: "1m" }],
    ["a triggerRule", { triggerRule: "all_done" }],
  ])("is one that has %s", (_what, options) => {
    expect(shapeOf((d) => d.group("g", options, (g) => g.empty("a")))).toEqual(["g", "g/g.a"]);
  });

  it("is not one that has only defaults, a doc or no prefix", () => {
    expect(
      shapeOf((d) => d.group("g", { defaults: { retries: 1 }, doc: "x" }, (g) => g.empty("a"))),
    ).toEqual(["g.a"]);
    expect(shapeOf((d) => d.group("g", { prefix: false }, (g) => g.empty("a")))).toEqual(["a"]);
  });

  it("takes the edges of its tasks with those outside: by wiring, by inputs and by lists", () => {
    expect(
      shapeOf((d) => {
        const [wired, input, list] = [
          d.task("wired", work),
          d.task("input", work),
          d.task("list", () => [1]),
        ];
        const g = d.group("g", { retries: 1 }, (h) => {
          const a = h.task("a", { inputs: { input } }, work);
          const b = h.task("b", { each: list }, work);
          chain(wired, b);
          chain(a, b);
          return { b };
        });
        d.task("after", { inputs: { b: g.result.b } }, work);
      }),
    ).toEqual([
      "wired",
      "input",
      "list",
      "g < input < list < wired",
      "g/g.a",
      "g/g.b < g.a",
      "after < g",
    ]);
  });

  it("is wired as a whole, whatever is drawn inside it later", () => {
    expect(
      shapeOf((d) => {
        const g = d.group("g", { each: [1] }, (h) => void [h.task("a", work), h.task("b", work)]);
        chain(d.task("before", work), g, d.task("after", work));
        chain(graphOf(d).find("g.a")!, graphOf(d).find("g.b")!);
      }),
    ).toEqual(["before", "g < before", "g/g.a", "g/g.b < g.a", "after < g"]);
  });

  it("sees another one through an edge between their tasks", () => {
    expect(
      shapeOf((d) => {
        const one = d.group("one", { each: [1] }, (g) => g.task("a", () => 1));
        const two = d.group("two", { retries: 1 }, (g) =>
          g.task("a", { inputs: { all: one.result } }, work),
        );
        chain(one, two);
      }),
    ).toEqual(["one", "one/one.a", "two < one", "two/two.a"]);
  });

  it("may hold others: an edge is lifted as far as where both its ends lie side by side", () => {
    expect(
      shapeOf((d) => {
        const before = d.task("before", () => 1);
        d.group("outer", { each: [1] }, (g) => {
          const a = g.task("a", () => 1);
          const inner = g.group("inner", { retries: 1 }, (h) => {
            const b = h.task("b", { inputs: { a, before } }, () => 1);
            return h.group("innermost", { executionTimeout: "1m" }, (i) =>
              i.task("c", { inputs: { b } }, () => 1),
            );
          });
          g.task("last", { inputs: { c: inner.result.result } }, work);
        });
      }),
    ).toEqual([
      "before",
      "outer < before",
      "outer/outer.a",
      "outer/outer.inner < outer.a",
      "outer.inner/outer.inner.b",
      "outer.inner/outer.inner.innermost < outer.inner.b",
      "outer.inner.innermost/outer.inner.innermost.c",
      "outer/outer.last < outer.inner",
    ]);
  });

  it("is one of the first and last of a plain group around it, and plain groups inside are wired by theirs", () => {
    expect(
      shapeOf((d) => {
        const around = d.group("around", (g) => {
          const one = g.group("one", { retries: 1 }, (h) => {
            const plain = h.group("plain", (i) => void [i.task("a", work), i.task("b", work)]);
            chain(h.task("first", work), plain, h.task("last", work));
          });
          chain(one, g.task("beside", work));
        });
        chain(d.task("before", work), around, d.task("after", work));
      }),
    ).toEqual([
      "before",
      "around.one < before",
      "around.one/around.one.first",
      "around.one/around.one.plain.a < around.one.first",
      "around.one/around.one.plain.b < around.one.first",
      "around.one/around.one.last < around.one.plain.a < around.one.plain.b",
      "around.beside < around.one",
      "after < around.beside",
    ]);
  });

  it("lifts an edge to a plain group inside it", () => {
    expect(
      shapeOf((d) => {
        let plain: TaskGroup | undefined;
        d.group("g", { retries: 1 }, (g) => {
          plain = g.group("plain", (h) => h.task("a", work));
        });
        chain(d.task("before", work), plain!, d.task("after", work));
      }),
    ).toEqual(["before", "g < before", "g/g.plain.a", "after < g"]);
  });

  it("says so when something outside it stands between its tasks", () => {
    const between = (options: object) => () =>
      tasksOf((d) => {
        let ends: TaskRef<null>[] = [];
        d.group("g", options, (g) => {
          ends = [g.task("a", work), g.task("b", work)];
        });
        chain(ends[0]!, d.task("outside", work), ends[1]!);
      });
    expect(between({})).not.toThrow();
    expect(between({ retries: 1 })).toThrow(
      /has a cycle: (g -> outside -> g|outside -> g -> outside)\. .*A group that is mapped, looped, retried or timed/,
    );
  });

  it("shows a cycle inside it by its tasks, and one between two of them by the groups", () => {
    expect(() =>
      tasksOf((d) => {
        d.group("g", { retries: 1 }, (g) => {
          const a = g.task("a", work);
          chain(a, g.task("b", work), a);
        });
      }),
    ).toThrow(/has a cycle: (g\.a -> g\.b -> g\.a|g\.b -> g\.a -> g\.b)/);
    expect(() =>
      tasksOf((d) => {
        const [one, two] = ["one", "two"].map((id) =>
          d.group(id, { retries: 1 }, (g) => [g.task("a", work), g.task("b", work)]),
        );
        chain(one!.result[0]!, two!.result[0]!);
        chain(two!.result[1]!, one!.result[1]!);
      }),
    ).toThrow(/has a cycle: (one -> two -> one|two -> one -> two)/);
  });

  it("keeps the ids that branches and switches outside choose", () => {
    const tasks = tasksOf((d) => {
      const g = d.group("g", { each: [1] }, (h) => h.task("a", work));
      const other = d.task("other", work);
      d.switch("switch", { cases: { mapped: graphOf(d).find("g.a")!, other } }, () => "mapped");
      chain(
        d.branch("branch", () => "g.a"),
        [g, other],
      );
    });
    expect(taskOf(tasks, "switch").kind).toEqual({
      type: "switch",
      cases: { mapped: ["g.a"], other: ["other"] },
    });
    expect(taskOf(tasks, "g").upstream).toEqual(["switch", "branch"]);
    expect(taskOf(tasks, "g.a").upstream).toEqual([]);
  });

  it("cannot have a switch whose case lies outside it, which the elements could not agree on", () => {
    expect(() =>
      tasksOf((d) => {
        const outside = d.task("outside", work);
        d.group("g", { each: [1] }, (g) => {
          g.switch("kind", { cases: { inside: g.task("a", work), outside } }, () => "outside");
        });
      }),
    ).toThrow(
      /task "g\.kind" of DAG "d": cases is "outside", which is outside group "g"; allowed: tasks of that group/,
    );
  });

  it("has the past of defaults, its own or those around it; an element of a mapped one has none", () => {
    const past = (declare: (d: AnyDag) => void, options = {}) =>
      tasksOf(declare, options).flatMap(({ taskId, dependsOnPast }) =>
        dependsOnPast ? [taskId] : [],
      );
    const nested = (options: object) => (d: AnyDag) =>
      void d.group("g", options, (g) => {
        g.task("a", work);
        g.group("inner", { retries: 1 }, (h) => h.task("b", work));
      });
    const defaults = { dependsOnPast: true };
    expect(past(nested({ each: [1] }), { defaults })).toEqual(["g"]);
    expect(past(nested({ each: [1], defaults }))).toEqual(["g"]);
    expect(past(nested({ retries: 1, defaults }))).toEqual(["g", "g.a", "g.inner", "g.inner.b"]);
    expect(past(nested({ each: [1], defaults: { dependsOnPast: false } }), { defaults })).toEqual(
      [],
    );
    expect(
      past((d) => d.group("around", { defaults }, (g) => nested({ each: [1] })(g as never))),
    ).toEqual(["around.g"]);
    expect(() =>
      past((d) => d.group("g", { each: [1] }, (g) => g.task("a", { dependsOnPast: true }, work))),
    ).toThrow(
      /task "g\.a" of DAG "d": dependsOnPast is true; allowed: it in the defaults of a mapped group or of the DAG/,
    );
  });

  it("leaves its own retries to itself: its tasks have those of defaults", () => {
    const tasks = tasksOf(
      (d) => void d.group("g", { retries: 5, defaults: { retries: 1 } }, (g) => g.task("a", work)),
      {
        defaults: { retries: 3, triggerRule: "all_done" },
      },
    );
    expect(tasks.map(({ taskId, retries, triggerRule }) => [taskId, retries, triggerRule])).toEqual(
      [
        ["g", 5, "all_success"],
        ["g.a", 1, "all_done"],
      ],
    );
  });

  it.each<[string, (d: AnyDag) => unknown, RegExp]>([
    [
      "without a task",
      (d) => d.group("g", { each: [1] }, () => {}),
      /Group "g" of DAG "d" has no task/,
    ],
    [
      "with the id of a task in it that has no prefix",
      (d) => d.group("g", { retries: 1, prefix: false }, (g) => g.task("g", work)),
      /with the id "g"/,
    ],
    [
      "with the id of a task",
      (d) => void [d.empty("g"), d.group("g", { retries: 1 }, (g) => g.empty("a"))],
      /with the id "g"/,
    ],
    [
      "with a mapped task when it is mapped",
      (d) => d.group("g", { each: [1] }, (g) => g.task("a", { each: [1] }, work)),
      /"g\.a" of DAG "d" is a list or a loop inside the mapped group "g"/,
    ],
    [
      "with a mapped sensor",
      (d) => d.group("g", { each: [1] }, (g) => g.sensor("a", { each: [1] }, () => true)),
      /"g\.a" .* inside the mapped group "g"/,
    ],
    [
      "with a mapped group inside a group inside it",
      (d) =>
        d.group("g", { each: [1] }, (g) =>
          g.group("h", { retries: 1 }, (h) => h.group("i", { each: [1] }, (i) => i.empty("a"))),
        ),
      /"g\.h\.i" of DAG "d" is a list or a loop inside the mapped group "g"/,
    ],
    [
      "with a loop when it is mapped",
      (d) =>
        d.group("g", { each: [1] }, (g) =>
          g.loop(
            "a",
            { initial: 0, until: () => true, maxIterations: 2 },
            async ({ previous }) => previous,
          ),
        ),
      /"g\.a" .* inside the mapped group "g"/,
    ],
    [
      "mapped over no list",
      (d) => d.group("g", { each: 5 as unknown as number[] }, (g) => g.empty("a")),
      /each is number; allowed: a list/,
    ],
    [
      "mapped over more than it allows",
      (d) => d.group("g", { each: [1, 2], maxItems: 1 }, (g) => g.empty("a")),
      /each is a list of 2; allowed: at most 1/,
    ],
    [
      "with a limit of elements, and none of them",
      (d) => d.group("g", { maxActive: 2 } as never, (g) => g.empty("a")),
      /maxActive is set without each; allowed: in a group with each/,
    ],
    [
      "mapped and a loop",
      (d) =>
        d.group(
          "g",
          { each: [1], loop: { initial: 0, until: () => true, maxIterations: 2 } } as never,
          (g) => g.empty("a"),
        ),
      /loop is set together with each; allowed: one of the two/,
    ],
    [
      "with fewer than no retries",
      (d) => d.group("g", { retries: -1 }, (g) => g.empty("a")),
      /retries is -1/,
    ],
    [
      "without any time",
      (d) => d.group("g", { executionTimeout: "0s" }, (g) => g.empty("a")),
      /executionTimeout is/,
    ],
    [
      "with a rule there is not",
      (d) => d.group("g", { triggerRule: "x" as never }, (g) => g.empty("a")),
      /triggerRule is "x"/,
    ],
    [
      "before one of its own tasks",
      (d) =>
        chain(
          d.group("g", { retries: 1 }, (g) => g.task("a", work)),
          graphOf(d).find("g.a")!,
        ),
      /depends on itself/,
    ],
    [
      "mapped over another DAG's list",
      (d) => d.group("g", { each: dag("other").task("list", () => [1]) }, (g) => g.empty("a")),
      /Tasks are wired within one DAG/,
    ],
  ])("is refused %s", (_what, declare, message) => {
    expect(() => tasksOf((d) => void declare(d))).toThrow(message);
  });
});
