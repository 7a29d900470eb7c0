/**
 * A worker's life: what it takes up, what it gives back, and what it does when it is
 * taken for dead.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cancelRun, triggerRun } from "../../../runtime/actions/index.ts";
import type { WorkerOptions } from "../../../runtime/executor/worker.ts";
import { rescueOrphans } from "../../../runtime/scheduler/jobs/rescue_tries.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { dagFolder, writeDagFile } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";
import {
  deploy,
  isGone,
  logOf,
  runEnd,
  runNow,
  runToEnd,
  type TestWorker,
  testWorker,
} from "../../support/worker.ts";

const postgres = migratedDatabase(20);

const me = { actor: "test" };
const gated = (
  id: string,
  task = 'note("ran"); await gate(); note("done"); return tryNumber;',
): string => `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("${id}");
d.task("waits", async ({ tryNumber, xcom, signal }) => { await xcom.push("pid", process.pid); ${task} });
export default d;
`;

async function start(options: Partial<WorkerOptions> = {}): Promise<TestWorker> {
  const worker = await testWorker(postgres.db, { slots: 2, ...options });
  onTestFinished(() => worker.stop());
  return worker;
}

/** Deploys one DAG file, triggers it, and waits until its task runs. */
async function running(
  id: string,
  text: string,
): Promise<{ readonly id: number; readonly pid: number }> {
  await deploy(postgres.db, await dagFolder({ [`${id}.js`]: text }));
  const run = await triggerRun(postgres.db, { dagId: id, ...me });
  const pid = await until("the task to run", async () => {
    const [row] = await rows<{ value: number }>(
      postgres.db,
      "select value from dagsmith.xcom where run_id = $1 and key = 'pid'",
      [run.id],
    );
    return row?.value;
  });
  return { id: run.id, pid };
}

const workers = () =>
  rows<{ id: string }>(
    postgres.db,
    "select id from dagsmith.worker where state <> 'lost' order by started_at",
  );

test("a worker that stops lets its tries finish, takes no more, and leaves nothing behind", async () => {
  const gate = await newGate();
  const worker = await start({ taskEnv: gate.env });
  const run = await running("finishes", gated("finishes"));
  const stopping = worker.stop();
  const later = await triggerRun(postgres.db, { dagId: "finishes", ...me });
  await gate.open();
  await stopping;
  expect((await runNow(postgres.db, run.id)).task("waits")).toMatchObject({
    state: "success",
    tryNumber: 1,
    output: 1,
  });
  expect((await runNow(postgres.db, later.id)).task("waits")).toMatchObject({
    state: "queued",
    tryNumber: 1,
  });
  await until("the end of its task process", async () => isGone(run.pid));
  expect(await workers()).toEqual([]);
  await cancelRun(postgres.db, { id: later.id, ...me });
});

test("a worker that may not wait gives back what it runs, and another finishes it as a new try", async () => {
  const gate = await newGate();
  const first = await start({ taskEnv: gate.env, graceMs: 0 });
  const run = await running(
    "given_back",
    gated(
      "given_back",
      "note('ran'); await gate(); if (signal.aborted) throw signal.reason; return tryNumber;",
    ),
  );
  const second = await start({ taskEnv: gate.env });
  const stopping = first.stop();
  await gate.open();
  await stopping;
  const end = await runEnd(postgres.db, run.id);
  expect([end.state, (await workers()).map(({ id }) => id)]).toEqual(["success", [second.id]]);
  const waits = end.task("waits");
  if (waits.tryNumber > 1) {
    expect(waits).toMatchObject({ lostTries: 1, output: 2 });
    const [lost] = await rows(
      postgres.db,
      "select state, reason from dagsmith.task_try where task_instance_id = $1",
      [waits.id],
    );
    expect(lost).toEqual({ state: "lost", reason: "the worker was stopped" });
  }
});

test("a worker that stops kills what does not stop by itself, and gives it back", async () => {
  const gate = await newGate();
  const first = await start({ taskEnv: gate.env, graceMs: 0 });
  const run = await running(
    "stubborn",
    gated("stubborn", "if (tryNumber === 1) for (;;); return tryNumber;"),
  );
  await first.stop();
  expect(isGone(run.pid)).toBe(true);
  expect((await runNow(postgres.db, run.id)).task("waits")).toMatchObject({
    state: "queued",
    tryNumber: 2,
    lostTries: 1,
  });
  await start({ taskEnv: gate.env });
  expect((await runEnd(postgres.db, run.id)).task("waits")).toMatchObject({
    state: "success",
    output: 2,
  });
});

