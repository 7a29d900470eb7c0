/**
 * Limits under real workers: the slots of a killed worker are free again, and no limit is
 * exceeded, as the tasks themselves see it.
 */
import { expect, onTestFinished, test } from "vitest";
import { setPool, triggerRun } from "../../../runtime/actions/index.ts";
import { startScheduler } from "../../../runtime/scheduler/service.ts";
import { listPools } from "../../../runtime/store/reads/pools.ts";
import { type WaitingTask, whyWaiting } from "../../../runtime/store/reads/why.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd, runNow, testWorker } from "../../support/worker.ts";

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
  const [, victim] = await Promise.all([
    startService("scheduler", env),
    startService("worker", { ...env, SLOTS: "4" }),
  ]);
  const run = await triggerRun(postgres.db, { dagId: "killed", ...me });
  await until("both slots to be taken", async () => (await gate.notes()).length === 2);
  await startService("worker", { ...env, SLOTS: "4" });
  await victim.end("SIGKILL");
  await until("two further starts", async () => (await gate.notes()).length === 4);
  expect(await listPools(postgres.db)).toMatchObject([
    { name: "narrow", runningSlots: 2, queuedSlots: 0 },
  ]);
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.state).toBe("success");
  expect(end.tasks.filter(({ lostTries }) => lostTries === 1)).toHaveLength(2);
  expect(await listPools(postgres.db)).toMatchObject([
    { runningSlots: 0, queuedSlots: 0, waitingSlots: 0 },
  ]);
});

test("two workers with room for eight never run more at once than a pool has slots", async () => {
  const gate = await newGate();
  await setPool(postgres.db, { name: "narrow", slots: 3, ...me });
  await deploy(
    postgres.db,
    await dagFolder({
      "crowd.js": inPool("crowd", 60, "await new Promise((resolve) => setTimeout(resolve, 5));"),
    }),
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
  await deploy(
    postgres.db,
    await dagFolder({ "queued.js": inPool("queued", 1, "", 'queue: "gpu"') }),
  );
  const usual = await testWorker(postgres.db, { taskEnv: gate.env });
  onTestFinished(() => usual.stop());
  const run = await triggerRun(postgres.db, { dagId: "queued", ...me });
  await deploy(postgres.db, await dagFolder({ "usual.js": inPool("usual", 1, "", "") }));
  expect(
    (await runEnd(postgres.db, (await triggerRun(postgres.db, { dagId: "usual", ...me })).id))
      .state,
  ).toBe("success");
  expect((await runNow(postgres.db, run.id)).task("each", 0).state).toBe("queued");
  const gpu = await testWorker(postgres.db, { taskEnv: gate.env, queues: ["gpu"] });
  onTestFinished(() => gpu.stop());
  expect((await runEnd(postgres.db, run.id)).state).toBe("success");
});

/** An instance is scheduled, too, before it has said its key and after a key became free. */
const waitsForKey = ({ state, reasons }: WaitingTask): boolean =>
  state === "scheduled" && reasons.some(({ text }) => text.includes("concurrencyKey"));

const keyed = (id: string, key: string, more = ""): string => `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("${id}");
const list = d.task("list", () => [..."aabbcc"].map((customer, index) => ({ customer, index })));
d.task("each", { each: list, concurrencyKey: ${key}, ${more} }, async ({ item }) => {
  note(\`start \${item.customer}\`);
  await gate();
  note(\`done \${item.customer}\`);
  return item.customer;
});
export default d;
`;

test("tries whose key a function gives run one at a time for each key, side by side for several", async () => {
  const gate = await newGate();
  await deploy(
    postgres.db,
    await dagFolder({ "keyed.js": keyed("keyed", '({ item }) => "customer " + item.customer') }),
  );
  const worker = await testWorker(postgres.db, { slots: 8, taskEnv: gate.env });
  onTestFinished(() => worker.stop());
  const run = await triggerRun(postgres.db, { dagId: "keyed", ...me });
  await until("one start of each customer", async () => (await gate.notes()).length === 3);
  expect((await gate.notes()).toSorted()).toEqual(["start a", "start b", "start c"]);
  const waiting = await until("the others to wait for their keys", async () => {
    const { tasks } = await whyWaiting(postgres.db, run.id);
    return tasks.length === 3 && tasks.every(waitsForKey) && tasks;
  });
  expect(waiting.map(({ reasons }) => reasons.map(({ text }) => text))).toEqual(
    ["a", "b", "c"].map((customer) => [
      `1 try is active with the key "customer ${customer}", and 1 may be active at once (concurrencyKey)`,
    ]),
  );
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.state).toBe("success");
  expect(end.tasks.every(({ tryNumber, lostTries }) => tryNumber === 1 && lostTries === 0)).toBe(
    true,
  );
  for (const customer of "abc")
    expect(mostAtOnce((await gate.notes()).filter((note) => note.endsWith(customer)))).toBe(1);
  expect(await gate.notes()).toHaveLength(12);
});

