/** Steps in tests of DAGs: each is done once, whatever the number of tries. */
import { dag } from "dagsmith";
import { runDag, runTask } from "dagsmith/testing";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { trySteps } from "../../../runtime/child/context/task_steps.ts";

test("a retry goes on after the steps that are done, with their results", async () => {
  const calls: string[] = [];
  const d = dag("publishing");
  d.task("publish", { retries: 2, retryDelay: "0s" }, async ({ step, tryNumber }) => {
    const id = await step("create", () => {
      calls.push("create");
      return { id: tryNumber };
    });
    await step("send", async () => {
      calls.push("send");
      if (tryNumber < 3) throw new Error("no");
    });
    return id;
  });
  const run = await runDag(d);
  expect(run.xcom("publish")).toEqual({ id: 1 });
  expect(calls).toEqual(["create", "send", "send", "send"]);
});

test("a step that sleeps ends the body, which runs again from its beginning when it is due", async () => {
  const calls: string[] = [];
  const lines: string[] = [];
  const d = dag("sleeping");
  d.task("publish", async ({ step, tryNumber }) => {
    calls.push(`begin ${tryNumber}`);
    const id = await step("create", () => calls.push("create"));
    await step.sleep("review", "2d");
    await step.sleep("until", DateTime.fromISO("2026-01-01T00:00:00Z") as DateTime<true>);
    await step("send", () => void calls.push("send"));
    return id;
  });
  const run = await runDag(d, {
    onEvent: (event) => event.type === "log" && lines.push(event.text),
  });
  expect(run.state).toBe("success");
  expect(run.xcom("publish")).toBe(2);
  expect(calls).toEqual(["begin 1", "create", "begin 1", "begin 1", "send"]);
  expect(lines).toEqual([
    'step "review" sleeps for 2 d',
    'step "create" was done before',
    'step "until" sleeps until 2026-01-01T00:00:00.000Z',
    'step "create" was done before',
  ]);
});

test("the log says which step failed", async () => {
  const lines: string[] = [];
  const d = dag("failing");
  d.task("publish", ({ step }) => step("send", () => Promise.reject(new Error("no"))));
  await runDag(d, { onEvent: (event) => event.type === "log" && lines.push(event.text) });
  expect(lines).toEqual([expect.stringMatching(/^step "send" failed after \d/)]);
});

test("a body cannot catch its way past a step that sleeps", async () => {
  const calls: string[] = [];
  await runTask(async ({ step }) => {
    await step.sleep("night", "8h").catch(() => calls.push("caught"));
    await step("after", () => void calls.push("after"));
  });
  expect(calls).toEqual(["caught", "after"]);
});

test("state that was set before a sleep is written once, at the end", async () => {
  const { stateValues } = await runTask(
    async ({ state, step }) => {
      await state.set("n", Number((await state.get("n")) ?? 0) + 1);
      await step.sleep("night", "8h");
    },
    { state: { n: 1 } },
  );
  expect(stateValues).toEqual({ n: 2 });
});

test("steps may run at the same time, and each instance of a mapped task has its own", async () => {
  const d = dag("mapped");
  d.task("each", { each: [1, 2, 3] }, async ({ step, item }) =>
    Promise.all([step("a", () => item * 10), step("b", () => item * 100)]),
  );
  expect((await runDag(d)).xcom("each")).toEqual([
    [10, 100],
    [20, 200],
    [30, 300],
  ]);
});

test("a result is the same in the try that made it and in later tries", async () => {
  const { output } = await runTask(({ step }) =>
    step("date", () => ({ at: undefined, list: [1] })),
  );
  expect(output).toEqual({ list: [1] });
});

test.each([
  ["a name that is used twice", ["a", "a"], () => 1, "STEP_NAME_USED", /two steps with the name/],
  ["an empty name", [""], () => 1, "INVALID_ARGUMENT", /step name: it has 1 to 200 characters/],
  ["a result that JSON cannot carry", ["a"], () => 1n, "OUTPUT_NOT_JSON", /JSON cannot carry/],
  [
    "a result that is too large",
    ["a"],
    () => "x".repeat(2 ** 20),
    "OUTPUT_TOO_LARGE",
    /over the limit of 1048576/,
  ],
])("%s fails the task", async (_, names, work, code, message) => {
  const run = runTask(async ({ step }) => {
    for (const name of names) await step(name, work as () => unknown);
  });
  await expect(run).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test("steps that cannot be read at first are read again with the next step", async () => {
  let reads = 0;
  const host = {
    readSteps: async () => {
      reads += 1;
      if (reads === 1) throw new Error("the database is away");
      return { done: "7" };
    },
    beginStep: async () => undefined,
    writeStep: async () => undefined,
  };
  const { step } = trySteps(host as never, () => undefined);
  await expect(step("first", () => 1)).rejects.toThrow("the database is away");
  expect(await step("done", () => 1)).toBe(7);
});
