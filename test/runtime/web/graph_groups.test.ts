/** Groups on the graph: which edges are drawn, and where everything lies. */

import { describe, expect, test } from "vitest";
import type { GraphLayout, GraphRequest, Placed } from "../../../runtime/web/graph/graph_layout.ts";
import { graphRequest } from "../../../runtime/web/graph/graph_request.ts";
import { placeGraph } from "../../../runtime/web/graph/layout_graph.ts";
import { gatheredState } from "../../../runtime/web/groups/group_state.ts";
import { groupTree, treeRows } from "../../../runtime/web/groups/group_tree.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { GroupSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import fc from "../../support/fast_check.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";

const edgesOf = ({ edges }: GraphRequest): string[] =>
  edges.map(({ from, to }) => `${from} > ${to}`).toSorted();
const group = (groupId: string, parent: string | null = null): GroupSpec => ({
  groupId,
  parent,
  doc: null,
});

describe("edges", () => {
  test("what was wired to a group is one edge to or from its box", () => {
    const d = dag("d");
    const first = d.group("first", (g) => [g.empty("a"), g.empty("b"), g.empty("c")]);
    const second = d.group("second", (g) => [g.empty("a"), g.empty("b")]);
    chain(d.empty("start"), first, second, d.empty("end"));
    expect(edgesOf(graphRequest(describeDag(d)))).toEqual([
      "first > second",
      "second > end",
      "start > first",
    ]);
  });

  test("an edge ends at the outermost box of which it can be said", () => {
    const d = dag("d");
    const outer = d.group("outer", (g) => {
      const inner = g.group("inner", (h) => [h.empty("a"), h.empty("b")]);
      chain(inner, g.empty("c"));
    });
    chain(d.empty("start"), outer, d.empty("end"));
    expect(edgesOf(graphRequest(describeDag(d)))).toEqual([
      "outer > end",
      "outer.inner > outer.c",
      "start > outer",
    ]);
  });

  test("an edge to or from some of a group's tasks stays theirs", () => {
    const d = dag("d");
    const first = d.group("first", (g) => ({ a: g.empty("a"), b: g.empty("b") })).result;
    const second = d.group("second", (g) => ({ a: g.empty("a"), b: g.empty("b") })).result;
    chain(first.a, second.a);
    chain(first.b, second.b);
    expect(edgesOf(graphRequest(describeDag(d)))).toEqual([
      "first.a > second.a",
      "first.b > second.b",
    ]);
  });

  test("a group that runs as one is its box, where its edges end, and no node", () => {
    const tasks = [
      taskSpec("list"),
      taskSpec("shop", {
        operator: "group",
        kind: { type: "group" },
        each: { taskId: "list" },
        upstream: ["list"],
      }),
      taskSpec("shop.extract", { group: "shop", parentGroup: "shop" }),
      taskSpec("shop.load", { group: "shop", parentGroup: "shop", upstream: ["shop.extract"] }),
      taskSpec("report", { upstream: ["shop"] }),
    ];
    const request = graphRequest(dagSpec("d", { tasks, groups: [group("shop")] }));
    expect(request.nodes.map(({ id }) => id)).toEqual([
      "list",
      "shop.extract",
      "shop.load",
      "report",
    ]);
    expect(request.boxes.map(({ id }) => id)).toEqual(["shop"]);
    expect(edgesOf(request)).toEqual(["list > shop", "shop > report", "shop.extract > shop.load"]);
    expectSound(request, placeGraph(request));
  });

  test("a group around one that runs as one sees it as one of its tasks", () => {
    const tasks = [
      taskSpec("start"),
      taskSpec("outer.shop", {
        operator: "group",
        kind: { type: "group" },
        group: "outer",
        upstream: ["start"],
      }),
      taskSpec("outer.shop.a", { group: "outer.shop", parentGroup: "outer.shop" }),
      taskSpec("end", { upstream: ["outer.shop"] }),
    ];
    const request = graphRequest(
      dagSpec("d", { tasks, groups: [group("outer"), group("outer.shop", "outer")] }),
    );
    expect(edgesOf(request)).toEqual(["outer > end", "start > outer"]);
  });
});

