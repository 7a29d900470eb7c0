import { describe, expect, it } from "vitest";
import { effectiveWeights, type WeightedTask } from "../../../runtime/state/priority.ts";
import type { WeightRule } from "../../../sdk/spec/index.ts";
import fc from "../../support/fast_check.ts";

type Declared = Readonly<Record<string, readonly [weight: number, ...upstream: string[]]>>;

function weights(rule: WeightRule, tasks: Declared): Record<string, number> {
  const weighted = Object.entries(tasks).map(
    ([taskId, [priorityWeight, ...upstream]]): WeightedTask => {
      return { taskId, upstream, priorityWeight, weightRule: rule };
    },
  );
  return Object.fromEntries(effectiveWeights(weighted));
}

const diamond: Declared = { a: [1], b: [10, "a"], c: [100, "a"], d: [1_000, "b", "c"] };

describe("the weight of a task", () => {
  it("downstream adds every task after it, each once", () => {
    expect(weights("downstream", diamond)).toEqual({ a: 1_111, b: 1_010, c: 1_100, d: 1_000 });
  });

  it("upstream adds every task before it, each once", () => {
    expect(weights("upstream", diamond)).toEqual({ a: 1, b: 11, c: 101, d: 1_111 });
  });

  it("absolute is its own", () => {
    expect(weights("absolute", diamond)).toEqual({ a: 1, b: 10, c: 100, d: 1_000 });
  });

  it("follows each task's own rule, over the others' own weights", () => {
    const tasks: WeightedTask[] = [
      { taskId: "a", upstream: [], priorityWeight: 1, weightRule: "absolute" },
      { taskId: "b", upstream: ["a"], priorityWeight: 2, weightRule: "upstream" },
      { taskId: "c", upstream: ["b"], priorityWeight: 4, weightRule: "downstream" },
    ];
    expect(Object.fromEntries(effectiveWeights(tasks))).toEqual({ a: 1, b: 3, c: 4 });
  });

  it("may be negative, and stays within 32 bits", () => {
    expect(
      weights("downstream", { a: [2_147_483_647], b: [5, "a"], c: [-2_147_483_648], d: [-5, "c"] }),
    ).toEqual({
      ...{ a: 2_147_483_647, b: 5 },
      ...{ c: -2_147_483_648, d: -5 },
    });
  });

  it("is the sum over what is reachable, in any graph", () => {
    const graph = fc
      .array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.array(fc.nat(79), { maxLength: 4 })), {
        minLength: 1,
        maxLength: 80,
      })
      .map((nodes) =>
        nodes.map(([weight, before], index) => ({
          weight,
          before: [...new Set(before.filter((other) => other < index))],
        })),
      );
    fc.assert(
      fc.property(graph, (nodes) => {
        const tasks = Object.fromEntries(
          nodes.map(({ weight, before }, index) => [
            `t${index}`,
            [weight, ...before.map((at) => `t${at}`)],
          ]),
        );
        const found = weights("upstream", tasks as unknown as Declared);
        const reach = nodes.map((): Set<number> => new Set());
        for (const [index, { before }] of nodes.entries())
          for (const at of before) reach[index] = new Set([...reach[index]!, at, ...reach[at]!]);
        for (const [index, { weight }] of nodes.entries()) {
          expect(found[`t${index}`]).toBe(
            weight + [...reach[index]!].reduce((sum, at) => sum + nodes[at]!.weight, 0),
          );
        }
      }),
    );
  });
});
