/** What the DAG builder refuses at the line that is wrong. */
import { describe, expect, it } from "vitest";
import { Dag, graphOf } from "../../sdk/dag/dag.ts";
import { chain, crossDownstream, dag, isDag } from "../../sdk/index.ts";
import { TaskRef } from "../../sdk/task/task_ref.ts";

type Refs = [TaskRef<null>, TaskRef<null>, TaskRef<null>, TaskRef<null>];

const work = (): null => null;
const coded = (code: string, message: string | RegExp = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
/** As plain JavaScript, or a cast, would call it. */
const untyped = dag as (id: unknown, options?: unknown) => Dag<unknown>;

describe("an id", () => {
  it.each(["a", "9", "a.b-c_d", "A".repeat(200), "toString", "_", "-x"])("may be %j", (id) => {
    expect(dag(id).empty(id).taskId).toBe(id);
  });

  it.each([
    "",
    "__proto__",
    "constructor",
    "prototype",
    "new",
    "all",
    ".",
    "..",
    "a b",
    "a/b",
    "ä",
    "🚀",
    "a\n",
    "a\0",
    "x".repeat(201),
    "y".repeat(10_240),
    "%41",
    "<b>",
  ])("may not be %j", (id) => {
    expect(() => dag(id)).toThrow(coded("INVALID_ID", /^The DAG id/));
    expect(() => dag("d").empty(id)).toThrow(coded("INVALID_ID", /^The task id/));
    expect(() => dag("d").task(id, work)).toThrow(coded("INVALID_ID"));
  });

  it.each([null, undefined, 5, {}, ["a"], Symbol("a")])("may not be %s, which is no text", (id) => {
    expect(() => untyped(id)).toThrow(coded("INVALID_ID"));
  });

  it("is not repeated at length in the message", () => {
    expect(() => dag("z".repeat(10_240))).toThrow(/z{90,110}…/);
  });

  it("is taken once in a DAG, whichever way", () => {
    const d = dag("d");
    d.empty("a");
    expect(() => d.empty("a")).toThrow(
      coded("DUPLICATE_TASK_ID", 'DAG "d" has two tasks with the id "a"'),
    );
    expect(() => d.task("a", work)).toThrow(coded("DUPLICATE_TASK_ID"));
    expect(graphOf(d).tasks).toHaveLength(1);
  });
});

describe("an option that does not exist is refused with what does", () => {
  it("of a DAG", () => {
    expect(() => untyped("d", { scheduel: "@daily" })).toThrow(
      coded("UNKNOWN_OPTION", /DAG option "scheduel" at DAG "d".*schedule, .*startDate/),
    );
  });

  it("of a DAG's defaults", () => {
    expect(() => untyped("d", { defaults: { retrys: 1 } })).toThrow(
      coded("UNKNOWN_OPTION", /"retrys" at defaults of DAG "d"/),
    );
    expect(() => untyped("d", { defaults: { inputs: {} } })).toThrow(coded("UNKNOWN_OPTION"));
  });

  it("of a task", () => {
    expect(() => dag("d").task("t", { retrys: 1 } as object, work)).toThrow(
      coded("UNKNOWN_OPTION", /task option "retrys" at task "t" of DAG "d"/),
    );
    expect(() => dag("d").empty("t", { retrys: 1 } as object)).toThrow(coded("UNKNOWN_OPTION"));
  });

  it("even one that every object inherits", () => {
    expect(() => untyped("d", { toString: 1 })).toThrow(coded("UNKNOWN_OPTION", /"toString"/));
  });
});

describe("a body", () => {
  it.each([undefined, null, 5, "x", {}])("is not %j", (body) => {
    expect(() => dag("d").task("t", body as never)).toThrow(
      coded("INVALID_OPTION", /body of task "t"/),
    );
    expect(() => dag("d").task("t", {}, body as never)).toThrow(coded("INVALID_OPTION"));
  });
});

describe("wiring", () => {
  it("chains tasks one after the other, and lists side by side", () => {
    const d = dag("d");
    const [a, b, c, e] = ["a", "b", "c", "e"].map((id) => d.empty(id)) as [
      TaskRef<null>,
      TaskRef<null>,
      TaskRef<null>,
      TaskRef<null>,
    ];
    chain(a, [b, c], e);
    expect(["a", "b", "c", "e"].map((id) => graphOf(d).upstreamOf(id))).toEqual([
      [],
      ["a"],
      ["a"],
      ["b", "c"],
    ]);
  });

  it("wires two lists side by side in pairs, as Airflow does", () => {
    const d = dag("d");
    const [a, b, c, e] = ["a", "b", "c", "e"].map((id) => d.empty(id)) as Refs;
    chain(d.empty("first"), [a, b], [], [c, e], d.empty("last"));
    const upstream = ["a", "b", "c", "e", "last"].map((id) => graphOf(d).upstreamOf(id));
    expect(upstream).toEqual([["first"], ["first"], ["a"], ["b"], ["c", "e"]]);
  });

  it("refuses to pair lists of other lengths, and says what wires all to all", () => {
    const d = dag("d");
    const [a, b, c] = ["a", "b", "c"].map((id) => d.empty(id)) as Refs;
    expect(() => chain([a], [b, c])).toThrow(coded("CHAIN_LENGTHS"));
    expect(() => chain([a], [b, c])).toThrow(/1 and 2 members.*crossDownstream/);
    expect(graphOf(d).upstreamOf("b")).toEqual([]);
  });

  it("wires all to all when asked to, of lists, tasks and groups", () => {
    const d = dag("d");
    const [a, b, c, e] = ["a", "b", "c", "e"].map((id) => d.empty(id)) as Refs;
    const g = d.group("g", (inside) => inside.empty("in"));
    crossDownstream([a, b], [c, e]);
    crossDownstream(c, [g]);
    crossDownstream([], e);
    const upstream = ["c", "e", "g.in"].map((id) => graphOf(d).upstreamOf(id));
    expect(upstream).toEqual([["a", "b"], ["a", "b"], ["c"]]);
  });

  it("passes over an empty list", () => {
    const d = dag("d");
    chain([], d.empty("a"), [], d.empty("b"), []);
    expect(graphOf(d).upstreamOf("b")).toEqual(["a"]);
  });

  it("of nothing, or of one task, does nothing", () => {
    const d = dag("d");
    chain();
    chain(d.empty("a"));
    expect(graphOf(d).upstreamOf("a")).toEqual([]);
  });

  it("said twice counts once", () => {
    const d = dag("d");
    const a = d.empty("a");
    const b = d.task("b", { inputs: { one: a, other: a } }, work);
    chain(a, b);
    chain(a, b);
    expect(graphOf(d).upstreamOf("b")).toEqual(["a"]);
  });

  it("follows from inputs and from the list a task is mapped over", () => {
    const d = dag("d");
    const list = d.task("list", () => [1, 2]);
    const rate = d.task("rate", () => 1.5);
    d.task("each", { each: list, inputs: { rate } }, ({ item, inputs }) => item * inputs.rate);
    expect(graphOf(d).upstreamOf("each")).toEqual(["rate", "list"]);
  });

  it("refuses a task that waits for itself", () => {
    const a = dag("d").empty("a");
    expect(() => chain(a, a)).toThrow(coded("SELF_DEPENDENCY", 'Task "a" of DAG "d"'));
    expect(() => chain([a], [a])).toThrow(coded("SELF_DEPENDENCY"));
  });

  it("refuses a task of another DAG, in every place", () => {
    const d = dag("d");
    const mine = d.empty("mine");
    const foreign = dag("other").task("foreign", () => [1]);
    const refused = coded(
      "FOREIGN_TASK",
      'Task "foreign" belongs to DAG "other" and cannot be used in DAG "d"',
    );
    expect(() => chain(mine, foreign)).toThrow(refused);
    expect(() => mine.after(foreign)).toThrow(refused);
    expect(() => mine.before(foreign)).toThrow(refused);
    expect(() => d.task("t", { inputs: { foreign } }, work)).toThrow(refused);
    expect(() => d.task("t", { each: foreign }, work)).toThrow(refused);
    expect(() => chain(foreign, mine)).toThrow(
      coded("FOREIGN_TASK", 'cannot be used in DAG "other"'),
    );
  });

  it("refuses a task of another DAG with the same id", () => {
    expect(() => chain(dag("d").empty("a"), dag("d").empty("b"))).toThrow(coded("FOREIGN_TASK"));
  });

  it.each(["b", null, undefined, {}, dag("other")])("refuses %s, which is no task", (value) => {
    const d = dag("d");
    const a = d.empty("a");
    expect(() => chain(a, value as never)).toThrow(coded("INVALID_OPTION", "a dependency"));
    expect(() => chain(value as never, a)).toThrow(coded("INVALID_OPTION"));
    expect(() => d.task("t", { inputs: { value: value as never } }, work)).toThrow(
      coded("INVALID_OPTION"),
    );
  });

  it("leaves nothing behind of a task that was refused", () => {
    const d = dag("d");
    expect(() => d.task("t", { inputs: { x: dag("other").empty("x") } }, work)).toThrow(
      coded("FOREIGN_TASK"),
    );
    expect(graphOf(d).tasks).toEqual([]);
    expect(d.task("t", work)).toBeInstanceOf(TaskRef);
  });
});

describe("a DAG", () => {
  it("is known for one, also when another copy of the package made it", () => {
    expect(isDag(dag("d"))).toBe(true);
    expect(isDag({ [Symbol.for("dagsmith.dag")]: true })).toBe(true);
    for (const value of [null, undefined, 5, {}, [], Dag, dag]) expect(isDag(value)).toBe(false);
  });

  it("does not change when the options it was given do", () => {
    const options = { description: "before" };
    const d = dag("d", options);
    options.description = "after";
    expect(d.options.description).toBe("before");
    expect(Object.isFrozen(d.options)).toBe(true);
  });

  it("lists its tasks in the order in which they were declared", () => {
    const d = dag("d");
    for (const id of ["z", "10", "a", "2"]) d.empty(id);
    expect(graphOf(d).tasks.map(({ taskId }) => taskId)).toEqual(["z", "10", "a", "2"]);
  });
});
