/**
 * Hand-over: a worker begins what follows from a try of its own in the transaction that
 * ends the try.
 */
import { expect, onTestFinished, test } from "vitest";
import { clearRuns, triggerRun } from "../../../runtime/actions/index.ts";
import { planOf } from "../../../runtime/engine/plan/plan_of.ts";
import { mayBeFollowed } from "../../../runtime/engine/results/hand_over.ts";
import type { Outcome } from "../../../runtime/engine/results/outcome.ts";
import type { ClaimedInstance } from "../../../runtime/engine/store.ts";
import { Claims } from "../../../runtime/executor/claims.ts";
import { TryEnds } from "../../../runtime/executor/try_ends.ts";
import { TryRunner, type TryRunnerOptions } from "../../../runtime/executor/try_runner.ts";
import type { WorkerOptions } from "../../../runtime/executor/worker.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import type { Database } from "../../../runtime/store/database/database.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { disconnectedAt, dyingAt } from "../../support/crashing_database.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import {
  driverOf,
  endOf,
  play,
  runnable,
  type Snapshot,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { atEveryStatement, expectSoundQueue } from "../../support/every_statement.ts";
import { known, migratedDatabase, registeredWorker, rows } from "../../support/migrated.ts";
import { deploy, runEnd, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };
const work = async (): Promise<null> => null;
const WORKER = "hands-over";

let lastDag = 0;
/** A run of a DAG with a task `first`, which the worker holds. */
async function held(
  declare: (d: Dag<unknown>, first: ReturnType<Dag<unknown>["task"]>) => void,
  options: DagOptions = {},
) {
  lastDag += 1;
  const d = dag(`hand_over_${lastDag}`, options) as unknown as Dag<unknown>;
  declare(
    d,
    d.task("first", async (): Promise<number[]> => []),
  );
  const spec = describeDag(d);
  await known(postgres.db, spec);
  await registeredWorker(postgres.db, WORKER);
  const { id } = await triggerRun(postgres.db, { dagId: spec.dagId, ...me });
  return { dagId: spec.dagId, id, first: await claimed(id) };
}

const driver = (id: number) => driverOf(postgres.db, new Plans(), id);

/** The only instance that waits, claimed by the worker. */
async function claimed(runId: number) {
  const [first] = runnable(await driver(runId).look());
  expect(await driver(runId).take(first!, WORKER)).toBe(true);
  return first!;
}

/** The ends of a worker that serves these queues. */
function endsOf(db: Database, queues: readonly string[] = ["default"]): TryEnds {
  const claims = new Claims(db, WORKER);
  return new TryEnds({ db, plans: new Plans(), workerId: WORKER, queues, claims });
}

/** Records that `first` succeeded, with its slot free for what follows. */
const end = (
  { first }: { readonly first: Parameters<typeof endOf>[0] },
  { ends = endsOf(postgres.db), outcome = success() as Outcome } = {},
): Promise<ClaimedInstance | undefined> => ends.record(endOf(first, outcome, WORKER), true);

/** The instances that run, and those that wait for a worker. */
const situation = ({ instances }: Snapshot) => ({
  running: instances.filter(({ state }) => state === "running").map(nameOf),
  queued: instances.filter(({ state }) => state === "queued").map(nameOf),
});
const nameOf = ({ taskId, mapIndex }: { taskId: string; mapIndex: number }): string =>
  mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;

test("the worker gets the instance that follows, which has no job", async () => {
  const run = await held((d, first) => void chain(first, d.task("next", work)));
  const next = await end(run);
  expect(next).toMatchObject({ taskId: "next", state: "running", tryNumber: 1, began: true });
  expect(situation(await driver(run.id).look())).toEqual({ running: ["next"], queued: [] });
  expect(await driver(run.id).tokens()).toEqual([`${run.first.id}#1`]);
});

test("of several that follow, the one of the highest weight; the others go through the queue", async () => {
  const run = await held((d, first) => {
    chain(first, d.task("low", { priorityWeight: 1 }, work));
    chain(first, d.task("high", { priorityWeight: 5 }, work));
    chain(first, d.task("middle", { priorityWeight: 3 }, work));
  });
  expect(await end(run)).toMatchObject({ taskId: "high" });
  const { running, queued } = situation(await driver(run.id).look());
  expect([running, queued.toSorted()]).toEqual([["high"], ["low", "middle"]]);
  await expectSoundQueue(postgres.db, run.dagId);
});

