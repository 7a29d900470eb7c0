import { describe, expect, it } from "vitest";
import { z } from "zod";
import { dag, graphOf } from "../../sdk/dag/dag.ts";
import type { DagOptions } from "../../sdk/dag/dag_options.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import type { RoutingOptions } from "../../sdk/task/routing.ts";
import type { TaskDefaults } from "../../sdk/task/task_options.ts";

const described = (options: TaskDefaults, of: DagOptions = {}) => {
  const d = dag("d", of as never);
  d.task("t", options, () => undefined);
  return describeDag(d as never);
};
const routing = (options: TaskDefaults, of: DagOptions = {}) =>
  described(options, of).tasks[0]!.routing;

describe("limits, weight and queue", () => {
  it("are absent where nothing is said of them", () => {
    const spec = described({ retries: 1 });
    expect("routing" in spec.tasks[0]!).toBe(false);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(Object.keys(spec)).not.toContain("maxActiveTasks");
  });

  it("come with their defaults", () => {
    expect(routing({ pool: "api" })).toEqual({
      ...{ pool: "api", poolSlots: 1, priorityWeight: 1, weightRule: "downstream", queue: null },
      ...{ maxActiveAcrossRuns: null, concurrency: null, rate: null },
    });
    expect(routing({ concurrencyKey: "k" })?.concurrency).toEqual({ key: "k", limit: 1 });
    expect(routing({ rateLimit: { key: "host", limit: 100, per: "60s" } })?.rate).toEqual({
      key: "host",
      limit: 100,
      perMs: 60_000,
    });
    expect(routing({ queue: "default" })?.queue).toBeNull();
  });

  it("of the DAG are its tasks' defaults, and its own", () => {
    expect(routing({}, { defaults: { pool: "api", queue: "gpu" } })).toMatchObject({
      pool: "api",
      queue: "gpu",
    });
    expect(routing({ pool: "other" }, { defaults: { pool: "api", poolSlots: 2 } })).toMatchObject({
      pool: "other",
      poolSlots: 2,
    });
    expect(described({}, { maxActiveTasks: 4, maxActiveTasksPerRun: 2 })).toMatchObject({
      maxActiveTasks: 4,
      maxActiveTasksPerRun: 2,
    });
  });

  it("keys may be functions of what the task is given, and are asked of it when it begins", () => {
    expect(
      routing({ concurrencyKey: () => "k", rateLimit: { key: () => "r", limit: 1, per: "1s" } }),
    ).toMatchObject({
      concurrency: { key: null, limit: 1 },
      rate: { key: null, limit: 1, perMs: 1_000 },
    });
    const d = dag("typed", { params: z.object({ region: z.string() }) });
    const count = d.task("count", () => 3);
    d.task(
      "single",
      {
        inputs: { count },
        concurrencyKey: ({ inputs, params }) => `${params.region} ${inputs.count.toFixed()}`,
      },
      () => null,
    );
    d.task(
      "mapped",
      {
        each: [{ id: 1 }],
        rateLimit: { key: ({ item }) => item.id.toFixed(), limit: 1, per: "1s" },
      },
      // @ts-expect-error items have no name
      ({ item }) => item.name as null,
    );
    // @ts-expect-error params have no city
    d.task("wrong", { concurrencyKey: ({ params }) => params.city }, () => null);
    // @ts-expect-error a key is text
    d.task("number", { concurrencyKey: () => 7 }, () => null);
    expect(graphOf(d).tasks).toHaveLength(5);
  });

  const wrong: readonly [options: RoutingOptions, option: string][] = [
    [{ pool: "" }, "pool"],
    [{ pool: "two words" }, "pool"],
    [{ pool: "all" }, "pool"],
    [{ poolSlots: 2 }, "pool"],
    [{ pool: "api", poolSlots: 0 }, "poolSlots"],
    [{ priorityWeight: 1.5 }, "priorityWeight"],
    [{ priorityWeight: 2 ** 31 }, "priorityWeight"],
    [{ weightRule: "sideways" as never }, "weightRule"],
    [{ queue: "a,b" }, "queue"],
    [{ maxActiveAcrossRuns: -1 }, "maxActiveAcrossRuns"],
    [{ concurrencyKey: "" }, "concurrencyKey"],
    [{ concurrencyKey: "é".repeat(101) }, "concurrencyKey"],
    [{ maxActivePerKey: 2 }, "concurrencyKey"],
    [{ concurrencyKey: "k", maxActivePerKey: 0 }, "maxActivePerKey"],
    [{ rateLimit: { key: "k", limit: 0, per: "1s" } }, "rateLimit.limit"],
    [{ rateLimit: { key: "k", limit: 1, per: "1ms" } }, "rateLimit.per"],
    [{ rateLimit: { key: "k", limit: 1, per: "25h" } }, "rateLimit.per"],
    [{ rateLimit: { key: 7 as never, limit: 1, per: "1s" } }, "rateLimit.key"],
  ];
  it.each(wrong)("%j is refused, naming the option and the task", (options, option) => {
    expect(() => described(options)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringMatching(`^task "t" of DAG "d": ${option.replace(".", "\\.")} is `),
      }),
    );
  });

  it("a sensor's keys may be functions as well, of its params and items", () => {
    const d = dag("d", { params: z.object({ region: z.string() }) });
    d.sensor("one", { concurrencyKey: ({ params }) => params.region }, () => true);
    d.sensor(
      "each",
      {
        each: [{ id: 1 }],
        rateLimit: { key: ({ item }) => item.id.toFixed(), limit: 1, per: "1s" },
      },
      () => true,
    );
    // @ts-expect-error params have no city
    d.sensor("wrong", { concurrencyKey: ({ params }) => params.city }, () => true);
    const [one, each] = describeDag(d as never).tasks;
    expect(one!.routing?.concurrency).toEqual({ key: null, limit: 1 });
    expect(each!.routing?.rate).toEqual({ key: null, limit: 1, perMs: 1_000 });
  });

  it("of a DAG that are no limits are refused", () => {
    expect(() => described({}, { maxActiveTasks: 0 })).toThrow("maxActiveTasks is 0");
    expect(() => described({}, { maxActiveTasksPerRun: 1.5 })).toThrow(
      "maxActiveTasksPerRun is 1.5",
    );
  });
});