test("a try that six stopped workers gave back is not lost too often: only deaths count", async () => {
  const gate = await newGate();
  const text = gated(
    "moved",
    "note('ran'); const stopped = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))); await Promise.race([gate(), stopped]); return tryNumber;",
  );
  await deploy(postgres.db, await dagFolder({ "moved.js": text }));
  const run = await triggerRun(postgres.db, { dagId: "moved", ...me });
  const begun = (tryNumber: number) =>
    until(`try ${tryNumber} to begin`, async () => (await gate.notes()).length >= tryNumber);
  const taken = async (tryNumber: number): Promise<TestWorker> => {
    const worker = await start({ taskEnv: gate.env, graceMs: 0 });
    await begun(tryNumber);
    return worker;
  };
  for (let tryNumber = 1; tryNumber <= 6; tryNumber++) await (await taken(tryNumber)).stop();
  expect((await runNow(postgres.db, run.id)).task("waits")).toMatchObject({
    state: "queued",
    lostTries: 6,
  });
  const dying = await taken(7);
  await rows(postgres.db, "update dagsmith.worker set state = 'lost' where id = $1", [dying.id]);
  await rescueOrphans(postgres.db, new Plans());
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.task("waits")).toMatchObject({ state: "success", lostTries: 7, output: 8 });
}, 180_000);

test("a try whose worker began six new lives is not lost too often: only deaths count", async () => {
  const gate = await newGate();
  await start({ taskEnv: gate.env });
  await deploy(
    postgres.db,
    await dagFolder({
      "reborn.js": gated("reborn", "note('ran'); await gate(); return tryNumber;"),
    }),
  );
  const run = await triggerRun(postgres.db, { dagId: "reborn", ...me });
  const begun = (tryNumber: number) =>
    until(`try ${tryNumber} to begin`, async () => (await gate.notes()).length === tryNumber);
  for (let life = 1; life <= 6; life++) {
    await begun(life);
    await rows(postgres.db, "update dagsmith.worker set state = 'lost'");
  }
  // A try that ends before its worker has noticed would count as done.
  await begun(7);
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.task("waits")).toMatchObject({ state: "success", lostTries: 6, output: 7 });
  const reasons = await rows<{ reason: string }>(
    postgres.db,
    "select distinct reason from dagsmith.task_try where task_instance_id = $1",
    [end.task("waits").id],
  );
  expect(reasons).toEqual([{ reason: "the worker ended itself" }]);
}, 180_000);

test("a cancelled run's processes are killed with all they started, and what they still say changes nothing", async () => {
  const gate = await newGate();
  await start({ taskEnv: { ...gate.env, PATH: process.env.PATH } });
  const run = await running(
    "cancelled",
    gated(
      "cancelled",
      'const { spawn } = await import("node:child_process"); await xcom.push("child", spawn("sleep", ["300"]).pid); for (;;);',
    ),
  );
  const [child] = await until("the grandchild", async () => {
    const found = await rows<{ value: number }>(
      postgres.db,
      "select value from dagsmith.xcom where run_id = $1 and key = 'child'",
      [run.id],
    );
    return found.length > 0 && found;
  });
  await cancelRun(postgres.db, { id: run.id, reason: "enough", ...me });
  await until("the end of the task process", async () => isGone(run.pid));
  await until("the end of the grandchild", async () => isGone(child!.value));
  const task = (await runNow(postgres.db, run.id)).task("waits");
  expect(task).toMatchObject({
    state: "failed",
    tryNumber: 1,
    reason: "cancelled by test: enough",
  });
  await until("the last word in its log", async () =>
    (await logOf(postgres.db, task)).some(({ source }) => source === "dagsmith"),
  );
  expect((await runNow(postgres.db, run.id)).task("waits")).toEqual(task);
});