test("the first of a mapped list, and a task inside a group", async () => {
  const mapped = await held((d, first) => void d.task("each", { each: first as never }, work));
  expect(await end(mapped, { outcome: success([1, 2, 3]) })).toMatchObject({
    mapIndex: 0,
    item: 1,
  });
  await expectSoundQueue(postgres.db, mapped.dagId);
  const grouped = await held((d, first) => {
    const group = d.group("g", { retries: 1 }, (g) => void g.task("inside", work));
    chain(first, group);
  });
  expect(await end(grouped)).toMatchObject({ taskId: "g.inside" });
});

test.each<[string, DagOptions, object]>([
  ["waits for slots of a pool", {}, { pool: "narrow" }],
  ["counts against a limit of its DAG", { maxActiveTasks: 4 }, {}],
  ["is for another queue of workers", {}, { queue: "gpu" }],
])("an instance that %s is not handed over", async (_why, options, task) => {
  const run = await held((d, first) => void chain(first, d.task("next", task, work)), options);
  expect(await end(run)).toBeUndefined();
  expect(situation(await driver(run.id).look()).running).toEqual([]);
  await expectSoundQueue(postgres.db, run.dagId);
});

test("a worker that serves the queue gets it", async () => {
  const run = await held((d, first) => void chain(first, d.task("next", { queue: "gpu" }, work)));
  const ends = endsOf(postgres.db, ["default", "gpu"]);
  expect(await end(run, { ends })).toMatchObject({ taskId: "next" });
});

test("nothing is handed over where no slot is free, and one end hands over once", async () => {
  const run = await held((d, first) => void chain(first, d.task("next", work)));
  const ends = endsOf(postgres.db);
  const all = await Promise.all([
    ends.record(endOf(run.first, success(), WORKER), false),
    ends.record(endOf(run.first, success(), WORKER), true),
  ]);
  expect(all.map((one) => one?.taskId)).toEqual([undefined, "next"]);
  const busy = await held((d, first) => void chain(first, d.task("next", work)));
  expect(await ends.record(endOf(busy.first, success(), WORKER), false)).toBeUndefined();
  expect(situation(await driver(busy.id).look()).queued).toEqual(["next"]);
  for (const { dagId } of [run, busy]) await expectSoundQueue(postgres.db, dagId);
});

test("a cleared instance is handed over like a new one, at its next try", async () => {
  const run = await held((d, first) => void chain(first, d.task("next", work)));
  await end(run);
  expect((await play(driver(run.id), () => success())).run).toBe("running");
  const [next] = (await driver(run.id).look()).instances.filter(({ taskId }) => taskId === "next");
  await driver(run.id).complete([endOf(next!, success(), WORKER)]);
  await clearRuns(postgres.db, { of: { run: run.id }, ...me });
  const again = await claimed(run.id);
  expect(await end({ first: again })).toMatchObject({ taskId: "next", tryNumber: 2 });
  await expectSoundQueue(postgres.db, run.dagId);
});

test("a worker that was declared lost gets nothing, and the end of its try is not recorded", async () => {
  const run = await held((d, first) => void chain(first, d.task("next", work)));
  await rows(postgres.db, "update dagsmith.worker set state = 'lost' where id = $1", [WORKER]);
  onTestFinished(async () => {
    await rows(postgres.db, "delete from dagsmith.worker where id = $1", [WORKER]);
  });
  await expect(end(run)).rejects.toThrow("declared lost");
  expect(statesOf(await driver(run.id).look())).toEqual({ first: "running" });
});

test("when only the answer to the commit is lost, what was handed over is queued again", async () => {
  const run = await held((d, first) => void chain(first, d.task("next", work)));
  const unanswered: Database = {
    ...postgres.db,
    transaction: async (work) => {
      await postgres.db.transaction(work);
      return postgres.db.transaction(work);
    },
  };
  expect(await end(run, { ends: endsOf(unanswered) })).toBeUndefined();
  const next = (await driver(run.id).look()).instances.find(({ taskId }) => taskId === "next");
  expect(next).toMatchObject({ state: "queued", tryNumber: 2, lostTries: 1 });
  await expectSoundQueue(postgres.db, run.dagId);
});

