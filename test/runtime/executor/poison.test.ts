/** What a try does, writes and leaves behind reaches nothing but that try. */
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import type { WorkerOptions } from "../../../runtime/executor/worker.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";
import {
  deploy,
  logOf,
  type RanRun,
  type RanTask,
  runEnd,
  runToEnd,
  type TestWorker,
  testWorker,
} from "../../support/worker.ts";

const postgres = migratedDatabase(12);

async function start(options: Partial<WorkerOptions> = {}): Promise<TestWorker> {
  await deploy(postgres.db, fileURLToPath(new URL("dags", import.meta.url)));
  const worker = await testWorker(postgres.db, options);
  onTestFinished(() => worker.stop());
  return worker;
}

/** Every task of the run succeeded at its first try. */
function expectUnhurt(run: RanRun): void {
  expect(run.tasks.filter(({ state }) => state !== "success")).toEqual([]);
  expect(run.tasks.filter(({ tryNumber, lostTries }) => tryNumber !== 1 || lostTries > 0)).toEqual(
    [],
  );
}

const textsOf = async (task: RanTask): Promise<readonly string[]> =>
  (await logOf(postgres.db, task)).map(({ text }) => text);

test("what is no message fails the try that sent it, with a code, and nothing else", async () => {
  const worker = await start();
  const innocent = await triggerRun(postgres.db, { dagId: "innocent", actor: "test" });
  const run = await runToEnd(postgres.db, "stray_writes");
  expect(run.tasks).toHaveLength(7);
  for (const { state, tryNumber, lostTries, reason } of run.tasks) {
    expect([state, tryNumber, lostTries]).toEqual(["failed", 1, 0]);
    expect(reason).toMatch(/^INVALID_TASK_MESSAGE: /);
  }
  expect(run.task("no_end").reason).toContain("a line has more than");
  expect(run.task("bytes").reason).toContain("it is not JSON");
  expectUnhurt(await runEnd(postgres.db, innocent.id));
  expect(worker.said).toEqual([]);
});

test("an import that writes to the channel fails the tries of its file, and the worker goes on", async () => {
  const worker = await start({ taskEnv: { PATH: process.env.PATH, POISON_IMPORT: "1" } });
  const run = await runToEnd(postgres.db, "meets_a_timer");
  expect(run.task("meet").reason).toMatch(/^INVALID_TASK_MESSAGE: /);
  expect((await runToEnd(postgres.db, "asset_alias_reader")).task("read").state).toBe("success");
  expect(worker.said).toEqual([]);
});

test("a process whose try replaced or left something is not used again", async () => {
  const worker = await start();
  const run = await runToEnd(postgres.db, "patches", 120);
  const pids = await rows<{ task_id: string; value: number }>(
    postgres.db,
    "select task_id, value from dagsmith.xcom where run_id = $1 and key = 'pid'",
    [run.id],
  );
  const after = run.tasks.filter(({ taskId }) => taskId.startsWith("after_"));
  expect(after).toHaveLength(15);
  for (const task of after) {
    const left = pids.find(({ task_id }) => task.taskId === `after_${task_id}`);
    expect(task).toMatchObject({
      state: "success",
      output: { world: ['{"a":[1]}', null, "undefined"], folder: process.cwd() },
    });
    expect((task.output as { readonly pid: number }).pid).not.toBe(left!.value);
  }
  expect((await textsOf(run.task("environment"))).join()).toMatch(
    /its process is not used again: it left process\.env/,
  );
  expect(worker.said).toEqual([]);
});

test("a timer of an ended try pushes nothing, and its words stay in the log of its own try", async () => {
  await start({ slots: 1 });
  const left = await runToEnd(postgres.db, "leaves_a_timer");
  const met = await runToEnd(postgres.db, "meets_a_timer");
  expect(met.task("meet").output).toBe(left.task("leave").output);
  expect(await textsOf(met.task("meet"))).toEqual(["begin", "end"]);
  const late = await rows(postgres.db, "select 1 from dagsmith.xcom where key = 'late'");
  expect(late).toEqual([]);
  const own = await until("the late words in the log", async () => {
    const texts = await textsOf(left.task("leave"));
    return texts.length > 0 && texts;
  });
  expect(own).toEqual(expect.arrayContaining(["late words", "late print"]));
  expect(own.find((text) => text.startsWith("TRY_ENDED: "))).toContain('Task "leave"');
  expect(own.length).toBeLessThanOrEqual(100);
});

test("a value that PostgreSQL refuses fails its own try, and what can be written is written", async () => {
  const worker = await start({ slots: 8 });
  const run = await runToEnd(postgres.db, "refused_values");
  const failed = run.tasks.filter(({ state }) => state !== "success");
  expect(failed.map(({ mapIndex }) => mapIndex).toSorted((a, b) => a - b)).toEqual([7, 8, 9]);
  expect(run.task("each", 7).reason).toMatch(/^VALUE_REFUSED: .*json/);
  expect(run.task("each", 8).reason).toContain("\u2400");
  expect(run.task("each", 9).reason).toContain("cannot be shown");
  expect(run.task("each", 3).output).toEqual({ item: 3, text: "\0\ud800" });
  expect(await textsOf(run.task("each", 3))).toEqual(["a\0b \ud800 3"]);
  expect(run.tasks.every(({ tryNumber, lostTries }) => tryNumber === 1 && lostTries === 0)).toBe(
    true,
  );
  expect(worker.said).toEqual([]);
});

test("a task that overwrites the bundles on the disk is not run in the place of another DAG", async () => {
  const cacheFolder = await mkdtemp(join(tmpdir(), "dagsmith-cache-"));
  await start({ slots: 1, cacheFolder, taskEnv: { CACHE: cacheFolder } });
  const folder = await dagFolder({
    "victim.js": `import { dag } from "dagsmith";
const d = dag("victim");
d.task("work", { freshProcess: true }, async () => "own");
export default d;`,
    "attacker.js": `import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dag } from "dagsmith";
const d = dag("attacker");
d.task("work", async () => {
  for (const hash of readdirSync(process.env.CACHE))
    for (const file of readdirSync(join(process.env.CACHE, hash)))
      writeFileSync(join(process.env.CACHE, hash, file), "throw new Error('not the bundle');");
});
export default d;`,
  });
  await deploy(postgres.db, folder);
  expect((await runToEnd(postgres.db, "victim")).task("work").output).toBe("own");
  expect((await runToEnd(postgres.db, "attacker")).state).toBe("success");
  expect(await readdir(cacheFolder)).toHaveLength(2);
  expect((await runToEnd(postgres.db, "victim")).task("work").output).toBe("own");
});
