/** Limits under real workers: what a killed one held is free again, and nobody exceeds a limit, seen from inside the tasks. */
import { expect, onTestFinished, test } from "vitest";
import { setPool, triggerRun } from "../../../runtime/actions/index.ts";
import { listPools } from "../../../runtime/store/pool.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { deploy, runEnd, runNow, testWorker, until } from "../../support/worker.ts";

const postgres = migratedDatabase(20);
const me = { actor: "test" };

const inPool = (id: string, count: number, body: string, options = 'pool: "narrow"'): string => `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("${id}", { maxActiveRuns: 50 });
d.task("each", { each: [...Array(${count}).keys()], ${options} }, async ({ mapIndex, tryNumber }) => {
  note(\`start \${mapIndex} \${tryNumber}\`);
  ${body}
  note(\`done \${mapIndex} \${tryNumber}\`);
});
export default d;
`;

/** The most that ran at once, as the tasks themselves wrote it down. */
function mostAtOnce(notes: readonly string[]): number {
  let running = 0;
  return notes.reduce((most, note) => {
    running += note.startsWith("start ") ? 1 : -1;
    return Math.max(most, running);
  }, 0);
}

test("a pool's slots that a killed worker held come back, and never more than there are", async () => {
  const gate = await newGate();
  const env = { DATABASE_URL: postgres.db.url, ...gate.env };
  await setPool(postgres.db, { name: "narrow", slots: 2, ...me });
  await deploy(postgres.db, await dagFolder({ "killed.js": inPool("killed", 6, "await gate();") }));
  const [, victim] = await Promise.all([startService("scheduler", env), startService("worker", { ...env, SLOTS: "4" })]);
  const run = await triggerRun(postgres.db, { dagId: "killed", ...me });
  await until("both slots to be taken", async () => (await gate.notes()).length === 2);
  await startService("worker", { ...env, SLOTS: "4" });
  await victim.end("SIGKILL");
  await until("two further starts", async () => (await gate.notes()).length === 4);
  expect(await listPools(postgres.db)).toMatchObject([{ name: "narrow", runningSlots: 2, queuedSlots: 0 }]);
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.state).toBe("success");
  expect(end.tasks.filter(({ lostTries }) => lostTries === 1)).toHaveLength(2);
  expect(await listPools(postgres.db)).toMatchObject([{ runningSlots: 0, queuedSlots: 0, waitingSlots: 0 }]);
});

test("two workers with room for eight never run more at once than a pool has slots", async () => {
  const gate = await newGate();
  await setPool(postgres.db, { name: "narrow", slots: 3, ...me });
  await deploy(
    postgres.db,
    await dagFolder({ "crowd.js": inPool("crowd", 60, "await new Promise((resolve) => setTimeout(resolve, 5));") }),
  );
  for (let count = 0; count < 2; count++) {
    const worker = await testWorker(postgres.db, { slots: 4, taskEnv: gate.env });
    onTestFinished(() => worker.stop());
  }
  const run = await triggerRun(postgres.db, { dagId: "crowd", ...me });
  expect((await runEnd(postgres.db, run.id)).state).toBe("success");
  const notes = await gate.notes();
  expect(notes).toHaveLength(120);
  expect(mostAtOnce(notes)).toBeLessThanOrEqual(3);
});

test("a task of a queue runs only on a worker that serves it", async () => {
  const gate = await newGate();
  await deploy(postgres.db, await dagFolder({ "queued.js": inPool("queued", 1, "", 'queue: "gpu"') }));
  const usual = await testWorker(postgres.db, { taskEnv: gate.env });
  onTestFinished(() => usual.stop());
  const run = await triggerRun(postgres.db, { dagId: "queued", ...me });
  await deploy(postgres.db, await dagFolder({ "usual.js": inPool("usual", 1, "", "") }));
  expect((await runEnd(postgres.db, (await triggerRun(postgres.db, { dagId: "usual", ...me })).id)).state).toBe("success");
  expect((await runNow(postgres.db, run.id)).task("each", 0).state).toBe("queued");
  const gpu = await testWorker(postgres.db, { taskEnv: gate.env, queues: ["gpu"] });
  onTestFinished(() => gpu.stop());
  expect((await runEnd(postgres.db, run.id)).state).toBe("success");
});
