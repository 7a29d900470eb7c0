/**
 * What the compiler accepts and refuses. `tsc` checks this file: it fails on a wrong
 * type, and on a @ts-expect-error that finds nothing to expect. The functions given to
 * `compiles` are never called.
 */
import type { Octokit } from "octokit";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  atInstants,
  chain,
  cron,
  cronTrigger,
  type Dag,
  type Duration,
  dag,
  defineHook,
  deltaTrigger,
  every,
  type FromContext,
  type HookRef,
  type Json,
  type NotJson,
  partitioned,
  resolveField,
  type TaskBody,
  type TaskContext,
  type TaskRef,
} from "../../sdk/index.ts";

const compiles = (code: () => unknown): void => expect(code).toBeTypeOf("function");

interface Trip {
  readonly id: number;
  readonly fare?: number;
  readonly stops: readonly string[];
  readonly payment: { kind: "card"; last4: string } | { kind: "cash" } | null;
}
interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}

describe("data between tasks", () => {
  it("has its type carried along", () =>
    compiles(() => {
      const d = dag("d");
      const stars = d.task("stars", async () => 5);
      const trips = d.task("trips", (): Trip[] => []);
      expectTypeOf(stars).toEqualTypeOf<TaskRef<number>>();
      expectTypeOf(trips).toEqualTypeOf<TaskRef<Trip[]>>();
      const both = d.task("both", { inputs: { stars, trips }, retries: 1 }, ({ inputs }) => {
        expectTypeOf(inputs.stars).toEqualTypeOf<number>();
        expectTypeOf(inputs.trips).toEqualTypeOf<Trip[]>();
        // @ts-expect-error no such input
        inputs.forks;
        // @ts-expect-error inputs cannot be changed
        inputs.stars = 6;
        return { count: inputs.trips.length, first: inputs.trips[0]?.id };
      });
      expectTypeOf(both).toEqualTypeOf<TaskRef<{ count: number; first: number | undefined }>>();
      expectTypeOf(d.empty("done")).toEqualTypeOf<TaskRef<null>>();
      expectTypeOf(d.task("silent", () => {})).toEqualTypeOf<TaskRef<void>>();
      chain(stars, [trips, both]);
    }));

  it("is nothing where no inputs are named", () =>
    compiles(() => {
      dag("d").task("t", ({ inputs, item }) => {
        expectTypeOf(item).toEqualTypeOf<undefined>();
        // @ts-expect-error no inputs were named
        inputs.anything;
      });
    }));

  it("is mapped element by element, and comes back as a list", () =>
    compiles(() => {
      const d = dag("d");
      const repos = d.task("repos", () => ["a", "b"]);
      const sizes = d.task("size", { each: repos, maxActive: 4 }, ({ item, mapIndex }) => {
        expectTypeOf(item).toEqualTypeOf<string>();
        return item.length + mapIndex;
      });
      expectTypeOf(sizes).toEqualTypeOf<TaskRef<number[]>>();
      const pairs = d.task("pairs", { each: sizes, inputs: { repos } }, ({ item, inputs }) => ({
        size: item,
        of: inputs.repos.length,
      }));
      expectTypeOf(pairs).toEqualTypeOf<TaskRef<{ size: number; of: number }[]>>();
      d.task("literal", { each: [{ org: "x", pages: 2 }] }, ({ item }) => {
        expectTypeOf(item).toEqualTypeOf<{ org: string; pages: number }>();
      });
      const frozen = d.task("frozen", (): readonly Trip[] => []);
      d.task(
        "of_frozen",
        { each: frozen },
        ({ item }) => expectTypeOf(item).toEqualTypeOf<Trip>() && null,
      );
      const count = d.task("count", () => 5);
      // @ts-expect-error a number is not a list
      d.task("wrong", { each: count }, () => null);
      // @ts-expect-error nor is an object
      d.task("wrong", { each: { length: 1 } }, () => null);
      // @ts-expect-error only a mapped task has instances to limit
      d.task("wrong", { maxActive: 4 }, () => null);
    }));
});

