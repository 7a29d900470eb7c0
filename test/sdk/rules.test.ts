/**
 * What tasks say of their part in a run: the types that follow from it, and the plain
 * form.
 */
import { describe, expect, expectTypeOf, it, test } from "vitest";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import {
  chain,
  type Dag,
  type DagOptions,
  dag,
  isDagsmithError,
  type TaskBody,
  type TaskContext,
  type TaskRef,
} from "../../sdk/index.ts";
import { definitionOf } from "../../sdk/task/task_definition.ts";

const compiles = (code: () => unknown): void => expect(code).toBeTypeOf("function");
const work = async (): Promise<null> => null;

function specOf(
  declare: (d: Dag<Readonly<Record<string, never>>>) => void,
  options: DagOptions = {},
) {
  const d = dag("rules", options as never) as Dag<Readonly<Record<string, never>>>;
  declare(d);
  return describeDag(d as unknown as Dag<unknown>);
}

const codeOf = (code: () => unknown): string => {
  try {
    code();
    return "no error";
  } catch (error) {
    return isDagsmithError(error) ? error.code : String(error);
  }
};

describe("what comes after a branch", () => {
  it("sees a possibly missing input as optional when it runs without it, and as present when it does not", () =>
    compiles(() => {
      const d = dag("d");
      const small = d.task("small", () => 1);
      const big = d.task("big", () => "big");
      const pick = d.branch("pick", () => small);
      chain(pick, [small, big]);
      d.task(
        "join",
        { inputs: { small, big }, triggerRule: "none_failed_min_one_success" },
        ({ inputs }) => {
          expectTypeOf(inputs.small).toEqualTypeOf<number | undefined>();
          expectTypeOf(inputs.big).toEqualTypeOf<string | undefined>();
          // @ts-expect-error it may be missing
          return inputs.small + 1;
        },
      );
      d.task("last", { inputs: { small }, triggerRule: "all_success" }, ({ inputs }) =>
        expectTypeOf(inputs.small).toEqualTypeOf<number>(),
      );
      d.task("next", { inputs: { small } }, ({ inputs }) =>
        expectTypeOf(inputs.small).toEqualTypeOf<number>(),
      );
      d.task(
        "each",
        { each: [1], inputs: { small }, triggerRule: "all_done" },
        ({ inputs, item }) => {
          expectTypeOf(inputs.small).toEqualTypeOf<number | undefined>();
          expectTypeOf(item).toEqualTypeOf<number>();
        },
      );
      const needsIt: TaskBody<number, TaskContext<unknown, { small: number }>> = ({ inputs }) =>
        inputs.small;
      d.task("operator", { inputs: { small } }, needsIt);
      // @ts-expect-error an operator that needs an input cannot stand where it may be missing
      d.task("operator", { inputs: { small }, triggerRule: "all_done" }, needsIt);
    }));

  it("is chosen by reference or id", () =>
    compiles(() => {
      const d = dag("d");
      const [a, b] = [d.empty("a"), d.empty("b")];
      const size = d.task("size", () => 5);
      expectTypeOf(d.branch("one", () => a)).toEqualTypeOf<TaskRef<string[]>>();
      d.branch("several", { inputs: { size }, retries: 1 }, async ({ inputs }) =>
        inputs.size > 1 ? [a, b] : ["a"],
      );
      d.branch("none", () => null);
      d.branch("nothing", () => {});
      // @ts-expect-error a number is no task
      d.branch("wrong", () => 5);
      // @ts-expect-error a branch is not mapped
      d.branch("wrong", { each: [1] }, () => a);
      const choose: (to: string) => TaskBody<string> = (to) => () => to;
      d.branch("operator", choose("a"));
    }));

  it("is a case by name", () =>
    compiles(() => {
      const d = dag("d");
      const [a, b] = [d.empty("a"), d.empty("b")];
      const kind = d.switch("kind", { cases: { csv: a, json: [a, b] } }, () => "csv");
      expectTypeOf(kind).toEqualTypeOf<TaskRef<"csv" | "json" | null>>();
      d.switch("none", { cases: { csv: a } }, () => null);
      // @ts-expect-error there is no such case
      d.switch("wrong", { cases: { csv: a } }, () => "xml");
      // @ts-expect-error its cases are tasks
      d.switch("wrong", { cases: { csv: "a" } }, () => "csv");
    }));
});

describe("other kinds of tasks", () => {
  it("have types of their own", () =>
    compiles(() => {
      const d = dag("d");
      const cluster = d.setup("up", () => ({ id: "c-1" }));
      expectTypeOf(cluster).toEqualTypeOf<TaskRef<{ id: string }>>();
      d.teardown("down", { setups: cluster, inputs: { cluster } }, ({ inputs }) => {
        expectTypeOf(inputs.cluster).toEqualTypeOf<{ id: string } | undefined>();
      });
      // @ts-expect-error a teardown has its own rule
      d.teardown("down", { triggerRule: "always" }, () => null);
      expectTypeOf(d.shortCircuit("go", () => 5)).toEqualTypeOf<TaskRef<number>>();
      d.shortCircuit(
        "go",
        { inputs: { cluster }, ignoreDownstreamTriggerRules: false },
        ({ inputs }) => inputs.cluster.id !== "",
      );
      expectTypeOf(d.latestOnly("latest")).toEqualTypeOf<TaskRef<boolean>>();
      const maybe = d.task("maybe", { allowFailure: true }, () => 5);
      expectTypeOf(maybe).toEqualTypeOf<TaskRef<number | undefined>>();
      d.task("after", { inputs: { maybe } }, ({ inputs }) =>
        expectTypeOf(inputs.maybe).toEqualTypeOf<number | undefined>(),
      );
      expectTypeOf(d.task("must", { allowFailure: false }, () => 5)).toEqualTypeOf<
        TaskRef<number>
      >();
    }));
});

