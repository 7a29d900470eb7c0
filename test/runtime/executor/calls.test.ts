/** Calls for real: workers, schedulers and task processes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  cancelRun,
  cancelTask,
  clearRuns,
  pauseDag,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { type SchedulerService, startScheduler } from "../../../runtime/scheduler/service.ts";
import { whyWaiting } from "../../../runtime/store/reads/why.ts";
import { type Gate, gateIn, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd, runNow, type TestWorker, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(14);
const me = { actor: "ann" };

const CALLING = fileURLToPath(new URL("calling_dags", import.meta.url));

describe("with a worker and a scheduler", () => {
  let worker: TestWorker;
  let scheduler: SchedulerService;
  let gate: Gate;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dagsmith-calls-"));
    gate = await gateIn(folder);
    await deploy(postgres.db, CALLING);
    worker = await testWorker(postgres.db, {
      taskEnv: { PATH: process.env.PATH, ...gate.env },
    });
    scheduler = startScheduler({ db: postgres.db, log: () => undefined });
  });
  afterAll(async () => {
    await scheduler?.stop();
    await worker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const started = async (dagId: string): Promise<number> =>
    (await triggerRun(postgres.db, { dagId, ...me })).id;
  const calledBy = async (id: number) =>
    rows<{
      id: number;
      state: string;
      run_type: string;
      reason: string | null;
      generation: number;
    }>(
      postgres.db,
      `select r.id, r.state, r.run_type, r.reason, r.generation
       from dagsmith.task_call c join dagsmith.task_instance t on t.id = c.task_instance_id
       join dagsmith.dag_run r on r.id = c.called_run_id where t.run_id = $1 order by t.map_index`,
      [id],
    );
  const deferred = (id: number) =>
    until("the call to wait", async () => {
      const [called] = await calledBy(id);
      return called?.state === "running" && called.id;
    });

  test("a mapped call has one run for each item, and the list of their results", async () => {
    const id = await started("mapped");
    const run = await runEnd(postgres.db, id);
    expect([run.state, run.task("sum").output]).toEqual(["success", 30]);
    expect(run.task("each", 4).output).toEqual({ product: 10 });
    expect((await calledBy(id)).map(({ state, run_type }) => [state, run_type])).toEqual(
      Array(5).fill(["success", "called"]),
    );
    const left = "select from dagsmith.task_wait where run_id = $1";
    expect(await rows(postgres.db, left, [id])).toEqual([]);
  });

  test.each([
    ["patient", ["first", "second", "second"]],
    ["whole", ["first", "second", "first", "second"]],
  ])("a retry of %s runs the failed run again", async (dagId, notes) => {
    const before = (await gate.notes()).length;
    const id = await started(dagId);
    const run = await runEnd(postgres.db, id);
    expect([run.state, run.task("it").tryNumber]).toEqual(["success", 2]);
    const own = (await gate.notes()).slice(before).map((note) => note.replace(` ${dagId}`, ""));
    expect(own).toEqual(notes);
    expect(await calledBy(id)).toMatchObject([{ state: "success", generation: 1 }]);
  });

  test("a failure comes up through all calls, with the error of the task", async () => {
    const run = await runEnd(postgres.db, await started("outermost"));
    expect(run.state).toBe("failed");
    expect(run.task("it").error).toMatchObject({ name: "RangeError", message: "out of range" });
    expect(run.task("it").reason).toMatch(
      /^CALLED_RUN_FAILED: Run \S+ of DAG "outer", which this task called, failed: task "it": CALLED_RUN_FAILED: Run \S+ of DAG "hopeless", .*task "work": RangeError: out of range$/,
    );
  });

  test("why tells through all calls what the last run waits for; a cancel goes down", async () => {
    const id = await started("caller");
    const inner = await deferred(id);
    const slow = await deferred(inner);
    await until("the task", async () => (await gate.notes()).includes("waits"));
    const [waiting] = (await whyWaiting(postgres.db, id)).tasks;
    expect(waiting?.reasons.map(({ text }) => text.replace(/called__\S+/, "X"))).toEqual([
      "waits for the run that it called",
      'run X of DAG "inner" is running',
      'task "slow" of that run: waits for the run that it called',
      'task "slow" of that run: run X of DAG "slow" is running',
    ]);
    await cancelRun(postgres.db, { id, ...me });
    const [innerRun, slowRun] = [await runEnd(postgres.db, inner), await runEnd(postgres.db, slow)];
    expect([innerRun.state, slowRun.state]).toEqual(["failed", "failed"]);
    expect(slowRun.task("wait").reason).toMatch(
      /^cancelled with task "slow" of run called__\S+, which called it$/,
    );
    const open = "select from dagsmith.task_call where state <> 'over'";
    await until("the calls to end", async () => (await rows(postgres.db, open)).length === 0);
  });

  test("a task that is cancelled, or whose time is up, takes its run along", async () => {
    const id = await started("inner");
    const slow = await deferred(id);
    await cancelTask(postgres.db, { id, taskId: "slow", ...me });
    expect((await runEnd(postgres.db, slow)).state).toBe("failed");
    const hasty = await started("hasty");
    const run = await runEnd(postgres.db, hasty);
    expect(run.task("slow").reason).toBe("the run that it called took longer than the timeout");
    const [called] = await calledBy(hasty);
    expect((await runEnd(postgres.db, called!.id)).state).toBe("failed");
  });

  test("a call that does not wait ends at once, and its run goes on", async () => {
    const id = await started("starter");
    const run = await runEnd(postgres.db, id);
    const [called] = await calledBy(id);
    const named = await rows(postgres.db, "select from dagsmith.dag_run where run_id = $1", [
      (run.task("slow").output as { runId: string }).runId,
    ]);
    expect([run.state, called?.state, named.length]).toEqual(["success", "running", 1]);
    await cancelRun(postgres.db, { id: called!.id, ...me });
  });

  test("a call that is refused fails once, whatever its retries; one of a paused DAG is retried", async () => {
    const run = await runEnd(postgres.db, await started("lost"));
    const ended = run.tasks.map(({ taskId, tryNumber, reason }) => [taskId, tryNumber, reason]);
    expect(ended).toEqual([
      ["nowhere", 1, 'UNKNOWN_DAG: There is no DAG "nowhere". Deploy it, or correct the call.'],
      ["version", 1, expect.stringMatching(/^UNKNOWN_VERSION: DAG "doubled" has no version "99"/)],
      ["params", 1, expect.stringMatching(/^INVALID_PARAMS: Wrong params for DAG "doubled": of/)],
      ["extra", 1, expect.stringMatching(/^INVALID_PARAMS: /)],
    ]);
    await pauseDag(postgres.db, { dagId: "flaky", ...me });
    const paused = await runEnd(postgres.db, await started("patient"));
    expect([paused.task("it").tryNumber, paused.task("it").reason]).toEqual([
      2,
      'DAG_PAUSED: DAG "flaky" is paused, so it cannot be called. Unpause it with: dag unpause flaky',
    ]);
  });

  test("a call that is cleared runs its run again, as a whole", async () => {
    const id = await started("mapped");
    await runEnd(postgres.db, id);
    await clearRuns(postgres.db, { of: { run: id }, taskId: "each", mapIndex: 2, ...me });
    const run = await runEnd(postgres.db, id);
    expect([run.state, run.task("each", 2).tryNumber]).toEqual(["success", 2]);
    expect((await calledBy(id)).map(({ generation }) => generation)).toEqual([0, 0, 1, 0, 0]);
  });
});

test("a worker that is killed while its call waits changes nothing of the call", async () => {
  const gate = await newGate();
  await deploy(postgres.db, CALLING);
  const env = { DATABASE_URL: postgres.db.url, ...gate.env };
  const victim = await startService("worker", env);
  await startService("scheduler", env);
  const { id } = await triggerRun(postgres.db, { dagId: "inner", ...me });
  await until("the called task", async () => (await gate.notes()).length === 1);
  const before = (await runNow(postgres.db, id)).task("slow");
  expect(before.state).toBe("deferred");
  await victim.end("SIGKILL");
  await startService("worker", env);
  await until("the called task again", async () => (await gate.notes()).length === 2);
  await gate.open();
  const run = await runEnd(postgres.db, id);
  expect([run.state, run.task("slow").tryNumber]).toEqual(["success", before.tryNumber]);
  const called =
    "select state from dagsmith.dag_run where dag_id = 'slow' and trigger ->> 'dagId' = 'inner' and trigger ->> 'runId' = (select run_id from dagsmith.dag_run where id = $1)";
  expect(await rows(postgres.db, called, [id])).toEqual([{ state: "success" }]);
});