describe("an operator", () => {
  const copy = (options: {
    table: string;
    where?: FromContext<string>;
  }): TaskBody<number, TaskContext<unknown, { rows: number }>> => {
    return async (context) =>
      (await resolveField(options.where ?? "", context)) === options.table
        ? context.inputs.rows
        : 0;
  };

  it("that needs an input cannot be used without it, or with another type", () =>
    compiles(() => {
      const d = dag("d");
      const rows = d.task("rows", () => 5);
      const text = d.task("text", () => "5");
      expectTypeOf(d.task("t", { inputs: { rows } }, copy({ table: "x" }))).toEqualTypeOf<
        TaskRef<number>
      >();
      // @ts-expect-error no inputs
      d.task("t", copy({ table: "x" }));
      // @ts-expect-error no inputs among the options
      d.task("t", { retries: 1 }, copy({ table: "x" }));
      // @ts-expect-error another input
      d.task("t", { inputs: { count: rows } }, copy({ table: "x" }));
      // @ts-expect-error an input of another type
      d.task("t", { inputs: { rows: text } }, copy({ table: "x" }));
      // @ts-expect-error a misspelt field of the operator
      d.task("t", { inputs: { rows } }, copy({ tabel: "x" }));
      // @ts-expect-error a value where the field wants text
      d.task("t", { inputs: { rows } }, copy({ table: "x", where: 5 }));
      d.task("t", { inputs: { rows } }, copy({ table: "x", where: async ({ runId }) => runId }));
    }));
});

describe("options", () => {
  it("of a DAG are checked by name and value", () =>
    compiles(() => {
      dag("d", {
        schedule: "@daily",
        startDate: "2026-01-01",
        catchup: "none",
        defaults: { retries: 2, retryDelay: "1h30m" },
      });
      dag("d", { schedule: "*/5 * * * *", timezone: "Europe/Berlin", tags: ["a"] as const });
      dag("d", { schedule: every("90m") });
      dag("d", { schedule: cronTrigger("0 9 1 * *", { interval: "30d" }) });
      dag("d", {
        schedule: cronTrigger(["0 9 * * *", "0 18 * * *"], {
          interval: "1 month",
          runImmediately: "1h",
          jitter: "5m",
        }),
      });
      dag("d", { schedule: deltaTrigger("2 weeks", { interval: "1d" }) });
      dag("d", { schedule: cron("@daily", { jitter: "10m" }) });
      dag("d", { schedule: partitioned("@daily", { offset: -1 }) });
      dag("d", { schedule: atInstants(["2026-07-19T16:00"], { restrictToInstants: true }) });
      dag("d", { schedule: "@continuous" });
      // @ts-expect-error a fortnight is none of the calendar's lengths
      every("1 fortnight");
      // @ts-expect-error lengths have no jitter
      deltaTrigger("1h", { jitter: "5m" });
      // @ts-expect-error only lengths become ticks
      cronTrigger(cronTrigger("@daily"));
      // @ts-expect-error intervals have no moment to run at once
      cron("@daily", { runImmediately: true });
      // @ts-expect-error an offset is a number of ticks
      partitioned("@daily", { offset: "1d" });
      dag("d", { schedule: null, catchup: true });
      // @ts-expect-error a misspelt option
      dag("d", { scheduel: "@daily" });
      // @ts-expect-error a misspelt default
      dag("d", { defaults: { retrys: 2 } });
      // @ts-expect-error inputs belong to a task
      dag("d", { defaults: { inputs: {} } });
      // @ts-expect-error no such catchup
      dag("d", { catchup: "latest" });
      // @ts-expect-error a date is text
      dag("d", { startDate: new Date() });
      // @ts-expect-error a schedule is text or a rule
      dag("d", { schedule: 5 });
      // @ts-expect-error a misspelt option of a rule
      cronTrigger("@daily", { intervall: "1d" });
    }));

  it("of a task are checked by name and value", () =>
    compiles(() => {
      const d = dag("d");
      d.task(
        "t",
        { retries: 2, retryBackoff: 2, triggerRule: "all_done", freshProcess: true, doc: "x" },
        () => null,
      );
      d.empty("e", { triggerRule: "none_failed_min_one_success" });
      d.task("t", { startDate: "2026-01-01", endDate: "2026-12-31" }, () => null);
      d.empty("e", { startDate: "2026-01-01" });
      // @ts-expect-error dates are a task's own
      dag("d", { defaults: { startDate: "2026-01-01" } });
      // @ts-expect-error a misspelt option
      d.task("t", { retrys: 2 }, () => null);
      // @ts-expect-error a misspelt option of a mapped task
      d.task("t", { each: [1], maxActiv: 2 }, () => null);
      // @ts-expect-error no such rule
      d.task("t", { triggerRule: "all_succes" }, () => null);
      // @ts-expect-error a misspelt option of an empty task
      d.empty("e", { trigerRule: "all_done" });
      // @ts-expect-error an empty task takes nothing
      d.empty("e", { inputs: {} });
      // @ts-expect-error an input is a task
      d.task("t", { inputs: { x: 5 } }, () => null);
      // @ts-expect-error a task does something
      d.task("t");
      // @ts-expect-error an option is left out rather than undefined
      d.task("t", { retries: undefined }, () => null);
    }));

  it("that are durations have a unit that is known", () =>
    compiles(() => {
      expectTypeOf<"5m" | "500ms" | "1h30m" | "1d2h30m" | "1.5h" | "PT5M">().toExtend<Duration>();
      // @ts-expect-error no such unit
      const minutes: Duration = "5min";
      // @ts-expect-error a number has no unit
      const bare: Duration = "5";
      // @ts-expect-error a number is no text
      const number: Duration = 5;
      // @ts-expect-error no such unit in a task
      dag("d").task("t", { retryDelay: "5min" }, () => null);
      return [minutes, bare, number];
    }));
});

