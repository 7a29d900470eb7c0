/**
 * Lists put together from others, over both stores: what is mapped over what, and what
 * becomes of a task whose list cannot come.
 */
import { describe, expect, test } from "vitest";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { Json } from "../../../sdk/json.ts";
import type { TriggerRule } from "../../../sdk/spec/index.ts";
import { concat, cross, type Each, entries, zip } from "../../../sdk/task/items.ts";
import type { TaskRef } from "../../../sdk/task/task_ref.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  beginInMemory,
  beginInPostgres,
  failed,
  play,
  type Script,
  type Snapshot,
  skipped,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;

type Lists = Readonly<Record<"a" | "b", TaskRef<Json[]>>>;
interface Options {
  readonly triggerRule?: TriggerRule;
  readonly maxItems?: number;
}

let lastDag = 0;
/** `mapped` over what is made of the lists of the tasks `a` and `b`, and `after` it. */
function mappedOver(each: (lists: Lists) => Each<unknown>, options: Options = {}) {
  lastDag += 1;
  const d = dag(`mapped_${lastDag}`);
  const list = (id: string) => d.task(id, async (): Promise<Json[]> => []);
  chain(
    d.task("mapped", { each: each({ a: list("a"), b: list("b") }), ...options }, work),
    d.task("after", work),
  );
  return describeDag(d as unknown as Dag<unknown>);
}

const giving =
  (outputs: Readonly<Record<string, Json | ReturnType<Script>>>): Script =>
  ({ taskId }) => {
    const output = outputs[taskId];
    if (typeof output === "object" && output !== null && "kind" in output)
      return output as ReturnType<Script>;
    return success(output);
  };

const itemsOf = ({ instances }: Snapshot): readonly unknown[] =>
  instances
    .filter(({ taskId, mapIndex }) => taskId === "mapped" && mapIndex >= 0)
    .map(({ item }) => item);

