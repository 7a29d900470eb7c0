/** Tries in real task processes: how each way of ending is seen, told and recorded. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { dagFolder } from "../../support/dag-folder.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";
import {
  deploy,
  isGone,
  logOf,
  PASSWORD,
  type RanRun,
  runToEnd,
  type TestWorker,
  testWorker,
} from "../../support/worker.ts";

const postgres = migratedDatabase(12);
let worker: TestWorker;

beforeAll(async () => {
  await deploy(postgres.db, fileURLToPath(new URL("dags", import.meta.url)));
  worker = await testWorker(postgres.db, {
    slots: 4,
    taskEnv: { PATH: process.env.PATH, NODE_OPTIONS: "--max-old-space-size=96", SHELL_ONLY: "1" },
  });
});
afterAll(() => worker?.stop());

describe("an output", () => {
  let run: RanRun;
  beforeAll(async () => {
    run = await runToEnd(postgres.db, "outputs");
  });

  test("of nothing is none", () => {
    expect(run.task("nothing")).toMatchObject({ state: "success", output: null });
  });

  test("arrives as it was returned, whatever characters are in it", () => {
    expect(run.task("text").output).toEqual({
      text: "a\0b \ud800 é 🚀 \u2028",
      deep: [[[null, false, 0]]],
    });
  });

  test.each([
    ["a_bigint", "OUTPUT_NOT_JSON", /output\.rows\[0\]\.id is a bigint/],
    ["a_map", "OUTPUT_NOT_JSON", /output is an instance of Map/],
    ["a_function", "OUTPUT_NOT_JSON", /output\.then_some is a function/],
    ["a_cycle", "OUTPUT_NOT_JSON", /output\.self is a cycle/],
    ["too_large", "OUTPUT_TOO_LARGE", /over the limit of 8388608/],
  ])("%s is refused with a code, and not tried again", (taskId, code, message) => {
    const { state, tryNumber, reason, error } = run.task(taskId);
    expect([state, tryNumber]).toEqual(["failed", 1]);
    expect(error).toMatchObject({ name: "DagsmithError", code });
    expect(reason?.startsWith(`${code}: `)).toBe(true);
    expect(reason).toMatch(message);
  });
});

describe("a try that", () => {
  let run: RanRun;
  beforeAll(async () => {
    run = await runToEnd(postgres.db, "deaths");
  });

  test("throws is failed with the error, its cause, and the place in the file as it was written", async () => {
    const { state, reason, error } = run.task("throws");
    expect([state, reason]).toEqual(["failed", "TypeError: no such column"]);
    expect(error?.stack).toMatch(/\bdeaths\.ts:12:\d+/);
    expect(error?.stack).toContain("caused by Error: the table is older");
    expect((await logOf(postgres.db, run.task("throws"))).at(-1)).toMatchObject({
      level: "error",
      source: "dagsmith",
    });
  });

  test.each([
    ["throws_text", "Error: just a text"],
    ["throws_nul", "Error: a\u2400b"],
  ])("%s is failed with what can be said of it", (taskId, reason) => {
    expect(run.task(taskId)).toMatchObject({ state: "failed", reason });
  });

  test("throws a message of megabytes is failed with its beginning", () => {
    const { reason, error } = run.task("throws_much");
    expect(reason?.length).toBeLessThanOrEqual(2_000);
    expect(JSON.stringify(error).length).toBeLessThan(200_000);
  });

  test("asks to be skipped is skipped, and not tried again", () => {
    expect(run.task("skips")).toMatchObject({
      state: "skipped",
      reason: "nothing new",
      tryNumber: 1,
    });
  });

  test("says that no retry can help gets none, and its code is kept and logged", async () => {
    const task = run.task("gives_up");
    const reason = "FailTask [NO_ORDERS]: no retry mends this";
    expect(task).toMatchObject({ state: "failed", tryNumber: 1, reason });
    expect(task.error).toMatchObject({ name: "FailTask", code: "NO_ORDERS" });
    expect((await logOf(postgres.db, task)).at(-1)?.text.startsWith(reason)).toBe(true);
  });

  test("fails with retries left is tried again until it succeeds", () => {
    expect(run.task("tries_again")).toMatchObject({ state: "success", tryNumber: 3, output: 3 });
  });

  test("ends its process is failed, whatever the exit code", () => {
    expect(run.task("exits")).toMatchObject({
      state: "failed",
      reason: "the task process exited with code 0 before the task had ended",
    });
  });

  test("is killed is failed with the signal, and its last words are kept", async () => {
    const task = run.task("is_killed");
    expect(task).toMatchObject({
      state: "failed",
      reason: "the task process was killed by SIGKILL",
    });
    expect((await logOf(postgres.db, task)).map(({ text }) => text)).toContain("last words");
  });

  test("needs too much memory says so", () => {
    expect(run.task("runs_out_of_memory")).toMatchObject({
      state: "failed",
      reason: "the task process ran out of memory",
    });
  });

  test.each([
    ["rejects_unseen", "Error: nobody waits for me"],
    ["throws_in_a_timer", "Error: thrown in a timer"],
  ])("%s is failed with that error", (taskId, reason) => {
    expect(run.task(taskId)).toMatchObject({ state: "failed", reason });
  });

  test.each(["is_polite", "never_yields", "is_deaf"])(
    "%s is ended when it takes too long",
    (taskId) => {
      expect(run.task(taskId)).toMatchObject({
        state: "failed",
        reason: "the try took longer than its executionTimeout of 0.3 s",
      });
    },
  );

  test("takes too long takes with it what it started", async () => {
    expect(run.task("has_children").state).toBe("failed");
    const { rows } = await postgres.db.pool.query(
      "select value from dagsmith.xcom where run_id = $1 and key = 'pid'",
      [run.id],
    );
    const pid = Number(rows[0].value);
    expect(pid).toBeGreaterThan(1);
    await until("the end of the grandchild", async () => isGone(pid));
  });
});

describe("a log", () => {
  let run: RanRun;
  const texts = async (taskId: string): Promise<readonly string[]> =>
    (await logOf(postgres.db, run.task(taskId))).map(({ text }) => text);
  beforeAll(async () => {
    run = await runToEnd(postgres.db, "logs");
  });

  test("keeps the order of all that is printed, whole lines, and the last one without an end", async () => {
    const lines = await logOf(postgres.db, run.task("in_order"));
    expect(lines.map(({ level, source, text }) => `${source} ${level}: ${text}`)).toEqual([
      "task debug: one { n: 1 }",
      "stdout info: two formatted",
      "stderr warn: three",
      "stdout info: four",
      "task warn: between",
      "stdout info: five",
      "task error: six",
      "stdout info: seven, without an end",
    ]);
  });

  test("holds what programs print that the task started, their last half line too", async () => {
    const lines = await logOf(postgres.db, run.task("from_a_child"));
    const said = lines.map(({ level, source, text }) => `${source} ${level}: ${text}`).toSorted();
    expect(said).toEqual([
      "stderr warn: err of a child",
      "stdout info: half a line",
      "stdout info: out of a child",
    ]);
  });

  test("holds what was printed last, however soon the end followed", async () => {
    const tries = run.tasks.filter(({ taskId }) => taskId === "last_words");
    expect(tries).toHaveLength(300);
    const logs = await Promise.all(tries.map((task) => logOf(postgres.db, task)));
    const missing = logs.filter((lines, at) =>
      lines.every(({ text }) => text !== `${tries[at]?.mapIndex} through the pipe`),
    );
    expect(missing).toEqual([]);
  });

  test.each([
    ["one_long_line", 5_000_000],
    ["a_long_line_of_a_child", 3_000_000],
  ])("holds all of %s, in pieces", async (taskId, length) => {
    const pieces = await texts(taskId);
    expect(pieces.join("").length).toBe(length);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536);
  });

  test("holds every character, and a mark where bytes were none", async () => {
    expect(await texts("odd_bytes")).toEqual([
      "nul \0, escape \u001b[31mred\u001b[0m, return 10%\r20%",
      "a\ufffd\ufffdb",
      "é",
    ]);
  });

  test("of thousands of lines keeps each of them, in order", async () => {
    const lines = await texts("a_flood");
    expect(lines).toHaveLength(20_000);
    expect(lines.every((text, at) => text.startsWith(`line ${at} `))).toBe(true);
  });

  test("hides secrets: in details, over two writes, from children, in errors and their causes", async () => {
    const task = run.task("secrets");
    const lines = await texts("secrets");
    expect(lines.join("\n")).not.toContain(PASSWORD);
    expect(lines).toContain("logging in with { password: '***' }");
    expect(lines).toContain("***");
    expect(lines).toContain("child says ***");
    expect(task.reason).toBe("Error: the server refused ***");
    expect(JSON.stringify(task.error)).not.toContain(PASSWORD);
    expect(task.error?.stack).toContain("as *** is wrong");
  });
});

describe("a value", () => {
  let run: RanRun;
  beforeAll(async () => {
    run = await runToEnd(postgres.db, "flow");
  });

  test("goes from task to task: outputs, lists of mapped outputs, and what was pushed beside them", () => {
    expect(run.task("sum").output).toEqual({
      ...{ sum: 14, numbers: [1, 2, 3], unit: "metres", indexes: [0, 1, 2], nothing: null },
      about: ["flow", "manual", 1, -1, "Europe/Berlin"],
    });
  });

  test("that a failed try left is forgotten by the next", () => {
    expect(run.task("forgets")).toMatchObject({ state: "success", tryNumber: 2, output: null });
  });

  test("that is not set is refused by name", () => {
    expect(run.task("asks_in_vain").output).toEqual({
      connection: "CONNECTION_NOT_FOUND",
      variable: "VARIABLE_NOT_FOUND",
      fallback: "instead",
      set: "eu",
    });
  });

  test("cannot be pushed in the place of the output", () => {
    expect(run.task("cannot_push_its_output")).toMatchObject({
      state: "failed",
      error: { name: "DagsmithError" },
    });
  });

  test("of the worker's environment reaches a task only if it was meant to", () => {
    expect(run.task("environment").output).toEqual([
      "NODE_COMPILE_CACHE",
      "NODE_OPTIONS",
      "PATH",
      "SHELL_ONLY",
      "TMPDIR",
    ]);
  });
});

describe("a task process", () => {
  test("runs one try after the other, but is new for a task that asks for it, and never used after that", async () => {
    const alone = await testWorker(postgres.db, { slots: 1 });
    await worker.stop();
    try {
      const run = await runToEnd(postgres.db, "processes");
      const pid = (taskId: string): number => run.task(taskId).output as number;
      expect(new Set([1, 2, 3].map((n) => pid(`warm_${n}`))).size).toBe(1);
      const fresh = [1, 2, 3].map((n) => pid(`fresh_${n}`));
      expect(new Set([...fresh, pid("warm_1")]).size).toBe(4);
      expect(fresh).not.toContain(pid("last"));

      const late = await runToEnd(postgres.db, "late");
      expect(late.task("is_not_hurt")).toMatchObject({
        state: "success",
        output: late.task("leaves_a_throw_behind").output,
      });
      const textsOf = async (taskId: string): Promise<readonly string[]> =>
        (await logOf(postgres.db, late.task(taskId))).map(({ text }) => text);
      expect(await textsOf("is_not_hurt")).toEqual([]);
      await until(
        "the late errors",
        async () => (await textsOf("leaves_a_throw_behind")).length > 1,
      );
      expect(await textsOf("leaves_a_throw_behind")).toEqual([
        "an error after the try had ended: too late",
        "an error after the try had ended: rejected too late",
      ]);
      expect(late.task("crashes")).toMatchObject({
        state: "failed",
        reason: "Error: nobody waits for me",
      });
      expect(late.task("runs_elsewhere").output).not.toBe(late.task("is_not_hurt").output);
    } finally {
      await alone.stop();
    }
  });

  test("that could not import its file is not used again, so that a retry imports it again", async () => {
    const marker = join(await mkdtemp(join(tmpdir(), "dagsmith-flaky-")), "imported");
    onTestFinished(() => rm(dirname(marker), { recursive: true }));
    const flaky = `
import { existsSync, writeFileSync } from "node:fs";
import { dag } from "dagsmith";
const marker = process.env.FLAKY_MARKER;
if (marker && !existsSync(marker)) {
  writeFileSync(marker, "");
  throw new Error("the service was away");
}
const d = dag("flaky");
d.task("work", { retries: 1, retryDelay: "0s" }, ({ tryNumber }) => tryNumber);
export default d;`;
    await deploy(postgres.db, await dagFolder({ "flaky.js": flaky }));
    const taskEnv = { PATH: process.env.PATH, FLAKY_MARKER: marker };
    const alone = await testWorker(postgres.db, { slots: 1, taskEnv });
    onTestFinished(() => alone.stop());
    const run = await runToEnd(postgres.db, "flaky");
    expect(run.task("work")).toMatchObject({ state: "success", tryNumber: 2, output: 2 });
  });
});