describe("params", () => {
  it("are what the schema gives, not what it takes", () =>
    compiles(() => {
      const d = dag("d", {
        params: z.object({
          repo: z.string().default("a/b"),
          days: z.coerce.number(),
          tags: z.array(z.string()).optional(),
        }),
      });
      d.task("t", ({ params }) => {
        expectTypeOf(params).toEqualTypeOf<{
          repo: string;
          days: number;
          tags?: string[] | undefined;
        }>();
        // @ts-expect-error no such param
        params.branch;
      });
      const list = d.task("list", () => [1]);
      d.task(
        "mapped",
        { each: list },
        ({ params }) => expectTypeOf(params.repo).toEqualTypeOf<string>() && null,
      );
    }));

  it("are none without a schema", () =>
    compiles(() => {
      dag("d").task("t", ({ params }) => {
        expectTypeOf(params).toEqualTypeOf<Readonly<Record<string, never>>>();
      });
    }));

  it("of any kind make a DAG where a DAG is wanted", () =>
    compiles(() => {
      const run = (_: Dag<unknown>): void => {};
      run(dag("d"));
      run(dag("d", { params: z.object({ n: z.number() }) }));
    }));
});

describe("a returned value that JSON cannot carry", () => {
  it("is refused, however deep it lies", () =>
    compiles(() => {
      const d = dag("d");
      // @ts-expect-error a Map
      d.task("t", () => new Map([["a", 1]]));
      // @ts-expect-error a Set
      d.task("t", () => new Set([1]));
      // @ts-expect-error a Date
      d.task("t", () => new Date());
      // @ts-expect-error a bigint
      d.task("t", async () => 5n);
      // @ts-expect-error a function
      d.task("t", () => () => 1);
      // @ts-expect-error a symbol
      d.task("t", () => Symbol("x"));
      // @ts-expect-error nested in a list
      d.task("t", () => [{ at: new Date() }]);
      // @ts-expect-error nested in objects
      d.task("t", () => ({ a: { b: { c: 5n } } }));
      // @ts-expect-error in one arm of a union
      d.task("t", () => (Math.random() > 0.5 ? { a: 1 } : { at: new Date() }));
      // @ts-expect-error in an optional field
      d.task("t", (): { at?: Date } => ({}));
      // @ts-expect-error in a dictionary
      d.task("t", (): Record<string, bigint> => ({}));
      // @ts-expect-error in a tuple
      d.task("t", (): [string, RegExp] => ["a", /a/]);
      // @ts-expect-error a class with methods
      d.task("t", () => new TextDecoder());
      // @ts-expect-error a promise inside
      d.task("t", () => ({ later: Promise.resolve(1) }));
      // @ts-expect-error with options
      d.task("t", { retries: 1 }, () => new Date());
      // @ts-expect-error from a mapped task
      d.task("t", { each: [1] }, () => new Date());
      // @ts-expect-error with inputs
      d.task("t", { inputs: { a: d.empty("a") } }, () => ({ at: new Date() }));
    }));

  it("is not the error of a name that the context does not have", () =>
    compiles(() => {
      const d = dag("d");
      d.task(
        "t",
        ({
          // @ts-expect-error the only error: the data interval has another name
          dataIntervalStart,
        }) => dataIntervalStart,
      );
      d.task("t", { retries: 1 }, (context) => ({
        // @ts-expect-error the only error, with options
        at: context.dataIntervalStart,
      }));
      d.sensor("s", (context) => ({
        done: true,
        // @ts-expect-error the only error, in a poke
        value: context.dataIntervalStart,
      }));
    }));

  it("is named by the part that is wrong", () => {
    expectTypeOf<NotJson<{ a: string; b: Date[]; c: { d: bigint } }>>().toEqualTypeOf<
      Date | bigint
    >();
  });

  it("cannot be pushed either", () =>
    compiles(() => {
      dag("d").task("t", async ({ xcom }) => {
        await xcom.push("a", { b: [1, null, "x"] });
        // @ts-expect-error a Date
        await xcom.push("a", new Date());
        expectTypeOf(await xcom.pull("other")).toEqualTypeOf<Json>();
      });
    }));
});

