/**
 * Who may declare where: the builder of a DAG, the builders of groups, and what each of
 * them shows.
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import { graphOf } from "../../sdk/dag/dag.ts";
import {
  chain,
  type Dag,
  dag,
  type GroupBuilder,
  type TaskGroup,
  type TaskRef,
} from "../../sdk/index.ts";

const work = () => null;
const idsOf = (d: Dag<unknown>): readonly string[] => graphOf(d).tasks.map(({ taskId }) => taskId);
const coded = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

type Builder = GroupBuilder<Readonly<Record<string, never>>, undefined>;

/** Each way to declare something, with any builder. */
const WAYS: readonly [string, (g: Builder) => unknown][] = [
  ["task", (g) => g.task("late", work)],
  ["setup", (g) => g.setup("late", work)],
  ["teardown", (g) => g.teardown("late", {}, work)],
  ["branch", (g) => g.branch("late", () => null)],
  ["switch", (g) => g.switch("late", { cases: {} }, () => null)],
  ["shortCircuit", (g) => g.shortCircuit("late", work)],
  ["latestOnly", (g) => g.latestOnly("late")],
  ["loop", (g) => g.loop("late", { initial: 0, until: () => true, maxIterations: 1 }, () => 0)],
  ["sensor", (g) => g.sensor("late", () => true)],
  ["empty", (g) => g.empty("late")],
  ["group", (g) => g.group("late", (h) => h.task("a", work))],
];

