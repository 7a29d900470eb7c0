/**
 * Measures pg-boss and DBOS on an empty database, and prints the figures as JSON. Runs in
 * the folder in which their packages were installed.
 *
 * Usage: node measure.mjs <address of the database>
 */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { PgBoss } from "pg-boss";

const JOBS = 1_000;
const AT_ONCE = 10;
const CHAINED = 40;
const [url = ""] = process.argv.slice(2);

/** Seconds until `work` has ended. */
async function seconds(work) {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

async function measurePgBoss() {
  const boss = new PgBoss(url);
  boss.on("error", () => undefined);
  await boss.start();
  let left = JOBS;
  const drained = Promise.withResolvers();
  await boss.createQueue("noop");
  await boss.insert(
    "noop",
    Array.from({ length: JOBS }, () => ({ data: {} })),
  );
  const options = { batchSize: AT_ONCE, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
  const queued = await seconds(async () => {
    await boss.work("noop", options, async (jobs) => {
      left -= jobs.length;
      if (left === 0) drained.resolve();
    });
    await drained.promise;
  });
  const chained = await seconds(() => chainOf(boss));
  await boss.stop({ graceful: false });
  return { jobsPerSecond: JOBS / queued, chainSeconds: chained };
}

/** Each job adds the next one: pg-boss has no other chain. */
async function chainOf(boss) {
  const ended = Promise.withResolvers();
  await boss.createQueue("chain");
  await boss.work("chain", { pollingIntervalSeconds: 0.5 }, async ([job]) => {
    if (job.data.step === CHAINED) ended.resolve();
    else await boss.send("chain", { step: job.data.step + 1 });
  });
  await boss.send("chain", { step: 1 });
  await ended.promise;
}

async function measureDbos() {
  DBOS.setConfig({ name: "bench", systemDatabaseUrl: url, logLevel: "error" });
  const noop = DBOS.registerWorkflow(async () => undefined, { name: "noop" });
  const chain = DBOS.registerWorkflow(
    async () => {
      for (let step = 1; step <= CHAINED; step += 1)
        await DBOS.runStep(async () => step, { name: `step_${step}` });
    },
    { name: "chain" },
  );
  await DBOS.launch();
  await DBOS.registerQueue("queue", { workerConcurrency: AT_ONCE, minPollingIntervalMs: 10 });
  const queued = await seconds(async () => {
    const handles = await Promise.all(
      Array.from({ length: JOBS }, () => DBOS.startWorkflow(noop, { queueName: "queue" })()),
    );
    await Promise.all(handles.map((handle) => handle.getResult()));
  });
  const chained = await seconds(async () => {
    await (await DBOS.startWorkflow(chain)()).getResult();
  });
  await DBOS.shutdown();
  return { jobsPerSecond: JOBS / queued, chainSeconds: chained };
}

const figures = { "pg-boss": await measurePgBoss(), DBOS: await measureDbos() };
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(0);