describe("a returned value that JSON can carry is not refused", () => {
  it("whatever way its type is written", () =>
    compiles(() => {
      const d = dag("d");
      d.task("t", (): Trip => ({ id: 1, stops: [], payment: null }));
      d.task("t", (): readonly Trip[] => []);
      d.task("t", (): Tree => ({ name: "x", children: [] }));
      d.task("t", (): Json => null);
      d.task("t", (): Json[] => []);
      d.task("t", () => JSON.parse("{}"));
      d.task("t", async (): Promise<unknown> => (await fetch("x")).json());
      d.task("t", (): { rows: unknown[]; more?: unknown } => ({ rows: [] }));
      d.task("t", (): object => ({}));
      d.task("t", (): Record<string, Json> => ({}));
      d.task("t", (): void => {});
      d.task("t", async () => {});
      d.task("t", () => null);
      d.task("t", () => undefined);
      d.task("t", (): string | undefined => undefined);
      d.task("t", (): { a?: string | undefined; b?: number } => ({}));
      d.task("t", () => "x" as const);
      d.task("t", () => [1, "x", null, true] as const);
      d.task("t", (): [string, number?] => ["x"]);
      d.task("t", () => ({ ...{ a: 1 }, b: { c: [{ d: "x" }] } }));
      d.task("t", (): { kind: "a"; n: number } | { kind: "b"; s: string } => ({ kind: "a", n: 1 }));
      d.task("t", (): never => {
        throw new Error("x");
      });
      d.task("t", <T extends Trip>(): T[] => []);
    }));

  it("even when it is as large as what GitHub returns", () =>
    compiles(() => {
      type Repository = Awaited<ReturnType<Octokit["rest"]["repos"]["get"]>>["data"];
      type Issues = Awaited<ReturnType<Octokit["rest"]["issues"]["listForRepo"]>>["data"];
      const d = dag("d");
      const repository = d.task("t", (): Repository => ({}) as Repository);
      const issues = d.task("u", async (): Promise<Issues> => []);
      d.task("v", { inputs: { repository, issues } }, ({ inputs }) => {
        expectTypeOf(inputs.repository.stargazers_count).toEqualTypeOf<number>();
        return inputs.issues.map((issue) => issue.title);
      });
    }));
});

describe("the context", () => {
  it("gives each hook's own client", () =>
    compiles(() => {
      const redisHook = defineHook({
        types: ["redis"],
        open: ({ host }) => ({ host, get: (key: string) => key }),
      });
      expectTypeOf(redisHook("cache")).toEqualTypeOf<
        HookRef<{ host: string | null; get: (key: string) => string }>
      >();
      dag("d").task("t", async ({ hook, logicalDate, dataInterval, signal, tryNumber }) => {
        expectTypeOf((await hook(redisHook("cache"))).get("x")).toEqualTypeOf<string>();
        expectTypeOf(logicalDate.toISO()).toEqualTypeOf<string>();
        expectTypeOf(dataInterval.start.toISODate()).toEqualTypeOf<string>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(tryNumber).toEqualTypeOf<number>();
      });
      // @ts-expect-error a hook takes at least one type of connection
      defineHook({ types: [], open: () => null });
    }));

  it("cannot be changed by a task", () =>
    compiles(() => {
      dag("d").task("t", (context) => {
        // @ts-expect-error read only
        context.runId = "x";
      });
    }));
});

describe("wiring", () => {
  it("takes tasks and lists of tasks", () =>
    compiles(() => {
      const d = dag("d");
      const [a, b] = [d.empty("a"), d.task("b", () => 5)];
      chain(a, [b], [a, b] as const);
      // @ts-expect-error an id is no task
      chain(a, "b");
      // @ts-expect-error a reference is made by declaring a task
      new TaskRef();
    }));
});