describe("inside the function of a group", () => {
  it.each(WAYS)("%s() of the DAG is refused, and nothing is declared", (_, declare) => {
    const d = dag("d");
    const refused = coded(
      "OUTER_BUILDER",
      /"late" of DAG "d" .* of the DAG while the function of group "g" runs.*d\.group\("g", \(g\) => g\.task/,
    );
    d.group("g", (g) => {
      g.task("a", work);
      expect(() => declare(d)).toThrow(refused);
    });
    expect(idsOf(d)).toEqual(["g.a"]);
  });

  it.each(WAYS)("%s() of an outer group is refused", (_, declare) => {
    const d = dag("d");
    const refused = coded(
      "OUTER_BUILDER",
      /builder of group "outer".* of group "outer\.inner" runs/,
    );
    d.group("outer", (outer) => {
      outer.group("inner", (g) => {
        g.task("a", work);
        expect(() => declare(outer)).toThrow(refused);
      });
    });
    expect(idsOf(d)).toEqual(["outer.inner.a"]);
  });

  it("another DAG can be declared", () => {
    const [d, other] = [dag("d"), dag("other")];
    d.group("g", (g) => [g.task("a", work), other.task("b", work)]);
    expect([idsOf(d), idsOf(other)]).toEqual([["g.a"], ["b"]]);
  });

  it("tasks from outside can be wired", () => {
    const d = dag("d");
    const before = d.task("before", work);
    d.group("g", (g) => g.task("a", work).after(before));
    expect(graphOf(d).upstreamOf("g.a")).toEqual(["before"]);
  });
});

describe("after the function of a group has ended", () => {
  const refused = coded(
    "GROUP_CLOSED",
    /"late" of DAG "d" .* group "g", whose function has returned/,
  );

  it.each(WAYS)("%s() of its builder is refused", (_, declare) => {
    const d = dag("d");
    let leaked: Builder | undefined;
    d.group("g", (g) => {
      leaked = g;
      g.task("a", work);
    });
    expect(() => declare(leaked!)).toThrow(refused);
    expect(idsOf(d)).toEqual(["g.a"]);
  });

  it("its builder is refused inside another group", () => {
    const d = dag("d");
    let leaked: Builder | undefined;
    d.group("g", (g) => {
      leaked = g;
      g.task("a", work);
    });
    d.group("h", (h) => {
      h.task("b", work);
      expect(() => leaked!.task("late", work)).toThrow(refused);
    });
  });

  it("by an error, the builder of the DAG declares at the top again", () => {
    const d = dag("d");
    let leaked: Builder | undefined;
    expect(() =>
      d.group("g", (g) => {
        leaked = g;
        throw new Error("no");
      }),
    ).toThrow("no");
    d.task("top", work);
    expect(() => leaked!.task("late", work)).toThrow(refused);
    expect(idsOf(d)).toEqual(["top"]);
  });

  it("by waiting, its builder is refused", async () => {
    const d = dag("d");
    const ends: Promise<unknown>[] = [];
    expect(() =>
      d.group("g", (g) => {
        const end = Promise.resolve().then(() => g.task("late", work));
        ends.push(end);
        return end;
      }),
    ).toThrow(/a function that is not async/);
    await expect(ends[0]).rejects.toThrow(refused);
  });
});

describe("a function that takes a builder", () => {
  it("declares in a DAG and in a group", () => {
    const declare = (g: GroupBuilder<unknown, unknown>): TaskRef<number> => g.task("t", () => 5);
    const d = dag("d");
    declare(d);
    const g = d.group("g", declare);
    expect(idsOf(d)).toEqual(["t", "g.t"]);
    expectTypeOf(g).toEqualTypeOf<TaskGroup<TaskRef<number>>>();
  });
});

describe("after() and before()", () => {
  const upstreamOf = (d: Dag<unknown>, ...ids: readonly string[]) =>
    ids.map((id) => graphOf(d).upstreamOf(id));

  it("wire a task to tasks and lists of tasks", () => {
    const d = dag("d");
    const [a, b, c, e] = ["a", "b", "c", "e"].map((id) => d.empty(id));
    c!.after(a!, [b!]).before([e!]);
    expect(upstreamOf(d, "a", "b", "c", "e")).toEqual([[], [], ["a", "b"], ["c"]]);
  });

  it("wire groups", () => {
    const d = dag("d");
    const [a, c] = [d.task("a", work), d.task("c", work)];
    const g = d.group("g", (h) => chain(h.task("first", work), h.task("last", work)));
    g.after(a).before(c);
    expect(upstreamOf(d, "g.first", "g.last", "c")).toEqual([["a"], ["g.first"], ["g.last"]]);
  });

  it("return what they are called on", () => {
    const d = dag("d");
    const [a, b] = [d.empty("a"), d.task("b", () => 5)];
    const g = d.group("g", (h) => h.task("t", () => 5));
    expect(b.after(a)).toBe(b);
    expect(g.before(b)).toBe(g);
    expectTypeOf(b.after(a)).toEqualTypeOf<TaskRef<number>>();
    expectTypeOf(g.before(b)).toEqualTypeOf<TaskGroup<TaskRef<number>>>();
  });

  it.each(["a", null, 5, {}])("refuse %j, which is no task", (value) => {
    const d = dag("d");
    const a = d.empty("a");
    const refused = coded("INVALID_OPTION", /a dependency/);
    expect(() => a.after(value as never)).toThrow(refused);
    expect(() => a.before(value as never)).toThrow(refused);
  });

  it("refuse the task itself", () => {
    const a = dag("d").empty("a");
    expect(() => a.after(a)).toThrow(coded("SELF_DEPENDENCY", /depends on itself/));
  });
});

describe("what authors see", () => {
  type Named<Shown> = Extract<keyof Shown, string>;
  type Declares =
    | "task"
    | "setup"
    | "teardown"
    | "branch"
    | "switch"
    | "shortCircuit"
    | "latestOnly"
    | "loop"
    | "sensor"
    | "empty"
    | "call"
    | "ask"
    | "group";

  it("of builders are the ways to declare", () => {
    expectTypeOf<Named<GroupBuilder<unknown, unknown>>>().toEqualTypeOf<Declares>();
    expectTypeOf<Named<Dag<unknown>>>().toEqualTypeOf<
      Declares | "dagId" | "options" | "output" | "calls"
    >();
  });

  it("of references are their ids, and what can be wired to them", () => {
    expectTypeOf<keyof TaskRef<number>>().toEqualTypeOf<"taskId" | "output" | "after" | "before">();
    expectTypeOf<keyof TaskGroup<number>>().toEqualTypeOf<
      "groupId" | "result" | "after" | "before"
    >();
  });
});
