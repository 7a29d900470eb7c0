/** Calls in tests of DAGs: the called DAG runs in memory, too. */
import { type Dag, dag, FailTask } from "dagsmith";
import { runDag } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { callSucceeded } from "../../../runtime/engine/results/call_ends.ts";
import { IN_A_FILE } from "../../../runtime/engine/store.ts";

function doubled() {
  const d = dag("doubled", { params: z.object({ of: z.number(), times: z.number().default(2) }) });
  const product = d.task("product", ({ params }) => params.of * params.times);
  return d.output({ product });
}

test("a call gets params with their defaults, and its result is what the DAG returns", async () => {
  const d = dag("caller");
  const list = d.task("list", () => [1, 2, 3]);
  const each = d.call("each", doubled(), { each: list, params: ({ item }) => ({ of: item }) });
  d.task("sum", { inputs: { each } }, ({ inputs }) =>
    inputs.each.reduce((sum, { product }) => sum + product, 0),
  );
  const lines: string[] = [];
  const run = await runDag(d, {
    logicalDate: "2026-01-02",
    onEvent: (event) =>
      event.type === "ended" && event.task.state === "success" && lines.push(event.task.taskId),
  });
  expect([run.state, run.xcom("sum")]).toEqual(["success", 12]);
  expect(
    run.calls.map(({ mapIndex, run: { output, logicalDate } }) => [mapIndex, output, logicalDate]),
  ).toEqual([0, 1, 2].map((at) => [at, { product: 2 * (at + 1) }, "2026-01-02T00:00:00.000Z"]));
  const called = ["doubled/product", "each"];
  expect(lines).toEqual(["list", ...called, ...called, ...called, "sum"]);
});

test("a called run that fails fails the call with its error, after as many tries as the call has", async () => {
  let tries = 0;
  const failing = dag("failing");
  failing.task("work", () => {
    tries += 1;
    throw new FailTask("no data");
  });
  const d = dag("caller");
  d.call("it", failing, { retries: 2, retryDelay: "0s" });
  const run = await runDag(d);
  const [it] = run.tasks;
  expect([run.state, it?.tryNumber, tries]).toEqual(["failed", 3, 3]);
  expect(it?.reason).toMatch(
    /^CALLED_RUN_FAILED: Run called__\S+ of DAG "failing", which this task called, failed: task "work": FailTask: no data$/,
  );
  expect(it?.error).toMatchObject({ name: "FailTask", message: "no data" });
});

test("a call that does not wait has the id of the run as output, even of a run that fails", async () => {
  const failing = dag("failing");
  failing.task("work", () => {
    throw new Error("no");
  });
  const d = dag("caller");
  d.call("it", failing, { wait: false });
  const run = await runDag(d);
  expect(run.xcom("it")).toEqual({ runId: run.calls[0]?.run.runId });
  expect(run.state).toBe("success");
});

describe("a call is refused, once and without a retry,", () => {
  test.each([
    [
      "of a DAG that is not there",
      (d: Dag<unknown>) => d.call("it", "nowhere", { retries: 3 }),
      /^UNKNOWN_DAG: There is no DAG "nowhere"\. Give it in `dags`\.$/,
    ],
    [
      "with params that do not fit",
      (d: Dag<unknown>) => d.call("it", doubled(), { retries: 3, params: { of: "x" as never } }),
      /^INVALID_PARAMS: Wrong params for DAG "doubled": of: /,
    ],
  ])("%s", async (_what, declare, reason) => {
    const d = dag("caller");
    declare(d);
    const run = await runDag(d);
    expect(run.tasks[0]).toMatchObject({ state: "failed", tryNumber: 1 });
    expect(run.tasks[0]?.reason).toMatch(reason);
  });

  test("when it would close a circle of calls by id", async () => {
    const [first, second] = [dag("first"), dag("second")];
    first.call("second", "second");
    second.call("first", "first");
    const run = await runDag(first, { dags: [first, second] });
    expect(run.calls[0]?.run.tasks[0]?.reason).toBe(
      'CALL_CIRCLE: DAG "first" would call itself, through first -> second -> first. Its runs would never end. Remove one of these calls.',
    );
    expect(run.state).toBe("failed");
  });

  test("when it is the eleventh of a row", async () => {
    const dags = Array.from({ length: 12 }, (_, at) => dag(`d${at}`));
    for (const [at, d] of dags.entries())
      if (at < 11) d.call("next", `d${at + 1}`);
      else d.empty("end");
    const run = await runDag(dags[0]!, { dags });
    expect(run.tasks[0]?.error?.message).toMatch(/^The call of DAG "d11" comes after 10 calls/);
    expect((await runDag(dags[1]!, { dags })).state).toBe("success");
  });
});

test("a call fails when a task whose output the DAG returns was skipped", async () => {
  const called = dag("called");
  const stop = called.shortCircuit("stop", () => false);
  const skipped = called.task("skipped", { inputs: { stop } }, () => 1);
  const d = dag("caller");
  d.call("it", called.output({ skipped }));
  const [it] = (await runDag(d)).tasks;
  expect(it?.reason).toContain("CALL_RESULT_MISSING: Run ");
  expect(it?.reason).toContain('has no output "skipped": task "skipped" is skipped');
});

test("a call fails when what it returns is too large for the database", () => {
  const output = { rows: { taskId: "load", field: null } } as never;
  const stored = () => ({ value: IN_A_FILE, state: "success", mayFail: false }) as const;
  expect(callSucceeded({ dagId: "called", runId: "r1" }, output, stored)).toMatchObject({
    ...{ kind: "call_failed", retryable: false },
    reason: expect.stringMatching(
      /^CALL_RESULT_IN_A_FILE: Output "rows" of run r1 of DAG "called"/,
    ),
  });
});

test("an output may be a mapped task, a field, nothing, or a failure that is allowed", async () => {
  const called = dag("called");
  const list = called.task("list", { each: [1, 2] }, ({ item }) => item * 2);
  const nothing = called.task("nothing", () => undefined);
  const allowed = called.task("allowed", { allowFailure: true }, (): number => {
    throw new Error("no");
  });
  const d = dag("caller");
  d.call("it", called.output({ list, nothing, allowed }));
  expect((await runDag(d)).xcom("it")).toEqual({ list: [2, 4], nothing: null });
});