describe("places", () => {
  test("whatever the graph: boxes hold what is in them, nothing overlaps, and edges run from border to border", () => {
    fc.assert(
      fc.property(anyGroupedTasks(), ({ tasks, groups }) => {
        const request = graphRequest(dagSpec("d", { tasks, groups }));
        expectSound(request, placeGraph(request));
      }),
      { numRuns: 150 },
    );
  });

  test("a task that feeds both its group and what is behind the group is led round its neighbours", () => {
    const d = dag("d");
    const { a, c } = d.group("g", (g) => {
      const tasks = { a: g.empty("a"), b: g.empty("b"), c: g.empty("c") };
      chain(tasks.a, tasks.b, tasks.c);
      return tasks;
    }).result;
    const end = d.empty("end");
    chain(a, end);
    chain(c, end);
    const request = graphRequest(describeDag(d));
    const layout = placeGraph(request);
    const { points } = layout.edges.find(({ from, to }) => from === "g.a" && to === "end")!;
    for (const id of ["g.b", "g.c"]) {
      const node = layout.nodes.find((one) => one.id === id)!;
      const passing = points.filter(([x]) => x >= node.x && x <= node.x + node.width);
      expect(passing.length).toBeGreaterThan(0);
      for (const [, y] of passing) expect(y < node.y || y > node.y + node.height).toBe(true);
    }
  });

  test("boxes of which each waits for the other are placed too", () => {
    const tasks = [
      taskSpec("one.a", { group: "one" }),
      taskSpec("two.b", { group: "two", upstream: ["one.a"] }),
      taskSpec("one.c", { group: "one", upstream: ["two.b"] }),
    ];
    const request = graphRequest(dagSpec("d", { tasks, groups: [group("one"), group("two")] }));
    expectSound(request, placeGraph(request));
  });
});

describe("lists", () => {
  test("a group stands where its first task does, its tasks below it without its prefix", () => {
    const d = dag("d");
    const start = d.empty("start");
    const other = d.empty("other");
    d.group("outer", (g) => {
      chain(start, g.empty("a"));
      g.group("inner", (h) => chain(start, h.empty("b")));
      g.group("bare", { prefix: false }, (h) => chain(start, h.empty("c")));
    });
    chain(other, d.empty("last"));
    const { tasks, groups } = describeDag(d);
    const rows = (folded: string[]): string[] =>
      treeRows(groupTree(tasks, groups), new Set(folded)).map(
        ({ item, depth, isFolded }) => `${"  ".repeat(depth)}${item.name}${isFolded ? "…" : ""}`,
      );
    expect(rows([])).toEqual([
      "start",
      "other",
      "outer",
      "  a",
      "  inner",
      "    b",
      "  bare",
      "    c",
      "last",
    ]);
    expect(rows(["outer.inner"])).toEqual([
      "start",
      "other",
      "outer",
      "  a",
      "  inner…",
      "  bare",
      "    c",
      "last",
    ]);
    expect(rows(["outer"])).toEqual(["start", "other", "outer…", "last"]);
  });

  test.each([
    [["success", "failed", "running"], "failed"],
    [["success", "upstream_failed"], "upstream_failed"],
    [["success", "running", "queued"], "queued"],
    [["running", "none", "success"], "running"],
    [["success", "none"], "none"],
    [["skipped", "success"], "success"],
    [["skipped", "removed"], "skipped"],
    [[], "none"],
  ] as const)("%j gather to %s", (states, gathered) => {
    expect(gatheredState(states)).toBe(gathered);
  });
});