test("a sensor says its keys once, before its first poke, and holds them only while it pokes", async () => {
  const gate = await newGate();
  const files = {
    "poking.js": `
import { readFileSync } from "node:fs";
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("poking");
const pokesOf = (name) => readFileSync(process.env.DIARY, "utf8").split("\\n").filter((line) => line === "done " + name).length;
d.sensor("each", {
  each: ["a1", "a2", "b1"], interval: "10ms", timeout: "1h",
  concurrencyKey: ({ item }) => { note("key " + item); return "poking " + item[0]; },
}, async ({ item }) => {
  note("start " + item);
  await gate();
  note("done " + item);
  return pokesOf(item) >= 3;
});
export default d;`,
  };
  await deploy(postgres.db, await dagFolder(files));
  const worker = await testWorker(postgres.db, { slots: 8, taskEnv: gate.env });
  onTestFinished(() => worker.stop());
  const scheduler = startScheduler({ db: postgres.db, log: () => undefined });
  onTestFinished(() => scheduler.stop());
  const run = await triggerRun(postgres.db, { dagId: "poking", ...me });
  const notes = async (word: string) =>
    (await gate.notes()).filter((note) => note.startsWith(word));
  const [waiting] = await until("one to wait for the other's key", async () => {
    const { tasks } = await whyWaiting(postgres.db, run.id);
    return (
      (await notes("start")).length === 2 && tasks.length === 1 && tasks.every(waitsForKey) && tasks
    );
  });
  expect(waiting!.reasons.map(({ text }) => text)).toEqual([
    '1 try is active with the key "poking a", and 1 may be active at once (concurrencyKey)',
  ]);
  // What has only said its key has not begun: its time-out counts from its first poke.
  expect(
    await rows(
      postgres.db,
      "select map_index, state from dagsmith.task_instance where run_id = $1 and task_id = 'each' and first_started_at is null",
      [run.id],
    ),
  ).toEqual([{ map_index: waiting!.mapIndex, state: "scheduled" }]);
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.tasks.map(({ state, tryNumber, lostTries }) => [state, tryNumber, lostTries])).toEqual(
    end.tasks.map(() => ["success", 1, 0]),
  );
  expect((await notes("key")).toSorted()).toEqual(["key a1", "key a2", "key b1"]);
  expect(await notes("done")).toHaveLength(9);
  expect(
    mostAtOnce(
      (await gate.notes()).filter((note) => note.includes(" a") && !note.startsWith("key")),
    ),
  ).toBe(1);
});

test("a key that cannot be one fails the try for good; a function that throws fails it like its body", async () => {
  const gate = await newGate();
  await gate.open();
  const retries = 'retries: 1, retryDelay: "10ms"';
  const files = {
    "wrong.js": keyed("wrong", "() => 7", retries),
    "throws.js": keyed("throws", '() => { throw new Error("no key"); }', retries),
  };
  await deploy(postgres.db, await dagFolder(files));
  const worker = await testWorker(postgres.db, { slots: 8, taskEnv: gate.env });
  onTestFinished(() => worker.stop());
  const wrong = await runEnd(
    postgres.db,
    (await triggerRun(postgres.db, { dagId: "wrong", ...me })).id,
  );
  expect(wrong.task("each", 0)).toMatchObject({
    state: "failed",
    tryNumber: 1,
    error: { message: expect.stringContaining("concurrencyKey is 7") },
  });
  const throws = await runEnd(
    postgres.db,
    (await triggerRun(postgres.db, { dagId: "throws", ...me })).id,
  );
  expect(throws.task("each", 0)).toMatchObject({
    state: "failed",
    tryNumber: 2,
    error: { message: "no key" },
  });
  expect(await gate.notes()).toEqual([]);
});

test("a rate whose key a function gives is counted for each key", async () => {
  const gate = await newGate();
  await gate.open();
  const rated = keyed(
    "rated",
    "undefined",
    'rateLimit: { key: ({ item }) => item.customer, limit: 1, per: "1h" }',
  );
  await deploy(postgres.db, await dagFolder({ "rated.js": rated }));
  const worker = await testWorker(postgres.db, { slots: 8, taskEnv: gate.env });
  onTestFinished(() => worker.stop());
  const run = await triggerRun(postgres.db, { dagId: "rated", ...me });
  await until(
    "the rest to wait",
    async () =>
      (await whyWaiting(postgres.db, run.id)).tasks.filter(({ state }) => state === "scheduled")
        .length === 3,
  );
  await until("three ends", async () => (await gate.notes()).length === 6);
  expect((await gate.notes()).filter((note) => note.startsWith("start")).toSorted()).toEqual([
    "start a",
    "start b",
    "start c",
  ]);
});
