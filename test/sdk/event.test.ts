/**
 * Event sources as DAG files write them: what is refused, their plain form, and which
 * types they carry.
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import {
  type Dag,
  type DagRunEnd,
  dag,
  dagRun,
  type EventSource,
  messages,
  postgresChanges,
  type RowChange,
  webhook,
} from "../../sdk/index.ts";
import { eventsOf } from "../../sdk/sources/trigger.ts";

const refused = (option: string): unknown =>
  expect.objectContaining({
    code: "INVALID_OPTION",
    message: expect.stringContaining(`${option} is`),
  });
const plain = (on: readonly EventSource[], id = "d") => {
  const d = dag(id, { on });
  d.empty("only");
  return describeDag(d as unknown as Dag<unknown>).on;
};

describe("an event source", () => {
  it("is plain data in the DAG's plain form, with its defaults", () => {
    const sources = [
      postgresChanges({ connection: "lake", table: "My orders" }),
      webhook({ secret: "hook_secret", schema: z.object({ ref: z.string() }) }),
      messages({ queue: "kafka", connection: "events", settings: { topic: "new.orders" } }),
      dagRun({
        all: [{ dag: "load.a" }, { dag: "b", states: ["failed", "success"] }],
        within: "2h",
      }),
    ];
    expect(JSON.parse(JSON.stringify(plain(sources)))).toEqual([
      {
        ...{
          type: "postgresChanges",
          name: "My_orders",
          connection: "lake",
          schema: "public",
          table: "My orders",
        },
        ...{ operations: ["insert", "update", "delete"], batch: 1 },
      },
      {
        type: "webhook",
        name: "webhook",
        secret: "hook_secret",
        bodySchema: expect.objectContaining({ type: "object", required: ["ref"] }),
      },
      {
        ...{ type: "messages", name: "new_orders", queue: "kafka", connection: "events" },
        ...{ settings: { topic: "new.orders" }, batch: 1, windowMs: 0 },
      },
      {
        ...{ type: "dagRun", name: "load_a_b", withinMs: 7_200_000 },
        runs: [
          { dagId: "load.a", states: ["success"] },
          { dagId: "b", states: ["success", "failed"] },
        ],
      },
    ]);
  });

  it.each<[string, string, () => unknown]>([
    [
      "a table without a name",
      "table",
      () => postgresChanges({ connection: "lake", table: "", name: "x" }),
    ],
    [
      "an operation that is none",
      "operations",
      () => postgresChanges({ connection: "a", table: "b", operations: ["truncate" as never] }),
    ],
    [
      "no operation",
      "operations",
      () => postgresChanges({ connection: "a", table: "b", operations: [] }),
    ],
    [
      "a batch of nothing",
      "batch",
      () => postgresChanges({ connection: "a", table: "b", batch: 0 }),
    ],
    ["a queue without an id", "queue", () => messages({ queue: "", connection: "a", name: "x" })],
    [
      "messages of no connection",
      "connection",
      () => messages({ queue: "kafka", connection: undefined as never }),
    ],
    [
      "a batch of too many messages",
      "batch",
      () => messages({ queue: "kafka", connection: "a", batch: 1_001 }),
    ],
    [
      "a window that queues do not wait for",
      "window",
      () => messages({ queue: "kafka", connection: "a", window: "6m" }),
    ],
    [
      "settings that are no object",
      "settings",
      () => messages({ queue: "kafka", connection: "a", settings: ["orders"] as never }),
    ],
    ["a name with a slash", "name", () => webhook({ secret: "s", name: "a/b" })],
    [
      "a secret that is no key of a variable",
      "secret",
      () => webhook({ secret: "hunter2 with a space" }),
    ],
    [
      "a schema that cannot be written down",
      "schema",
      () => webhook({ secret: "s", schema: z.date() as never }),
    ],
    [
      "a condition that is a function",
      "when",
      () => webhook({ secret: "s", when: (() => true) as never }),
    ],
    [
      "a condition on ends that is no schema",
      "when",
      () => dagRun({ dag: "a", when: {} as never }),
    ],
    [
      "a condition on changes of values that JSON does not have",
      "when",
      () => postgresChanges({ connection: "a", table: "b", when: z.date() as never }),
    ],
    ...["authorization", "Cookie", "X-Hub-Signature-256", "a b", ""].map(
      (header): [string, string, () => unknown] => [
        `the header "${header}"`,
        "headers",
        () => webhook({ secret: "s", headers: [header] }),
      ],
    ),
    [
      "a state that no run ends in",
      "states",
      () => dagRun({ dag: "a", states: ["running" as never] }),
    ],
    ["a DAG twice", "all", () => dagRun({ all: [{ dag: "a" }, { dag: "a", states: ["failed"] }] })],
    ["no DAG", "name", () => dagRun({ all: [] })],
    [
      "two sources of one name",
      "on",
      () => plain([webhook({ secret: "s" }), webhook({ secret: "t" })]),
    ],
    ["a DAG that would start itself", "on", () => plain([dagRun({ dag: "self" })], "self")],
    ["what is no source", "on", () => plain(["insert" as never])],
  ])("of %s is refused", (_, option, make) => expect(make).toThrow(refused(option)));

  it.each([
    ["postgresChanges", () => postgresChanges({ connection: "a", table: "b", whn: 1 } as never)],
    ["webhook", () => webhook({ secret: "s", whn: 1 } as never)],
    ["messages", () => messages({ queue: "kafka", connection: "a", whn: 1 } as never)],
    ["dagRun", () => dagRun({ dag: "a", whn: 1 } as never)],
    ["dagRun of several DAGs", () => dagRun({ all: [{ dag: "a" }], states: [] } as never)],
  ])("%s refuses an option that it does not have", (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: "UNKNOWN_OPTION" }));
  });

  it("has its when as JSON Schema", () => {
    const when = z.object({ operation: z.literal("insert") });
    const ends = z.object({ params: z.object({ region: z.literal("eu") }) });
    const on = [
      postgresChanges({ connection: "lake", table: "t", when }),
      dagRun({ dag: "a", when: ends }),
      dagRun({ any: true, when: ends }),
    ];
    expect(plain(on).map((spec) => spec.when)).toMatchObject([
      { properties: { operation: { const: "insert" } } },
      { properties: { params: { properties: { region: { const: "eu" } } } } },
      { properties: { params: { type: "object" } } },
    ]);
    // @ts-expect-error an end has no such field
    void (() => dagRun({ dag: "a", when: z.object({ state: z.number() }) }));
  });

  it("never repeats a secret that was written in place of a variable's key", () => {
    expect(() => webhook({ secret: "hunter2 with a space" })).not.toThrow(/hunter2/);
  });

  it("gives its own events to the task, and its type with them", () => {
    const [changes, hook, ends] = [
      postgresChanges({ connection: "lake", table: "t" }),
      webhook({ secret: "s", schema: z.object({ ref: z.string() }) }),
      dagRun({ dag: "a" }),
    ];
    const d = dag("d", { on: [changes, hook, ends] });
    d.task("t", ({ triggeredBy }) => {
      expectTypeOf(triggeredBy(changes)).toEqualTypeOf<readonly RowChange[]>();
      expectTypeOf(triggeredBy(hook)[0]?.body.ref).toEqualTypeOf<string | undefined>();
      expectTypeOf(triggeredBy(ends)).toEqualTypeOf<readonly DagRunEnd[]>();
    });
    const at = "2026-01-01T00:00:00.000Z";
    const call = { id: null, event: "push", headers: {}, body: { ref: "main" }, at };
    const triggeredBy = eventsOf({ type: "webhook", name: "webhook", events: [call] });
    expect([
      triggeredBy(hook),
      triggeredBy(changes),
      triggeredBy(webhook({ secret: "s", name: "other" })),
    ]).toEqual([[call], [], []]);
    expect(eventsOf(null)(hook)).toEqual([]);
  });
});

describe("a source that listens to any DAG", () => {
  it("is plain data, with its defaults", () => {
    expect(
      plain([dagRun({ any: true, tags: ["prod"], exclude: ["trial"], states: ["failed"] })]),
    ).toEqual([
      {
        ...{ type: "dagRun", name: "any", runs: [], withinMs: 0 },
        any: { states: ["failed"], tags: ["prod"], exclude: ["trial"] },
      },
    ]);
    expect(plain([dagRun({ any: true, name: "all" })])).toMatchObject([
      { name: "all", any: { states: ["success"], tags: [], exclude: [] } },
    ]);
    expectTypeOf(dagRun({ any: true })).toEqualTypeOf<EventSource<DagRunEnd>>();
  });

  it.each([
    ["any", () => dagRun({ any: false as never })],
    ["tags", () => dagRun({ any: true, tags: "prod" as never })],
    ["exclude", () => dagRun({ any: true, exclude: [1 as never] })],
    ["states", () => dagRun({ any: true, states: ["running" as never] })],
  ])("refuses a wrong %s", (option, declare) => {
    expect(declare).toThrow(refused(option));
  });

  it("refuses an option that it does not have", () => {
    expect(() => dagRun({ any: true, within: "1h" })).toThrow(
      'Unknown event source option "within"',
    );
  });
});
