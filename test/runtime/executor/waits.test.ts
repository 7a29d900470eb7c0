/**
 * Waiting for real: workers, schedulers and task processes; and what patience a task has
 * with its failures.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  cancelRun,
  cancelTask,
  clearRuns,
  sendEvent,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { type SchedulerService, startScheduler } from "../../../runtime/scheduler/service.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import {
  deploy,
  isGone,
  logOf,
  runEnd,
  runNow,
  type TestWorker,
  testWorker,
} from "../../support/worker.ts";

const postgres = migratedDatabase(14);
const me = { actor: "ann" };

describe("with a worker and a scheduler", () => {
  let worker: TestWorker;
  let scheduler: SchedulerService;
  beforeAll(async () => {
    await deploy(postgres.db, fileURLToPath(new URL("waiting_dags", import.meta.url)));
    worker = await testWorker(postgres.db);
    scheduler = startScheduler({ db: postgres.db, log: () => undefined });
  });
  afterAll(async () => {
    await scheduler?.stop();
    await worker?.stop();
  });
  const trigger = (dagId: string, more: object = {}) =>
    triggerRun(postgres.db, { dagId, ...me, ...more });

  test("a sensor pokes until it finds what it looks for, as one try whose log holds every poke", async () => {
    const gate = await newGate();
    const { id } = await trigger("sensors", { params: { file: gate.env.GATE } });
    await until(
      "some pokes",
      async () =>
        (await logOf(postgres.db, (await runNow(postgres.db, id)).task("file"))).length >= 3,
    );
    await gate.open();
    const run = await runEnd(postgres.db, id);
    expect(run.task("file")).toMatchObject({
      state: "success",
      tryNumber: 1,
      output: { bytes: 7 },
    });
    expect(run.task("load").output).toBe(7);
    const looks = (await logOf(postgres.db, run.task("file"))).filter(
      ({ text }) => text === "looks",
    );
    const [{ pokes, tries }] = (await rows<{ pokes: number; tries: number }>(
      postgres.db,
      `select pokes, (select count(*)::int from dagsmith.task_try y where y.task_instance_id = t.id) as tries
       from dagsmith.task_instance t where id = $1`,
      [run.task("file").id],
    )) as [{ pokes: number; tries: number }];
    expect([looks.length, tries]).toEqual([pokes + 1, 0]);
    expect(run.task("late")).toMatchObject({
      state: "failed",
      tryNumber: 1,
      reason: "the sensor waited longer than its timeout of 0.12 s",
    });
    expect(run.task("soft")).toMatchObject({ state: "skipped", tryNumber: 1 });
    expect(run.task("wrong").reason).toBe(
      "FailTask: a poke returns true, false or { done, value }; this one returned string",
    );
    expect(
      await rows(postgres.db, "select from dagsmith.task_wait where run_id = $1", [id]),
    ).toEqual([]);
  });

  test("a time, a run and a task of another DAG are waited for; what failed there fails here", async () => {
    const { id } = await trigger("waits");
    await until("the waits that need nobody", async () => {
      const run = await runNow(postgres.db, id);
      return ["pause", "past", "computed"].every((taskId) =>
        run.tasks.some((one) => one.taskId === taskId && one.state === "success"),
      );
    });
    expect((await runNow(postgres.db, id)).task("run").state).toBe("deferred");
    const other = await trigger("other", { logicalDate: "2026-02-03T04:05:06Z" });
    const run = await runEnd(postgres.db, id);
    expect(run.task("good")).toMatchObject({ state: "success", output: { runId: other.runId } });
    expect(run.task("run")).toMatchObject({
      state: "failed",
      reason: `the run of DAG "other" ended as failed (${other.runId})`,
    });
    expect(run.task("never")).toMatchObject({
      state: "skipped",
      reason: 'the run of DAG "other" did not come within the timeout',
    });
  });

  test("an event is heard by who waits for it, and by who comes to wait for it later", async () => {
    const { id, runId } = await trigger("events");
    expect(
      await sendEvent(postgres.db, { id, name: "approved", value: { by: "ann" }, ...me }),
    ).toBe(1);
    const run = await runEnd(postgres.db, id);
    expect([run.state, run.task("again").output, run.task("by").output]).toEqual([
      "success",
      { by: "ann" },
      "ann",
    ]);
    await expect(sendEvent(postgres.db, { id, name: "approved", ...me })).rejects.toThrow(
      /already success/,
    );
    const audits = await rows(
      postgres.db,
      "select actor, detail from dagsmith.audit where run_id = $1 and action = 'send event'",
      [runId],
    );
    expect(audits).toEqual([
      { actor: "ann", detail: { event: "approved", after: { value: { by: "ann" } } } },
    ]);
  });

  test("a task that waited waits anew when it is cleared", async () => {
    const { id } = await trigger("events");
    await sendEvent(postgres.db, { id, name: "approved", value: { by: "ann" }, ...me });
    expect((await runEnd(postgres.db, id)).state).toBe("success");
    const sent = (await runNow(postgres.db, id)).task("again");
    await clearRuns(postgres.db, { of: { run: id }, taskId: "again", ...me });
    const run = await runEnd(postgres.db, id);
    expect([run.state, run.task("again").id, run.task("again").output]).toEqual([
      "success",
      sent.id,
      { by: "ann" },
    ]);
    const { id: other } = await trigger("events");
    await clearRuns(postgres.db, { of: { run: other }, taskId: "early", ...me });
    expect((await runNow(postgres.db, other)).task("early")).toMatchObject({
      state: "deferred",
      tryNumber: 2,
    });
    expect(await sendEvent(postgres.db, { id: other, name: "approved", ...me })).toBe(1);
    await cancelRun(postgres.db, { id: other, ...me });
  });

  test("retries follow the error and the clock as the task says", async () => {
    const run = await runEnd(postgres.db, (await trigger("patience")).id);
    const ended = (taskId: string) => [run.task(taskId).state, run.task(taskId).tryNumber];
    expect(ended("not_this_error")).toEqual(["failed", 1]);
    expect(ended("this_error")).toEqual(["success", 3]);
    expect(ended("unsure")).toEqual(["failed", 2]);
    expect((await logOf(postgres.db, run.task("unsure"))).map(({ text }) => text)).toContain(
      "retryIf failed, so its task is retried as without it: cannot say",
    );
    expect(ended("says_that_no_retry_helps")).toEqual(["failed", 1]);
    expect(ended("is_retried_all_the_same")).toEqual(["failed", 3]);
    expect(ended("is_asked_to_wait")).toEqual(["success", 2]);
    expect(ended("asks_in_seconds")).toEqual(["success", 2]);
    expect(ended("has_no_more_time")).toEqual(["failed", 1]);
    expect(run.task("all_too_long")).toMatchObject({
      ...{
        state: "failed",
        tryNumber: 2,
        reason: "all tries together took longer than the totalTimeout of 0.3 s",
      },
    });
  });

  test("a run that is cancelled leaves nothing waiting", async () => {
    const { id } = await trigger("events");
    await cancelRun(postgres.db, { id, ...me });
    expect((await runNow(postgres.db, id)).tasks.map(({ state }) => state)).toEqual(["skipped"]);
    await expect(sendEvent(postgres.db, { id, name: "approved", ...me })).rejects.toMatchObject({
      code: "RUN_FINISHED",
    });
  });
});

describe("a task that is cancelled", () => {
  test("is killed with all that it started, and what follows it goes by its rule", async () => {
    const gate = await newGate();
    await deploy(
      postgres.db,
      await dagFolder({
        "stubborn.js": `
import { chain, dag } from "dagsmith";
import { spawn } from "node:child_process";
${GATE_CODE}
const d = dag("stubborn");
const stubborn = d.task("stubborn", { retries: 3 }, async () => {
  process.on("SIGTERM", () => {});
  note("pid " + spawn("sleep", ["600"]).pid);
  note("pid " + process.pid);
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
chain(stubborn, [d.task("work", () => 1), d.task("tidy", { triggerRule: "all_done" }, () => 2)]);
export default d;`,
      }),
    );
    const worker = await testWorker(postgres.db, {
      taskEnv: { PATH: process.env.PATH, ...gate.env },
    });
    onTestFinished(() => worker.stop());
    const { id } = await triggerRun(postgres.db, { dagId: "stubborn", ...me });
    await until("both processes", async () => (await gate.notes()).length === 2);
    const pids = (await gate.notes()).map((note) => Number(note.split(" ")[1]));
    expect(await cancelTask(postgres.db, { id, taskId: "stubborn", reason: "stuck", ...me })).toBe(
      1,
    );
    const run = await runEnd(postgres.db, id);
    expect(run.task("stubborn")).toMatchObject({
      state: "failed",
      tryNumber: 1,
      reason: "cancelled by ann: stuck",
    });
    expect([run.task("work").state, run.task("tidy").state, run.state]).toEqual([
      "upstream_failed",
      "success",
      "failed",
    ]);
    await until("the end of both processes", async () => pids.every(isGone));
    await expect(cancelTask(postgres.db, { id, taskId: "stubborn", ...me })).rejects.toMatchObject({
      code: "TASK_NOT_ACTIVE",
    });
  });
});

describe("faults", () => {
  const poking = (id: string): string => `
import { dag } from "dagsmith";
${GATE_CODE}
import { existsSync as exists } from "node:fs";
const d = dag("${id}");
d.sensor("poke", { interval: "50ms" }, async ({ tryNumber }) => {
  note("poke " + tryNumber + " " + process.pid);
  return exists(process.env.GATE);
});
export default d;`;

  test("sensors whose time came while no scheduler ran are poked when one comes", async () => {
    const gate = await newGate();
    await deploy(postgres.db, await dagFolder({ "unwatched.js": poking("unwatched") }));
    const worker = await testWorker(postgres.db, {
      taskEnv: { PATH: process.env.PATH, ...gate.env },
    });
    onTestFinished(() => worker.stop());
    const { id } = await triggerRun(postgres.db, { dagId: "unwatched", ...me });
    await until(
      "the first poke",
      async () => (await runNow(postgres.db, id)).task("poke").state === "up_for_reschedule",
    );
    await gate.open();
    const schedulers = [1, 2, 3].map(() =>
      startScheduler({ db: postgres.db, log: () => undefined }),
    );
    onTestFinished(async () => void (await Promise.all(schedulers.map((one) => one.stop()))));
    expect((await runEnd(postgres.db, id)).task("poke")).toMatchObject({
      state: "success",
      tryNumber: 1,
    });
    expect(await gate.notes()).toHaveLength(2);
  });

  test("a worker killed during a poke loses that try, and another pokes on", async () => {
    const gate = await newGate();
    const hanging = poking("hung").replace(
      "return exists",
      "if (tryNumber === 1) await gate(); return exists",
    );
    await deploy(postgres.db, await dagFolder({ "hung.js": hanging }));
    const env = { DATABASE_URL: postgres.db.url, ...gate.env };
    const [, victim] = await Promise.all([
      startService("scheduler", env),
      startService("worker", env),
    ]);
    const { id } = await triggerRun(postgres.db, { dagId: "hung", ...me });
    await until("the first poke", async () => (await gate.notes()).length === 1);
    await victim.end("SIGKILL");
    await startService("worker", env);
    await until(
      "pokes of the next try",
      async () => (await gate.notes()).filter((note) => note.startsWith("poke 2")).length >= 2,
    );
    await gate.open();
    expect((await runEnd(postgres.db, id)).task("poke")).toMatchObject({
      state: "success",
      tryNumber: 2,
      lostTries: 1,
    });
  });

  test("a task that no worker takes in time has failed for that reason, and is not tried again", async () => {
    await deploy(
      postgres.db,
      await dagFolder({
        "lonely.js": `
import { dag } from "dagsmith";
const d = dag("lonely");
d.task("waits", { queueTimeout: "100ms", retries: 3 }, () => 1);
export default d;`,
      }),
    );
    const { id } = await triggerRun(postgres.db, { dagId: "lonely", ...me });
    const scheduler = startScheduler({ db: postgres.db, log: () => undefined });
    onTestFinished(() => scheduler.stop());
    const run = await runEnd(postgres.db, id);
    expect(run.task("waits")).toMatchObject({
      state: "failed",
      tryNumber: 1,
      reason: "no worker took it within its queueTimeout of 0.1 s",
    });
  });
});
