/**
 * One of several outputs: what the compiler accepts, what the spec says, what arrives.
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import { runDag } from "../../runtime/testing/index.ts";
import { type Dag, dag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { cross, over } from "../../sdk/task/items.ts";
import { type PickRef, pick } from "../../sdk/task/pick.ts";

const compiles = (code: () => unknown): void => expect(code).toBeTypeOf("function");
const plain = (d: unknown): Dag<unknown> => d as Dag<unknown>;

interface Stats {
  readonly rows: number;
  readonly files: readonly string[];
  readonly note?: string;
}

describe("a picked field", () => {
  it("has its type carried along", () =>
    compiles(() => {
      const d = dag("d");
      const stats = d.task("stats", (): Stats => ({ rows: 1, files: [] }));
      expectTypeOf(pick(stats, "rows")).toEqualTypeOf<PickRef<number>>();
      d.task(
        "t",
        { inputs: { rows: pick(stats, "rows"), note: pick(stats, "note") } },
        ({ inputs }) => {
          expectTypeOf(inputs.rows).toEqualTypeOf<number>();
          expectTypeOf(inputs.note).toEqualTypeOf<string | undefined>();
          return null;
        },
      );
      d.task(
        "late",
        { inputs: { rows: pick(stats, "rows") }, triggerRule: "all_done" },
        ({ inputs }) => {
          expectTypeOf(inputs.rows).toEqualTypeOf<number | undefined>();
          return null;
        },
      );
      d.task("each", { each: pick(stats, "files") }, ({ item }) => {
        expectTypeOf(item).toEqualTypeOf<string>();
        return null;
      });
    }));

  it("of a task that is allowed to fail may be undefined", () =>
    compiles(() => {
      const d = dag("d");
      const stats = d.task("stats", { allowFailure: true }, (): Stats => ({ rows: 1, files: [] }));
      expectTypeOf(pick(stats, "rows")).toEqualTypeOf<PickRef<number | undefined>>();
      // @ts-expect-error the list may be missing
      d.task("each", { each: pick(stats, "files") }, () => null);
    }));

  it("must be there", () =>
    compiles(() => {
      const d = dag("d");
      const stats = d.task("stats", (): Stats => ({ rows: 1, files: [] }));
      const mapped = d.task("mapped", { each: ["a"] }, () => ({ rows: 1 }));
      // @ts-expect-error no such field
      pick(stats, "row");
      // @ts-expect-error a list has items, not fields
      pick(mapped, "rows");
      const number = d.task("n", () => 1);
      // @ts-expect-error a number has no fields
      pick(number, "toFixed");
      // @ts-expect-error not a list
      d.task("each", { each: pick(stats, "rows") }, () => null);
    }));

  it("of another DAG's task is refused", () => {
    const foreign = pick(
      dag("other").task("stats", () => ({ rows: 1 })),
      "rows",
    );
    expect(() => dag("d").task("t", { inputs: { rows: foreign } }, () => null)).toThrow(
      /Task "stats" belongs to DAG "other"/,
    );
  });

  it("is a dependency like any other, and stands in the spec beside the task it comes from", () => {
    const d = dag("d");
    const stats = d.task("stats", (): Stats => ({ rows: 1, files: [] }));
    d.task("t", { inputs: { rows: pick(stats, "rows"), all: stats } }, () => null);
    d.task("each", { each: pick(stats, "files") }, () => null);
    const [, t, each] = describeDag(plain(d)).tasks;
    expect(t).toMatchObject({
      upstream: ["stats"],
      inputs: { rows: "stats", all: "stats" },
      picks: { rows: "rows" },
    });
    expect(each).toMatchObject({ upstream: ["stats"], each: { taskId: "stats", field: "files" } });
  });
});

describe("in a run", () => {
  it("only the field arrives; one that is not there is undefined", async () => {
    const d = dag("fields");
    const stats = d.task("stats", (): Stats => ({ rows: 12, files: [] }));
    d.task(
      "t",
      { inputs: { rows: pick(stats, "rows"), note: pick(stats, "note") } },
      ({ inputs }) => [inputs.rows, "note" in inputs],
    );
    expect((await runDag(plain(d))).xcom("t")).toEqual([12, false]);
  });

  it("two lists of one task are mapped over, alone and combined", async () => {
    const d = dag("lists");
    const lists = d.task("lists", () => ({ letters: ["a", "b"], numbers: [1, 2] }));
    d.task("alone", { each: pick(lists, "letters") }, ({ item }) => item);
    const both = cross({ letter: pick(lists, "letters"), number: pick(lists, "numbers") });
    d.task(
      "both",
      { each: over(both).map(({ letter, number }) => `${letter}${number}`) },
      ({ item }) => item,
    );
    const run = await runDag(plain(d));
    expect(run.xcom("alone")).toEqual(["a", "b"]);
    expect(run.xcom("both")).toEqual(["a1", "a2", "b1", "b2"]);
  });

  it("a field that is no list fails the mapped task, which names it", async () => {
    const d = dag("no_list");
    const stats = d.task("stats", () => ({ files: "a.csv" as unknown as string[] }));
    d.task("each", { each: pick(stats, "files") }, () => null);
    const run = await runDag(plain(d));
    expect(run.tasks.find(({ taskId }) => taskId === "each")?.error?.message).toContain(
      '"stats.files", which is a string',
    );
  });
});