/** Tasks in groups within groups, each behind some of those before it. */
function anyGroupedTasks(): fc.Arbitrary<{ tasks: TaskSpec[]; groups: GroupSpec[] }> {
  const anyTask = fc.record({
    group: fc.nat({ max: 9 }),
    upstream: fc.array(fc.nat(), { maxLength: 3 }),
    name: fc.nat({ max: 40 }),
  });
  const anyGroups = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
  return fc
    .tuple(fc.array(anyTask, { minLength: 1, maxLength: 30 }), anyGroups)
    .map(([drawn, parents]) => {
      const groups = parents.map((parent, index) =>
        group(`g${index}`, parent % (index + 1) === index ? null : `g${parent % (index + 1)}`),
      );
      const idOf = (index: number): string => `t${index}${"x".repeat(drawn[index]?.name ?? 0)}`;
      const tasks = drawn.map(({ group: at, upstream }, index) =>
        taskSpec(idOf(index), {
          ...(at < groups.length ? { group: `g${at}` } : {}),
          upstream: index === 0 ? [] : [...new Set(upstream.map((one) => idOf(one % index)))],
        }),
      );
      return { tasks, groups };
    });
}

function expectSound(request: GraphRequest, layout: GraphLayout): void {
  const boxOf = new Map([...request.nodes, ...request.boxes].map(({ id, box }) => [id, box]));
  const placed = new Map([...layout.nodes, ...layout.boxes].map((one) => [one.id, one]));
  expect([...placed.keys()].toSorted()).toEqual([...boxOf.keys()].toSorted());
  for (const [id, one] of placed) {
    const box = boxOf.get(id);
    const around =
      box == null ? { x: 0, y: 0, width: layout.width, height: layout.height } : placed.get(box)!;
    expect(`${id} ${contains(around, one)}`).toBe(`${id} true`);
    for (const [otherId, other] of placed)
      if (otherId < id && boxOf.get(otherId) === box)
        expect(`${id} ${otherId} ${overlap(one, other)}`).toBe(`${id} ${otherId} false`);
  }
  for (const { from, to, points } of layout.edges) {
    const [start, end] = [placed.get(from)!, placed.get(to)!];
    expect(points.flat().every(Number.isFinite)).toBe(true);
    expect(points[0]![0]).toBeCloseTo(start.x + start.width, 0);
    expect(points.at(-1)![0]).toBeCloseTo(end.x, 0);
  }
}

type Area = Pick<Placed, "x" | "y" | "width" | "height">;

function contains(outer: Area, inner: Area): boolean {
  return (
    inner.x > outer.x &&
    inner.y > outer.y &&
    inner.x + inner.width < outer.x + outer.width &&
    inner.y + inner.height < outer.y + outer.height
  );
}

function overlap(one: Area, other: Area): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

describe("tasks between the same tasks", () => {
  const between = (ids: readonly string[], more: readonly TaskSpec[] = []): GraphLayout =>
    placeGraph(
      graphRequest(
        dagSpec("d", {
          tasks: [
            taskSpec("start"),
            ...ids.map((taskId) => taskSpec(taskId, { upstream: ["start"] })),
            taskSpec("end", { upstream: [...ids] }),
            ...more,
          ],
        }),
      ),
    );
  const fromTop = ({ nodes }: GraphLayout, ids: readonly string[]): string[] =>
    nodes
      .filter(({ id }) => ids.includes(id))
      .toSorted((one, other) => one.y - other.y)
      .map(({ id }) => id);

  test("stand in the order in which they were declared, from the top", () => {
    const ids = ["zebra", "ape", "lion", "bear", "cow", "owl", "fox"];
    expect(fromTop(between(ids), ids)).toEqual(ids);
    expect(fromTop(between(ids.toReversed()), ids)).toEqual(ids.toReversed());
  });

  test("keep their order when others of the column have other edges", () => {
    const ids = ["d", "b", "a", "c"];
    const more = [taskSpec("x", { upstream: ["b"] }), taskSpec("y", { upstream: ["start"] })];
    expect(fromTop(between(ids, more), ["d", "a", "c"])).toEqual(["d", "a", "c"]);
  });

  test("have edges that begin and end at their own sides", () => {
    const layout = between(["z", "m", "a"]);
    const placed = new Map(layout.nodes.map((node) => [node.id, node]));
    for (const { from, to, points } of layout.edges) {
      const [one, other] = [placed.get(from)!, placed.get(to)!];
      expect(points.at(0)).toEqual([one.x + one.width, one.y + one.height / 2]);
      expect(points.at(-1)).toEqual([other.x, other.y + other.height / 2]);
    }
  });
});
