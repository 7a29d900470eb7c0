/**
 * A transaction that froze keeps its row locks until the server ends it. Each job of a
 * scheduler leaves what it holds for later, and goes on with everything else.
 */
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { jobList } from "../../../runtime/scheduler/job_list.ts";
import type { Job } from "../../../runtime/service/loop.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { LEFT_WORK, type LeftWork } from "../../support/left_work/index.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase();

function newJobs(): readonly Job[] {
  const context = { db: postgres.db, plans: new Plans(), log: () => undefined };
  const { afterLoss, others } = jobList(context, {
    schedulerId: "looking",
    retention: { runs: 86_400_000 },
    lateLoops: () => [],
    onLost: () => undefined,
  });
  return [...afterLoss, ...others];
}

/** The session of a frozen process, inside a transaction that has locked rows. */
async function frozenOn(lock: string): Promise<Client> {
  const frozen = new Client({ connectionString: postgres.db.url });
  await frozen.connect();
  onTestFinished(() => frozen.end());
  await frozen.query("begin");
  const { rowCount } = await frozen.query(lock);
  expect(rowCount).toBeGreaterThan(0);
  return frozen;
}

const pass = (job: Job) =>
  job.runOnce({ signal: new AbortController().signal, at: () => undefined });

const doneOf = async ({ done }: LeftWork): Promise<readonly boolean[]> =>
  (await rows<{ done: boolean }>(postgres.db, done)).map((row) => row.done);

test.each(LEFT_WORK)(
  "$job leaves $held that a frozen transaction holds, and does the rest",
  async ({ job: name, make, before, passes = 1 }) => {
    const job = newJobs().find((one) => one.name === name)!;
    const work = await make(postgres.db);
    expect(await doneOf(work)).toEqual([false, false]);
    const frozen = await frozenOn(work.lock);
    await before?.(postgres.db);
    for (let times = 0; times < passes; times++) await pass(job);
    expect(await doneOf(work)).toEqual([false, true]);
    await frozen.end();
    await before?.(postgres.db);
    await until("what was left", async () => {
      await pass(job);
      return (await doneOf(work))[0];
    });
  },
);

test("grant_slots does not wait for a frozen transaction that grants slots", async () => {
  const work = await LEFT_WORK.find(({ job }) => job === "grant_slots")!.make(postgres.db);
  const job = newJobs().find(({ name }) => name === "grant_slots")!;
  const frozen = await frozenOn(
    "select pg_advisory_xact_lock(hashtextextended('dagsmith slots', 0))",
  );
  await pass(job);
  expect(await doneOf(work)).toEqual([false, false]);
  await frozen.end();
  await until("the slots", async () => {
    await pass(job);
    return (await doneOf(work)).every((done) => done);
  });
});

test("every job that shares rows with other processes has such a test", () => {
  const tested = new Set(LEFT_WORK.map(({ job }) => job));
  const others = newJobs().flatMap(({ name }) => (tested.has(name) ? [] : name));
  // A scheduler writes its own heartbeat only.
  expect(others).toEqual(["scheduler_heartbeat"]);
});