describe.each([
  ["memory", beginInMemory],
  ["PostgreSQL", beginInPostgres(postgres)],
])("in %s, a task mapped over", (_store, begin) => {
  test.each<[string, (lists: Lists) => Each<unknown>, Json, Json, Json[]]>([
    [
      "a cross product has every combination, the last list going round fastest",
      ({ a, b }) => cross({ a, b, c: [true] }),
      [1, 2],
      ["x", "y", "z"],
      ["x", "y", "z"]
        .map((b) => ({ a: 1, b, c: true }))
        .concat(["x", "y", "z"].map((b) => ({ a: 2, b, c: true }))),
    ],
    [
      "a zip is as long as the shortest list",
      ({ a, b }) => zip([a, b]),
      [1, 2, 3],
      ["x", null],
      [
        [1, "x"],
        [2, null],
      ],
    ],
    [
      "a zip with a value for what is missing is as long as the longest",
      ({ a, b }) => zip([a, b, [9]], { fillValue: "-" }),
      [1],
      ["x", "y"],
      [
        [1, "x", 9],
        ["-", "y", "-"],
      ],
    ],
    [
      "a concatenation goes on with the next list",
      ({ a, b }) => concat(a, [0], b),
      [1],
      [[2], null],
      [1, 0, [2], null],
    ],
    [
      "a combination of combinations",
      ({ a, b }) => concat(zip([a, b]), cross({ x: concat(a, b), y: ["!"] })),
      [1],
      [2],
      [[1, 2], { x: 1, y: "!" }, { x: 2, y: "!" }],
    ],
    [
      "a record has its entries",
      ({ a }) => entries(a as unknown as TaskRef<Record<string, Json>>),
      { one: 1, two: [2] },
      null,
      [
        ["one", 1],
        ["two", [2]],
      ],
    ],
  ])("%s", async (_what, each, a, b, expected) => {
    const end = await play(await begin(mappedOver(each)), giving({ a, b }));
    expect(itemsOf(end)).toEqual(expected);
    expect([end.run, end.openTasks, statesOf(end).after]).toEqual(["success", 0, "success"]);
  });

  test.each<[string, (lists: Lists) => Each<unknown>, Json, Json]>([
    ["a cross product with an empty list", ({ a, b }) => cross({ a, b }), [1, 2, 3], []],
    ["a zip with an empty list", ({ a, b }) => zip([a, b]), [], [1]],
    ["two empty lists, one after the other", ({ a, b }) => concat(a, b), [], []],
    [
      "a record without entries",
      ({ a }) => entries(a as unknown as TaskRef<Record<string, Json>>),
      {},
      null,
    ],
  ])("%s is skipped", async (_what, each, a, b) => {
    const end = await play(await begin(mappedOver(each)), giving({ a, b }));
    expect(statesOf(end)).toEqual({
      a: "success",
      b: "success",
      mapped: "skipped",
      after: "skipped",
    });
    expect(end.instances.find(({ taskId }) => taskId === "mapped")?.reason).toBe(
      "the list is empty",
    );
  });

  test.each<[string, (lists: Lists) => Each<unknown>, Json]>([
    ["a number among its lists", ({ a, b }) => cross({ a, b }), 5],
    ["null among its lists", ({ a, b }) => zip([b, a]), null],
    ["an object in place of a list", ({ a, b }) => concat(b, a), { x: 1 }],
    [
      "a list in place of a record",
      ({ a }) => entries(a as unknown as TaskRef<Record<string, Json>>),
      [1],
    ],
    [
      "an empty list in place of a record",
      ({ a }) => entries(a as unknown as TaskRef<Record<string, Json>>),
      [],
    ],
  ])("%s fails, and says which task gave what", async (_what, each, a) => {
    const end = await play(await begin(mappedOver(each)), giving({ a, b: [1] }));
    expect(statesOf(end)).toEqual({
      a: "success",
      b: "success",
      mapped: "failed",
      after: "upstream_failed",
    });
    expect(end.instances.find(({ taskId }) => taskId === "mapped")?.reason).toBe("NOT_A_LIST");
    expect(end.run).toBe("failed");
  });

  test.each([
    ["was skipped", skipped, "skipped", "skipped"],
    ["failed", failed(false), "upstream_failed", "upstream_failed"],
  ])(
    "a list whose task %s does not blame the list, under a rule that lets it run",
    async (how, source, mapped, after) => {
      for (const each of [({ a }: Lists) => a, ({ a, b }: Lists) => concat(b, a)]) {
        const end = await play(
          await begin(mappedOver(each, { triggerRule: "all_done" })),
          giving({ a: source, b: [1] }),
        );
        expect(statesOf(end)).toMatchObject({ mapped, after });
        expect(end.instances.find(({ taskId }) => taskId === "mapped")?.reason).toBe(
          `its list comes from "a", which ${how}`,
        );
        expect(end.openTasks).toBe(0);
      }
    },
  );

  test("a list whose task was skipped in the same moment is skipped", async () => {
    const d = dag("skipped_at_once");
    const before = d.task("before", work);
    const list = d.task("list", async () => [1]);
    chain(before, list, d.task("mapped", { each: list, triggerRule: "all_done" }, work));
    const end = await play(
      await begin(describeDag(d as unknown as Dag<unknown>)),
      giving({ before: skipped }),
    );
    expect(statesOf(end)).toEqual({ before: "skipped", list: "skipped", mapped: "skipped" });
  });

  test("the outputs of a mapped task that never ran is not taken for an empty list", async () => {
    const d = dag("mapped_over_failed");
    const wrong = d.task("wrong", async (): Promise<Json[]> => []);
    const first = d.task("first", { each: wrong }, async () => 1);
    d.task("second", { each: first, triggerRule: "all_done" }, work);
    const end = await play(
      await begin(describeDag(d as unknown as Dag<unknown>)),
      giving({ wrong: "no list" }),
    );
    expect(statesOf(end)).toEqual({ wrong: "success", first: "failed", second: "upstream_failed" });
  });

  test("more items than it allows fails before one of them exists", async () => {
    const numbers = [...Array(60).keys()];
    const many = await play(
      await begin(mappedOver(({ a, b }) => cross({ a, b }), { maxItems: 3_599 })),
      giving({ a: numbers, b: numbers }),
    );
    expect(statesOf(many)).toEqual({
      a: "success",
      b: "success",
      mapped: "failed",
      after: "upstream_failed",
    });
    expect(many.instances.find(({ taskId }) => taskId === "mapped")?.reason).toBe("TOO_MANY_ITEMS");
    const enough = await play(
      await begin(mappedOver(({ a }) => a, { maxItems: 60 })),
      giving({ a: numbers, b: numbers }),
    );
    expect(itemsOf(enough)).toEqual(numbers);
  });

  test("a cross product of a million million items fails at once, without building it", async () => {
    const long = [...Array(10_000).keys()];
    const end = await play(
      await begin(mappedOver(({ a, b }) => cross({ a, b, c: a }))),
      giving({ a: long, b: long }),
    );
    expect(statesOf(end).mapped).toBe("failed");
    const zipped = await play(
      await begin(mappedOver(({ a, b }) => zip([cross({ a, b, c: a }), ["one"]]))),
      giving({ a: long, b: long }),
    );
    expect(itemsOf(zipped)).toEqual([[{ a: 0, b: 0, c: 0 }, "one"]]);
  });

  test.each<[string, readonly number[], TriggerRule, string]>([
    [
      "some of whose items are left out does not show them to the tasks after it",
      [0, 2],
      "all_success",
      "success",
    ],
    ["all of whose items are left out counts as skipped", [0, 1, 2], "all_success", "skipped"],
    ["all of whose items are left out counts as skipped once", [0, 1, 2], "all_skipped", "success"],
    ["all of whose items are left out is done", [0, 1, 2], "all_done", "success"],
    ["some of whose items are left out had a success", [0, 1], "one_success", "success"],
    ["some of whose items are left out had no skip", [1], "none_skipped", "success"],
  ])("a list %s", async (_what, without, triggerRule, after) => {
    lastDag += 1;
    const d = dag(`left_out_${lastDag}`);
    chain(
      d.task("mapped", { each: [0, 1, 2], maxActive: 2 }, work),
      d.task("after", { triggerRule }, work),
    );
    const filteredOut = { kind: "skipped", reason: "no", filteredOut: true } as const;
    const script: Script = ({ taskId, mapIndex }) =>
      taskId === "mapped" && without.includes(mapIndex) ? filteredOut : success();
    const end = await play(await begin(describeDag(d as unknown as Dag<unknown>)), script);
    expect(statesOf(end).after).toBe(after);
    expect(without.map((index) => statesOf(end)[`mapped[${index}]`])).toEqual(
      without.map(() => "removed"),
    );
    expect([end.run, end.openTasks]).toEqual(["success", 0]);
  });

  test("a list with an item left out ends a run that fails fast, once", async () => {
    lastDag += 1;
    const d = dag(`left_out_${lastDag}`, { failFast: true });
    chain(d.task("mapped", { each: [0, 1, 2] }, work), d.task("after", work));
    const outcomes = [
      { kind: "skipped", reason: "no", filteredOut: true },
      success(),
      failed(false),
    ] as const;
    const end = await play(
      await begin(describeDag(d as unknown as Dag<unknown>)),
      ({ mapIndex }) => outcomes[mapIndex]!,
    );
    expect(statesOf(end)).toEqual({
      "mapped[0]": "removed",
      "mapped[1]": "success",
      "mapped[2]": "failed",
      after: "skipped",
    });
    expect([end.run, end.openTasks]).toEqual(["failed", 0]);
  });

  test("two tasks waits for both", async () => {
    const driver = await begin(
      mappedOver(({ a, b }) => cross({ a, b }), { triggerRule: "one_success" }),
    );
    const watched: string[][] = [];
    await play(driver, giving({ a: [1], b: [2] }), {
      watch: ({ instances }) =>
        watched.push(instances.map(({ state, taskId }) => `${taskId} ${state}`)),
    });
    const first = watched.find((states) => states.some((one) => one.startsWith("mapped")));
    expect(first).toEqual(expect.arrayContaining(["a success", "b success"]));
  });
});