describe("the plain form", () => {
  test("says what a task is, and nothing where it is only work", () => {
    const { tasks } = specOf((d) => {
      const up = d.setup("up", { dependsOnPast: true }, work);
      const pick = d.branch("pick", () => []);
      const a = d.task("a", work);
      chain(up, pick, a, d.teardown("down", { setups: up }, work));
      d.switch("kind", { cases: { one: a, two: [a] }, waitForDownstream: true }, () => "one");
      chain(
        d.shortCircuit("go", { ignoreDownstreamTriggerRules: false }, () => true),
        d.latestOnly("latest"),
      );
    });
    const rules = Object.fromEntries(
      tasks.map(
        ({ taskId, kind, operator, triggerRule, dependsOnPast, waitForDownstream, upstream }) => [
          taskId,
          { kind, operator, triggerRule, dependsOnPast, waitForDownstream, upstream },
        ],
      ),
    );
    const rule = { triggerRule: "all_success", upstream: [] };
    expect(JSON.parse(JSON.stringify(rules))).toEqual({
      up: { ...rule, kind: { type: "setup" }, operator: "work", dependsOnPast: true },
      pick: { ...rule, kind: { type: "branch" }, operator: "branch", upstream: ["up"] },
      a: { ...rule, operator: "work", upstream: ["pick", "kind"] },
      down: {
        ...{ kind: { type: "teardown", failsRun: false }, operator: "work" },
        ...{ triggerRule: "all_done_setup_success", upstream: ["up", "a"] },
      },
      kind: {
        ...rule,
        ...{ kind: { type: "switch", cases: { one: ["a"], two: ["a"] } }, operator: "switch" },
        ...{ dependsOnPast: true, waitForDownstream: true },
      },
      go: { ...rule, kind: { type: "short_circuit", directOnly: true }, operator: "short_circuit" },
      latest: { ...rule, kind: { type: "latest_only" }, operator: "latest_only", upstream: ["go"] },
    });
  });

  test("names a branch by its operator, whose choice becomes ids", async () => {
    const d = dag("d");
    const a = d.empty("a");
    function byHour(): TaskRef<unknown>[] {
      return [a, a];
    }
    const pick = d.branch("pick", byHour);
    chain(pick, a);
    expect(describeDag(d as never).tasks[0]).toMatchObject({ taskId: "pick", operator: "byHour" });
    expect(await definitionOf(pick).body!({} as never)).toEqual(["a"]);
  });

  test("holds the rules of runs only where they are set", () => {
    const one = (options: DagOptions) => specOf((d) => void d.task("a", work), options);
    expect(Object.keys(one({}))).not.toContain("failFast");
    expect(
      one({ failFast: true, dagRunTimeout: "1h", maxConsecutiveFailedDagRuns: 3 }),
    ).toMatchObject({
      ...{ failFast: true, dagRunTimeoutMs: 3_600_000, maxConsecutiveFailedDagRuns: 3 },
    });
  });

  test.each([
    [
      "a rule that reacts to failures in a DAG that fails fast",
      { failFast: true },
      { triggerRule: "all_done" },
      "FAIL_FAST_RULE",
    ],
    ["a time-out of nothing", { dagRunTimeout: "0s" }, {}, "INVALID_OPTION"],
    ["a time-out that is no duration", { dagRunTimeout: "soon" as never }, {}, "INVALID_DURATION"],
    ["half a failure", { maxConsecutiveFailedDagRuns: 0.5 }, {}, "INVALID_OPTION"],
    ["too many failures", { maxConsecutiveFailedDagRuns: 2 ** 31 }, {}, "INVALID_OPTION"],
    ["fewer failures than none", { maxConsecutiveFailedDagRuns: -1 }, {}, "INVALID_OPTION"],
    ["failFast that is a text", { failFast: "yes" as never }, {}, "INVALID_OPTION"],
    ["a past that is a text", {}, { dependsOnPast: "yes" as never }, "INVALID_OPTION"],
    ["an allowed failure that is a number", {}, { allowFailure: 1 as never }, "INVALID_OPTION"],
  ] as const)("refuses %s", (_what, options, taskOptions, code) => {
    expect(
      codeOf(() => specOf((d) => void d.task("a", taskOptions, work), options as DagOptions)),
    ).toBe(code);
  });

  test("refuses a teardown's own rule, and a body that is none", () => {
    expect(
      codeOf(() => specOf((d) => void d.teardown("t", { triggerRule: "always" } as never, work))),
    ).toBe("INVALID_OPTION");
    expect(codeOf(() => specOf((d) => void d.branch("b", "left" as never)))).toBe("INVALID_OPTION");
    expect(
      codeOf(() => specOf((d) => void d.branch("b", { allowFailures: true } as never, () => []))),
    ).toBe("UNKNOWN_OPTION");
  });

  test("ignores the DAG's default rule for teardowns, and lets a task take back a default past", () => {
    const { tasks } = specOf(
      (d) => {
        d.teardown("t", {}, work);
        d.task("a", { dependsOnPast: false }, work);
      },
      { defaults: { triggerRule: "all_done", dependsOnPast: true } },
    );
    expect(tasks.map(({ triggerRule, dependsOnPast }) => [triggerRule, dependsOnPast])).toEqual([
      ["all_done_setup_success", true],
      ["all_done", undefined],
    ]);
  });
});
