/**
 * A task process that is killed before it began a try: nothing of the try ran, so another
 * process runs it. From its beginning on, the try fails with its process.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import type { TryRequest } from "../../../runtime/child/run_try.ts";
import { BundleCache } from "../../../runtime/executor/bundle_cache.ts";
import { Scratch } from "../../../runtime/executor/scratch.ts";
import { TaskPool } from "../../../runtime/executor/task_pool.ts";
import type { ProcessEnd, TaskProcess, TryHost } from "../../../runtime/executor/task_process.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { childrenOf } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { deploy, logOf, runEnd, runToEnd, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase();
const { PATH, NODE_COMPILE_CACHE } = process.env;
let bundle = "";

beforeAll(async () => {
  await deploy(postgres.db, fileURLToPath(new URL("begun_dags", import.meta.url)));
  const [version] = await rows<{ hash: string }>(
    postgres.db,
    "select bundle_hash as hash from dagsmith.dag_version",
  );
  bundle = version?.hash ?? "";
});

/** A pool with one blank process that waits for work, and the pid of that process. */
async function warmPool(env: NodeJS.ProcessEnv = {}) {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-cache-"));
  const others = childrenOf(process.pid);
  const scratch = new Scratch(randomUUID());
  const pool = new TaskPool(4, {
    ...{ env: { PATH, NODE_COMPILE_CACHE, ...env }, folder: process.cwd() },
    scratch,
    bundles: new BundleCache(postgres.db, folder),
  });
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  onTestFinished(async () => {
    await pool.stop();
    await scratch.close();
  });
  await pool.warm(1);
  const [pid = 0] = childrenOf(process.pid).filter((child) => !others.includes(child));
  return { pool, pid };
}

const TIME = "2026-01-01T00:00:00.000Z";
const requestOf = (taskId: string): TryRequest => ({
  ...{ dagId: "begins", taskId, runId: "one", tryNumber: 1, mapIndex: -1, item: null },
  ...{ logicalDate: TIME, dataIntervalStart: TIME, dataIntervalEnd: TIME, timezone: "UTC" },
  ...{ params: {}, inputs: {}, trigger: null },
});

/** Where a try may run, and what it asked and logged. */
function host() {
  const [calls, lines]: [string[], string[]] = [[], []];
  const tried: TryHost = {
    call: async (method) => void calls.push(method),
    log: (_level, source, text) => void (source === "dagsmith" && lines.push(text)),
  };
  return { ...tried, calls, lines };
}

/** A point in the life of a process, from idle to the request. */
type Point = "idle" | "read" | "taken" | "asked";

/** Runs the task, and kills the idle process at a point. */
async function runWithKill(task: string, at: Point, loaded: boolean) {
  const { pool, pid } = await warmPool();
  const tried = host();
  const run = (runIn: (process: TaskProcess) => ReturnType<TaskProcess["run"]>) =>
    pool.run(bundle, false, runIn);
  if (loaded) await run((one) => one.run(requestOf("work"), host()));
  const kill = (): boolean => process.kill(pid, "SIGKILL");
  let processes = 0;
  if (at === "idle") kill();
  const ended = run((one) => {
    processes += 1;
    if (at === "taken" && processes === 1) kill();
    // A frozen process reads nothing, however long the machine takes.
    if (at === "asked" && processes === 1) process.kill(pid, "SIGSTOP");
    const end = one.run(requestOf(task), tried);
    if (at === "asked" && processes === 1) setImmediate(kill);
    return end;
  });
  if (at === "read") kill();
  return { end: await ended, processes, ...tried };
}

test.each([
  ["idle", "blank"],
  ["read", "blank"],
  ["taken", "blank"],
  ["asked", "blank"],
  ["idle", "loaded"],
  ["taken", "loaded"],
  ["asked", "loaded"],
] as const)(
  "a process that is killed once it is %s, and was %s, leaves its try to another process",
  async (at, state) => {
    const { end, processes, calls, lines } = await runWithKill("work", at, state === "loaded");
    expect(end).toMatchObject({ outcome: "success", output: '"done"' });
    expect(calls).toEqual(["pushXCom"]);
    expect(processes).toBe(2);
    expect(lines).toEqual(["a task process was killed by SIGKILL before it began"]);
  },
);

test("a process whose end was noticed while it was idle is not taken", async () => {
  const { pool, pid } = await warmPool();
  process.kill(pid, "SIGKILL");
  await until("the end of the idle process", async () => !childrenOf(process.pid).includes(pid));
  const tried = host();
  const ends: ProcessEnd[] = [];
  for (let i = 0; i < 2; i++)
    ends.push(await pool.run(bundle, false, (one) => one.run(requestOf("work"), tried)));
  expect(ends.map(({ outcome }) => outcome)).toEqual(["success", "success"]);
  expect(tried.calls).toEqual(["pushXCom", "pushXCom"]);
});

test("a try that had begun fails with its process, and runs in no other", async () => {
  const { end, calls, lines } = await runWithKill("is_killed", "idle", false);
  expect(end).toEqual({ outcome: "crashed", reason: "the task process was killed by SIGKILL" });
  expect(calls).toEqual(["pushXCom"]);
  expect(lines).toHaveLength(1);
});

test("a worker gives the try of a killed process to another, as the same try", async () => {
  const others = childrenOf(process.pid);
  const worker = await testWorker(postgres.db);
  onTestFinished(() => worker.stop());
  const warm = await until("warm processes", async () => {
    const found = childrenOf(process.pid).filter((pid) => !others.includes(pid));
    return found.length === 2 && found;
  });
  for (const pid of warm) process.kill(pid, "SIGSTOP");
  const { id } = await triggerRun(postgres.db, { dagId: "begins", actor: "test" });
  await until("two claimed tries", async () => {
    const found = await rows(
      postgres.db,
      "select 1 from dagsmith.task_instance where run_id = $1 and state = 'running'",
      [id],
    );
    return found.length === 2;
  });
  for (const pid of warm) process.kill(pid, "SIGKILL");
  const run = await runEnd(postgres.db, id);
  const work = run.task("work");
  expect(work).toMatchObject({ state: "success", tryNumber: 1, lostTries: 0 });
  expect(run.task("is_killed").reason).toBe("the task process was killed by SIGKILL");
});

test("a try that no process can begin fails after three, with the reason, and so does its callback", async () => {
  const worker = await testWorker(postgres.db, {
    taskEnv: { PATH, NODE_OPTIONS: "--require=/nowhere/at_all.cjs" },
  });
  onTestFinished(() => worker.stop());
  const run = await runToEnd(postgres.db, "begins");
  const work = run.task("work");
  const reason = "3 task processes ended before they began; the last exited with code 1";
  expect(work).toMatchObject({ state: "failed", tryNumber: 1, reason });
  const texts = (await logOf(postgres.db, work)).map(({ text }) => text);
  expect(
    texts.filter((text) => text === "a task process exited with code 1 before it began"),
  ).toHaveLength(3);
  expect(texts.join("\n")).toContain("/nowhere/at_all.cjs");
  const callback = await until("the end of the callback", async () => {
    const [found] = await rows<{ reason: string }>(
      postgres.db,
      "select failure as reason from dagsmith.callback where run_id = $1 and finished_at is not null",
      [run.id],
    );
    return found;
  });
  expect(callback.reason).toBe(reason);
});
