/** A DAG in its plain form: order, defaults, and what is wrong with it as a whole. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import {
  atInstants,
  averageRuntime,
  chain,
  type Dag,
  type DagOptions,
  dag,
  every,
  externalRun,
  type TaskRef,
  waitForEvent,
  waitUntil,
} from "../../sdk/index.ts";
import type { DagSpec, TaskSpec } from "../../sdk/spec/index.ts";

const plain = (d: Dag<unknown>): DagSpec => describeDag(d);
const withOptions = (options: object): DagSpec => {
  const d = dag("d", options as DagOptions<never>);
  d.empty("only");
  return plain(d);
};
const taskWith = (options: object, defaults: object = {}): TaskSpec => {
  const d = dag("d", { defaults });
  d.task("t", options, () => null);
  return plain(d).tasks[0]!;
};
const coded = (code: string, message: string | RegExp = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("a task that waits or is patient", () => {
  it("says so in milliseconds, and nothing when it is not", () => {
    const options = {
      retryBackoff: "linear",
      retryJitter: "1s",
      retryTotal: "1h",
      totalTimeout: "2h",
      queueTimeout: "5m",
    };
    expect(taskWith(options)).toMatchObject({
      ...{ retryBackoff: 1, retryLinear: true, retryJitterMs: 1_000 },
      ...{ retryTotalMs: 3_600_000, totalTimeoutMs: 7_200_000, queueTimeoutMs: 300_000 },
    });
    expect(Object.keys(taskWith({}))).not.toContain("queueTimeoutMs");
  });

  const sensorWith = (options: object): TaskSpec => {
    const d = dag("d");
    d.sensor("s", options, () => true);
    return plain(d).tasks[0]!;
  };
  it("has Airflow's timing when it is a sensor", () => {
    expect(sensorWith({}).sensor).toEqual({
      ...{
        intervalMs: 60_000,
        timeoutMs: 604_800_000,
        backoff: 1,
        maxIntervalMs: 604_800_000,
        softFail: false,
      },
    });
    expect(sensorWith({ timeout: "5s" }).sensor).toMatchObject({
      intervalMs: 5_000,
      timeoutMs: 5_000,
    });
  });

  it.each([
    [
      { interval: "1m", timeout: "30s" },
      'task "s" of DAG "d": timeout is 30000 ms; allowed: at least the interval of 60000 ms.',
    ],
    [{ interval: "0s" }, 'interval is "0s"; allowed: more than zero'],
    [{ backoff: 0.5 }, "backoff is 0.5"],
    [{ maxInterval: "1s" }, "maxInterval is 1000 ms; allowed: at least the interval of 60000 ms"],
    [{ queueTimeout: "0s" }, "queueTimeout is"],
  ])("is refused as a sensor with %j", (options, message) => {
    expect(() => sensorWith(options)).toThrow(message);
  });

  it("says what it waits for when that is known beforehand", () => {
    const d = dag("d", { timezone: "Europe/Berlin" });
    d.task("until", waitUntil("2026-07-01T12:00"));
    d.task(
      "computed",
      waitUntil(({ logicalDate }) => logicalDate),
    );
    d.task("run", externalRun({ dag: "other", task: "t", timeout: "1h" }));
    expect(plain(d).tasks.map(({ operator, wait }) => [operator, wait])).toEqual([
      ["waitUntil", { type: "time", at: "2026-07-01T10:00:00.000Z" }],
      ["waitUntil", undefined],
      [
        "externalRun",
        {
          type: "run",
          dagId: "other",
          taskId: "t",
          logicalDate: null,
          timeoutMs: 3_600_000,
          softFail: false,
        },
      ],
    ]);
  });

  it.each([
    [externalRun({ dag: "d" }), "INVALID_OPTION", /a run that waits for itself never ends/],
    [waitForEvent("a b"), "INVALID_OPTION", /the name of the event is "a b"/],
    [waitForEvent("go", { timeout: "0s" }), "INVALID_OPTION", /timeout is 0/],
    [waitUntil("tomorrow"), "INVALID_DATE", /tomorrow/],
    [waitUntil("+123456-01-01"), "INVALID_DATE", /123456/],
  ])("is refused when it can never end well (%#)", (body, code, message) => {
    const d = dag("d");
    d.task("w", body as never);
    expect(() => plain(d)).toThrow(coded(code, message) as Error);
  });
});

describe("callbacks and deadlines", () => {
  const tell = (): void => undefined;
  it("are named in the plain form, nothing being said of what is not set", () => {
    const d = dag("d", {
      defaults: { onFailure: tell },
      onSuccess: tell,
      timezone: "Europe/Berlin",
      deadlines: [
        { reference: "queuedAt", interval: "-30m", callback: tell },
        { reference: "2026-07-01T12:00", interval: "1h", callback: tell },
        { reference: averageRuntime(10), interval: "0s", callback: tell },
      ],
    });
    d.task("t", { onRetry: tell }, () => null);
    const spec = plain(d);
    expect([spec.callbacks, spec.tasks[0]?.callbacks]).toEqual([
      ["onSuccess"],
      ["onFailure", "onRetry"],
    ]);
    expect(spec.deadlines).toEqual([
      { type: "queuedAt", intervalMs: -1_800_000 },
      { type: "fixed", at: "2026-07-01T10:00:00.000Z", intervalMs: 3_600_000 },
      { type: "averageRuntime", runs: 10, intervalMs: 0 },
    ]);
    expect(Object.keys(withOptions({}))).not.toContain("callbacks");
  });

  it.each([
    [
      { onFailure: "mail" },
      "INVALID_OPTION",
      /onFailure is string; allowed: a function, or a list/,
    ],
    [{ onFailure: [tell, null] }, "INVALID_OPTION", /onFailure is null; allowed: a function, or a/],
    [
      { deadlines: [{ reference: "queuedAt", interval: "soon", callback: tell }] },
      "INVALID_DURATION",
      /soon/,
    ],
    [
      { deadlines: [{ reference: "someday", interval: "1h", callback: tell }] },
      "INVALID_DATE",
      /someday/,
    ],
    [
      { deadlines: [{ reference: "queuedAt", interval: "1h" }] },
      "INVALID_OPTION",
      /callback is missing/,
    ],
    [
      {
        deadlines: [
          { reference: { type: "averageRuntime", runs: 0 }, interval: "1h", callback: tell },
        ],
      },
      "INVALID_OPTION",
      /runs is 0/,
    ],
  ])("are refused when they are wrong (%#)", (options, code, message) => {
    expect(() => withOptions(options)).toThrow(coded(code, message) as Error);
  });
});

it("the docs of a DAG are part of its description", () => {
  expect(withOptions({ doc: "**why**" })).toMatchObject({ doc: "**why**" });
});

describe("a DAG without options", () => {
  it("has the documented defaults", () => {
    expect(withOptions({})).toEqual({
      dagId: "d",
      description: null,
      tags: [],
      schedules: [],
      assets: null,
      assetDetails: {},
      on: [],
      timezone: "UTC",
      startDate: null,
      endDate: null,
      catchup: "last",
      maxActiveRuns: 16,
      pausedAtCreation: false,
      paramsSchema: null,
      tasks: [
        {
          taskId: "only",
          operator: "empty",
          doc: null,
          upstream: [],
          inputs: {},
          each: null,
          maxActive: null,
          startDate: null,
          endDate: null,
          triggerRule: "all_success",
          retries: 0,
          retryDelayMs: 300_000,
          retryBackoff: 1,
          maxRetryDelayMs: null,
          executionTimeoutMs: null,
          freshProcess: false,
          outlets: [],
          inlets: [],
        },
      ],
    });
  });
});

describe("the plain form", () => {
  it("is JSON that comes back the same", () => {
    const spec = withOptions({
      schedule: every("1h"),
      startDate: "2026-01-01",
      tags: ["a"],
      params: z.object({ n: z.number().default(1) }),
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  it("is frozen through and through, and freezes nothing that was given", () => {
    const tags = ["a"];
    const items = [{ n: 1 }];
    const rule = every("1h");
    const d = dag("d", { tags, schedule: rule });
    d.task("t", { each: items }, () => null);
    const spec = plain(d);
    for (const part of [
      spec,
      spec.tags,
      spec.schedules,
      spec.tasks,
      spec.tasks[0],
      spec.tasks[0]!.each,
      spec.tasks[0]!.upstream,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    for (const given of [tags, items, items[0], rule]) expect(Object.isFrozen(given)).toBe(false);
  });

  it("puts each task behind all it waits for, and else keeps the order of declaration", () => {
    const d = dag("d");
    const [e, c, b, a] = ["e", "c", "b", "a"].map((id) => d.empty(id)) as [
      TaskRef<null>,
      TaskRef<null>,
      TaskRef<null>,
      TaskRef<null>,
    ];
    d.empty("alone");
    chain(a, [b, c], e);
    expect(plain(d).tasks.map(({ taskId }) => taskId)).toEqual(["a", "alone", "c", "b", "e"]);
  });

  it("names inputs, and the task or the items that a task is mapped over", () => {
    const d = dag("d");
    const list = d.task("list", () => [1]);
    d.task("a", { inputs: { numbers: list } }, () => null);
    d.task("b", { each: list, maxActive: 4 }, () => null);
    d.task("c", { each: [{ n: 1 }, null, "x"] }, () => null);
    d.task("e", { each: [] }, () => null);
    const tasks = new Map(plain(d).tasks.map((task) => [task.taskId, task]));
    expect(["a", "b", "c", "e"].map((id) => tasks.get(id))).toMatchObject([
      { inputs: { numbers: "list" }, upstream: ["list"], each: null },
      { each: { taskId: "list" }, upstream: ["list"], maxActive: 4 },
      { each: { items: [{ n: 1 }, null, "x"] }, upstream: [], maxActive: null },
      { each: { items: [] } },
    ]);
  });

  it("names an operator after its function, and a body written in place a task", () => {
    const d = dag("d");
    d.task("a", function copyTable() {
      return null;
    });
    d.task("b", () => null);
    expect(plain(d).tasks.map(({ operator }) => operator)).toEqual(["copyTable", "task"]);
  });

  it("has the params as JSON Schema, defaults and all", () => {
    expect(
      withOptions({ params: z.object({ repo: z.string().default("a/b"), days: z.number().int() }) })
        .paramsSchema,
    ).toMatchObject({
      type: "object",
      properties: { repo: { type: "string", default: "a/b" }, days: { type: "integer" } },
      required: ["days"],
    });
  });

  it("takes params of any standard schema, whose form it may not know", () => {
    const schema = {
      "~standard": { version: 1, vendor: "other", validate: (value: unknown) => ({ value }) },
    };
    expect(withOptions({ params: schema }).paramsSchema).toEqual({ type: "object" });
  });

  it("refuses params that have no JSON form", () => {
    expect(() => withOptions({ params: z.object({ at: z.date() }) })).toThrow(
      coded("INVALID_OPTION", /^DAG "d": params is a schema that has no JSON form/),
    );
  });
});

describe("defaults", () => {
  it("hold for every task that does not say otherwise", () => {
    const defaults = {
      retries: 3,
      retryDelay: "10s",
      retryBackoff: 2,
      maxRetryDelay: "1h",
      executionTimeout: "30m",
      triggerRule: "all_done",
      freshProcess: true,
    };
    const described = {
      retryDelayMs: 10_000,
      retryBackoff: 2,
      maxRetryDelayMs: 3_600_000,
      executionTimeoutMs: 1_800_000,
      triggerRule: "all_done",
      freshProcess: true,
    };
    expect(taskWith({}, defaults)).toMatchObject({ retries: 3, ...described });
    expect(taskWith({ retries: 0 }, defaults)).toMatchObject({ retries: 0, ...described });
  });

  it("are not hidden by an option that is undefined", () => {
    expect(taskWith({ retries: undefined }, { retries: 3 }).retries).toBe(3);
  });
});

describe("an option with a wrong value is refused, with what is allowed", () => {
  it.each([
    ["maxActiveRuns", 0],
    ["maxActiveRuns", -1],
    ["maxActiveRuns", 1.5],
    ["maxActiveRuns", Number.NaN],
    ["maxActiveRuns", "16"],
    ["catchup", "latest"],
    ["catchup", 1],
  ])("of a DAG: %s %j", (option, value) => {
    expect(() => withOptions({ [option]: value })).toThrow(
      coded("INVALID_OPTION", `^DAG "d": ${option} is .*allowed: `),
    );
  });

  it.each([
    ["retries", -1],
    ["retries", 0.5],
    ["retries", Number.POSITIVE_INFINITY],
    ["retries", "3"],
    ["retryBackoff", 0.5],
    ["retryBackoff", Number.NaN],
    ["triggerRule", "all_succes"],
    ["maxActive", 0],
    ["executionTimeout", "0s"],
    ["each", 5],
    ["each", { length: 1 }],
  ])("of a task: %s %j", (option, value) => {
    expect(() => taskWith({ [option]: value })).toThrow(
      coded("INVALID_OPTION", `^task "t" of DAG "d": ${option} is .*allowed: `),
    );
  });

  it.each(["retryDelay", "maxRetryDelay", "executionTimeout"])(
    "of a task: %s in unknown units",
    (option) => {
      expect(() => taskWith({ [option]: "5min" })).toThrow(coded("INVALID_DURATION", '"5min"'));
    },
  );

  it("of literal items that JSON cannot carry", () => {
    expect(() => taskWith({ each: [1, new Date(0)] })).toThrow(
      coded("OUTPUT_NOT_JSON", /output\[1\] is an instance of Date/),
    );
  });
});

describe("dates", () => {
  it.each([
    ["without an offset are read in the DAG's timezone", "2026-07-01", "2026-06-30T22:00:00.000Z"],
    ["with an offset are read in it", "2026-07-01T00:00:00+05:30", "2026-06-30T18:30:00.000Z"],
    ["in UTC stay", "2026-07-01T04:00:00Z", "2026-07-01T04:00:00.000Z"],
    ["that clocks skip move forward", "2026-03-29T02:30", "2026-03-29T01:30:00.000Z"],
  ])("%s", (_, startDate, expected) => {
    expect(withOptions({ startDate, timezone: "Europe/Berlin" }).startDate).toBe(expected);
  });

  it.each([
    "",
    "tomorrow",
    "2026-02-30",
    "2026-13-01",
    "01.02.2026",
    "2026-01-01T25:00",
    "+012026-01-01",
    "-000001-01-01",
    20260101,
    null,
    new Date(0),
    {},
  ])("refuse %j", (date) => {
    expect(() => withOptions({ startDate: date })).toThrow(
      coded("INVALID_DATE", 'startDate of DAG "d"'),
    );
    expect(() => withOptions({ endDate: date })).toThrow(
      coded("INVALID_DATE", 'endDate of DAG "d"'),
    );
  });

  it("may be equal, but do not end before they start", () => {
    expect(withOptions({ startDate: "2026-01-01", endDate: "2026-01-01" }).endDate).toBe(
      "2026-01-01T00:00:00.000Z",
    );
    expect(() => withOptions({ startDate: "2026-01-02", endDate: "2026-01-01" })).toThrow(
      coded("INVALID_OPTION", "endDate is 2026-01-01"),
    );
  });

  it("may be a task's own, read in the DAG's timezone, and do not end before they start", () => {
    const d = dag("d", { timezone: "Europe/Berlin" });
    d.task("t", { startDate: "2026-01-01", endDate: "2026-07-01T00:00Z" }, () => null);
    d.empty("e", { endDate: "2026-01-01" });
    expect(plain(d).tasks).toMatchObject([
      { taskId: "t", startDate: "2025-12-31T23:00:00.000Z", endDate: "2026-07-01T00:00:00.000Z" },
      { taskId: "e", startDate: null, endDate: "2025-12-31T23:00:00.000Z" },
    ]);
    d.task("late", { startDate: "2026-01-02", endDate: "2026-01-01" }, () => null);
    expect(() => plain(d)).toThrow(coded("INVALID_OPTION", 'task "late" of DAG "d": endDate is'));
  });

  it("need not begin where a task or the schedule says when", () => {
    const d = dag("d", { schedule: "@daily", catchup: true });
    d.task("t", { startDate: "2026-01-01" }, () => null);
    expect(plain(d).catchup).toBe("all");
    for (const schedule of ["@once", "@continuous", atInstants(["2026-01-01"])] as const) {
      expect(withOptions({ schedule, catchup: true }).catchup).toBe("all");
    }
  });

  it("must begin somewhere when everything is caught up", () => {
    expect(() => withOptions({ schedule: "@daily", catchup: true })).toThrow(
      coded("INVALID_OPTION", "startDate is not set"),
    );
    expect(withOptions({ catchup: true }).catchup).toBe("all");
    expect(withOptions({ schedule: "@once", catchup: "all" }).catchup).toBe("all");
  });

  it.each(["Europe/Atlantis", "CEST+1", "", "UTC;drop", 5, null])(
    "refuse the timezone %j",
    (timezone) => {
      if (timezone === null) expect(withOptions({ timezone: undefined }).timezone).toBe("UTC");
      else expect(() => withOptions({ timezone })).toThrow(coded("INVALID_TIMEZONE"));
    },
  );

  it.each([
    [true, "all"],
    [false, "last"],
    ["all", "all"],
    ["last", "last"],
    ["none", "none"],
    [undefined, "last"],
  ])("catchup %j means %s", (given, expected) => {
    expect(withOptions({ catchup: given }).catchup).toBe(expected);
  });
});

describe("the graph", () => {
  const cyclic = (edges: string): Dag<unknown> => {
    const d = dag("d");
    const refs = new Map([...new Set(edges.replaceAll(" ", ""))].map((id) => [id, d.empty(id)]));
    for (const [from, to] of edges.split(" ")) chain(refs.get(from!)!, refs.get(to!)!);
    return d;
  };

  it("is not empty", () => {
    expect(() => plain(dag("d"))).toThrow(coded("EMPTY_DAG", 'DAG "d" has no task'));
  });

  it.each([
    ["of two", "ab ba", ["b -> a -> b", "a -> b -> a"]],
    ["of three", "ab bc ca", ["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"]],
    [
      "behind other tasks",
      "xa ab bc ca cy",
      ["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"],
    ],
    [
      "with tasks hanging from it declared first",
      "cz zy ab bc ca",
      ["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"],
    ],
  ])("has no cycle %s, and the message walks along it", (_, edges, paths) => {
    expect(() => plain(cyclic(edges))).toThrow(
      coded("CYCLE", `DAG "d" has a cycle: (?:${paths.join("|")})\\.`),
    );
  });

  it("of 5,000 tasks in a chain is described in order", () => {
    const d = dag("d");
    const refs = Array.from({ length: 5_000 }, (_, index) => d.empty(`t${5_000 - index}`));
    chain(...refs.toReversed());
    const { tasks } = plain(d);
    expect(tasks.map(({ taskId }) => taskId)).toEqual(
      Array.from({ length: 5_000 }, (_, index) => `t${index + 1}`),
    );
    expect(tasks.at(-1)).toMatchObject({ upstream: ["t4999"] });
  });

  it("of 10,000 tasks side by side is described", () => {
    const d = dag("d");
    chain(
      d.empty("first"),
      Array.from({ length: 10_000 }, (_, index) => d.empty(`t${index}`)),
      d.empty("last"),
    );
    const { tasks } = plain(d);
    expect(tasks).toHaveLength(10_002);
    expect(tasks.at(-1)!.upstream).toHaveLength(10_000);
  });

  it("names the cycle in a chain of 5,000 tasks", () => {
    const d = dag("d");
    const refs = Array.from({ length: 5_000 }, (_, index) => d.empty(`t${index}`));
    chain(...refs, refs[0]!);
    expect(() => plain(d)).toThrow(coded("CYCLE", "t4998 -> t4999 -> t0"));
  });
});