test.each([
  ["dies", dyingAt],
  ["loses its connection", disconnectedAt],
])("a worker that %s at any statement leaves an instance that runs once", async (_how, failing) => {
  const statements = await atEveryStatement(postgres.db, failing, async () => {
    const run = await held((d, first) => {
      const join = d.task("join", work);
      chain(first, join);
      chain(d.empty("other"), join);
    });
    return {
      dagId: run.dagId,
      run: (db) => end(run, { ends: endsOf(db) }),
      check: async () => {
        const { instances } = await driver(run.id).look();
        const join = instances.find(({ taskId }) => taskId === "join");
        await driver(run.id).complete([endOf(join!, success(), WORKER)]);
        expect((await play(driver(run.id), () => success())).run).toBe("success");
      },
    };
  });
  expect(statements).toBeGreaterThan(5);
});

test("a slot waits only for the end of a task that something may follow", () => {
  const d = dag("followed");
  const first = d.task("first", work);
  chain(first, d.task("last", work));
  d.task("lone", work);
  d.group("g", { each: [1, 2] }, (g) => void g.task("inside", work));
  d.teardown("teardown", { setups: d.setup("setup", work) }, work);
  const { tasks } = planOf(describeDag(d));
  const isFollowed = (id: string): boolean => mayBeFollowed(tasks.get(id)!);
  expect(["first", "g.inside", "setup"].map(isFollowed)).toEqual(Array(3).fill(true));
  expect(["last", "lone", "teardown"].map(isFollowed)).toEqual(Array(3).fill(false));
});

test("a worker that stops waits for a job that is being claimed, before there is a try", async () => {
  const { first } = await held(() => undefined);
  const claiming = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const db: Database = {
    ...postgres.db,
    query: async (statement, values) => {
      claiming.resolve();
      await gate.promise;
      return postgres.db.query(statement, values);
    },
  };
  const runner = new TryRunner({
    ...{ db, plans: new Plans(), workerId: WORKER, queues: ["default"] },
  } as unknown as TryRunnerOptions);
  const order: string[] = [];
  // The test holds the try already, so the job is a late copy.
  const handled = runner.handle({ instanceId: first.id, tryNumber: 99 });
  await claiming.promise;
  const drained = runner.drained().then(() => order.push("drained"));
  gate.resolve();
  await handled.then(() => order.push("handled"));
  await drained;
  expect(order).toEqual(["handled", "drained"]);
});

/** Jobs that the queue ever had. */
const jobsSoFar = async (): Promise<number> =>
  Number(
    (
      await rows<{ last: string }>(
        postgres.db,
        "select coalesce(last_value, 0) as last from pg_sequences where schemaname = 'dagsmith_queue' and sequencename like '%jobs%'",
      )
    )[0]?.last,
  );

async function chainRun(dagId: string, options: Partial<WorkerOptions>) {
  const code = `
import { chain, dag } from "dagsmith";
const d = dag("${dagId}");
chain(...["a", "b", "c", "d", "e"].map((id) => d.task(id, async ({ tryNumber }) => tryNumber)));
export default d;
`;
  await deploy(postgres.db, await dagFolder({ [`${dagId}.js`]: code }));
  const worker = await testWorker(postgres.db, options);
  onTestFinished(() => worker.stop());
  const before = await jobsSoFar();
  const { id } = await triggerRun(postgres.db, { dagId, ...me });
  const end = await runEnd(postgres.db, id);
  await worker.stop();
  expect(end.tasks.map(({ output }) => output)).toEqual([1, 1, 1, 1, 1]);
  return (await jobsSoFar()) - before;
}

test("an idle worker runs a chain with one job; one without a free slot needs a job for each", async () => {
  expect(await chainRun("idle_chain", { slots: 2 })).toBe(1);
  expect(await chainRun("busy_chain", { slots: 1 })).toBe(5);
});