test("a run that waits keeps its version's code while the next version runs beside it", async () => {
  const gate = await newGate();
  await start({ taskEnv: gate.env });
  const folder = await dagFolder({
    "versions.js": gated("versions", 'await gate(); return "old";'),
  });
  await deploy(postgres.db, folder);
  const old = await triggerRun(postgres.db, { dagId: "versions", ...me });
  await until(
    "the old run",
    async () => (await runNow(postgres.db, old.id)).task("waits").state === "running",
  );
  await writeDagFile(folder, "versions.js", gated("versions", 'return "new";'));
  await deploy(postgres.db, folder);
  expect((await runToEnd(postgres.db, "versions")).task("waits").output).toBe("new");
  await gate.open();
  expect((await runEnd(postgres.db, old.id)).task("waits").output).toBe("old");
});

test("a bundle that is damaged on disk is fetched again, and a part of one that another process is writing is not taken", async () => {
  const gate = await newGate();
  await gate.open();
  const first = await start({ taskEnv: gate.env });
  await deploy(postgres.db, await dagFolder({ "damaged.js": gated("damaged") }));
  await runToEnd(postgres.db, "damaged");
  const [hash] = await readdir(first.cacheFolder);
  const path = join(first.cacheFolder, hash!, "bundle.mjs");
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, whole.length / 2));
  const second = await testWorker(postgres.db, {
    taskEnv: gate.env,
    cacheFolder: first.cacheFolder,
  });
  await first.stop().catch(() => undefined);
  await writeDagFile(first.cacheFolder, `${hash}/bundle.mjs`, "not this");
  expect((await runToEnd(postgres.db, "damaged")).state).toBe("success");
  expect(await readFile(path)).toEqual(whole);
  await second.stop();
});

test("a bundle that the database lost fails the try with its name", async () => {
  await start();
  await deploy(postgres.db, await dagFolder({ "missing.js": gated("missing") }));
  await rows(
    postgres.db,
    "alter table dagsmith.dag_version drop constraint dag_version_bundle_hash_fkey",
  );
  await rows(
    postgres.db,
    "delete from dagsmith.bundle where hash in (select bundle_hash from dagsmith.dag_version where dag_id = 'missing')",
  );
  const { reason } = (await runToEnd(postgres.db, "missing")).task("waits");
  expect(reason).toMatch(/bundle/i);
});

test("a worker that was declared lost ends what it runs, says nothing more of it, and begins one new life", async () => {
  const gate = await newGate();
  const worker = await start({ taskEnv: gate.env });
  const run = await running(
    "declared",
    gated("declared", "note('ran'); await gate(); return tryNumber;"),
  );
  const before = worker.id;
  await rows(postgres.db, "update dagsmith.worker set state = 'lost' where id = $1", [before]);
  await rescueOrphans(postgres.db, new Plans());
  await until("the end of what it ran", async () => isGone(run.pid));
  await gate.open();
  const waits = (await runEnd(postgres.db, run.id)).task("waits");
  // It may not take the next try before it has heard of its death.
  expect(waits).toMatchObject({ state: "success", tryNumber: 2, lostTries: 1, output: 2 });
  expect(worker.id).not.toBe(before);
  // Long enough for a second life to have been begun by mistake: two beats.
  const said = (): number => worker.said.filter(({ event }) => event === "worker_restarted").length;
  const [beat] = await rows<{ at: Date }>(
    postgres.db,
    "select heartbeat_at as at from dagsmith.worker where id = $1",
    [worker.id],
  );
  await until("two more beats", async () => {
    const [now] = await rows<{ ms: number }>(
      postgres.db,
      "select extract(epoch from heartbeat_at - $2) * 1000 as ms from dagsmith.worker where id = $1",
      [worker.id, beat!.at],
    );
    return Number(now?.ms) >= 3_900;
  });
  expect([said(), (await workers()).length]).toEqual([1, 1]);
});

test("a worker whose every connection is ended by the server goes on, and nothing runs twice", async () => {
  const gate = await newGate();
  const worker = await start({ taskEnv: gate.env });
  const run = await running(
    "cut_off",
    gated("cut_off", "note('ran'); await gate(); return tryNumber;"),
  );
  await rows(
    postgres.db,
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await gate.open();
  expect((await runEnd(postgres.db, run.id)).task("waits")).toMatchObject({
    state: "success",
    tryNumber: 1,
  });
  expect(await gate.notes()).toEqual(["ran"]);
  expect((await runToEnd(postgres.db, "cut_off")).state).toBe("success");
  expect((await workers()).map(({ id }) => id)).toEqual([worker.id]);
});
