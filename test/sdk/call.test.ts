/**
 * Calls of DAGs: what the compiler accepts, and what is refused when the DAG is declared.
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { dag, pick, type TaskRef } from "../../sdk/index.ts";

const compiles = (code: () => unknown): void => expect(code).toBeTypeOf("function");

function starsOf() {
  const d = dag("stars_of", {
    params: z.object({ repository: z.string(), days: z.number().default(7) }),
  });
  const count = d.task("count", ({ params }) => params.repository.length + params.days);
  const stats = d.task("stats", () => ({ files: ["a.csv"], rows: 1 }));
  return d.output({ count, files: pick(stats, "files") });
}

describe("the types of a call", () => {
  it("are the params that the schema takes and the outputs that the DAG returns", () =>
    compiles(() => {
      const d = dag("caller");
      const one = d.call("one", starsOf(), { params: { repository: "a" } });
      expectTypeOf(one).toEqualTypeOf<
        TaskRef<{ readonly count: number; readonly files: string[] }>
      >();
      d.task("sum", { inputs: { one } }, ({ inputs }) => inputs.one.count + 1);
      // @ts-expect-error a param that the DAG requires is missing
      d.call("missing", starsOf(), { params: { days: 1 } });
      // @ts-expect-error the params are required
      d.call("none", starsOf());
      // @ts-expect-error of the wrong type
      d.call("wrong", starsOf(), { params: { repository: 1 } });
      // @ts-expect-error a misspelt option
      d.call("misspelt", starsOf(), { params: { repository: "a" }, waits: true });
    }));

  it("see the item, the inputs and the params of the run that calls", () =>
    compiles(() => {
      const d = dag("caller", { params: z.object({ owner: z.string() }) });
      const days = d.task("days", () => 3);
      const all = d.call("all", starsOf(), {
        each: ["a", "b"],
        inputs: { days },
        params: ({ item, inputs, params }) => ({
          repository: `${params.owner}/${item.toUpperCase()}`,
          days: inputs.days,
        }),
      });
      expectTypeOf(all).toEqualTypeOf<
        TaskRef<{ readonly count: number; readonly files: string[] }[]>
      >();
      d.group("each", { each: [1, 2] }, (g) =>
        g.call("inner", starsOf(), { params: ({ item }) => ({ repository: item.toFixed() }) }),
      );
    }));

  it("follow from the options: without a wait, with an allowed failure, by id, without output", () =>
    compiles(() => {
      const d = dag("caller");
      const params = { repository: "a" };
      const started = d.call("started", starsOf(), { params, wait: false });
      expectTypeOf(started).toEqualTypeOf<TaskRef<{ readonly runId: string }>>();
      const allowed = d.call("allowed", starsOf(), { params, allowFailure: true });
      expectTypeOf<(typeof allowed)["output"]>().toEqualTypeOf<
        { readonly count: number; readonly files: string[] } | undefined
      >();
      const plain = dag("plain");
      expectTypeOf(d.call("plain", plain)).toEqualTypeOf<TaskRef<null>>();
      // @ts-expect-error the DAG takes no params
      d.call("given", plain, { params: { a: 1 } });
      d.call("by_id", "other", { params: { anything: [1] } });
      d.call("by_id_alone", "other");
    }));
});

describe("a call that cannot work is refused", () => {
  const d = () => dag("caller");

  it.each([
    ["what is no DAG", () => d().call("a", 5 as never), "the called DAG is number"],
    ["a wait of another kind", () => d().call("a", "b", { wait: 1 as never }), "wait is number"],
    ["a version below 1", () => d().call("a", "b", { version: 0 }), "version is 0"],
    ["a time-out of nothing", () => d().call("a", "b", { timeout: "0s" }), 'timeout is "0s"'],
    ["another rerun", () => d().call("a", "b", { rerun: "some" as never }), "rerun is string"],
    ["an unknown option", () => d().call("a", "b", { waits: true } as never), "waits"],
  ])("%s", (_what, declare, message) => {
    expect(declare).toThrow(message);
  });

  it("a DAG that calls itself", () => {
    const own = d();
    own.call("again", own);
    expect(() => describeDag(own)).toThrow('"caller" would call itself, through caller -> caller');
  });

  it("an output that is no task of the DAG, and a second output", () => {
    const [own, other] = [d(), dag("other")];
    const foreign = other.empty("a");
    expect(() => own.output({ foreign })).toThrow('output "foreign" is object');
    expect(() => own.output({ text: "a" as never })).toThrow('output "text" is string');
    const mine = own.empty("mine");
    own.output({ mine });
    expect(() => own.output({ mine })).toThrow("output() is object; allowed: one call");
  });
});

it("the plain form names the called DAG, and the tasks that a DAG returns", () => {
  const own = dag("caller");
  own.call("one", starsOf(), { params: { repository: "a" }, wait: false });
  const [task] = describeDag(own).tasks;
  expect([task?.operator, task?.call]).toEqual(["call", { dagId: "stars_of", waits: false }]);
  expect(describeDag(starsOf()).output).toEqual({
    count: { taskId: "count" },
    files: { taskId: "stats", field: "files" },
  });
});
