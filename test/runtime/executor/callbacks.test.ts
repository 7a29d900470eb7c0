/**
 * Callbacks and deadlines on real workers: what is called, when, how often, what the log
 * has of it, and what their failure changes.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { cancelRun, triggerRun } from "../../../runtime/actions/index.ts";
import { type SchedulerService, startScheduler } from "../../../runtime/scheduler/service.ts";
import { listCallbacks } from "../../../runtime/store/reads/callbacks.ts";
import { missDeadlines } from "../../../runtime/store/waits/deadline.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import {
  deploy,
  logOf,
  PASSWORD,
  runEnd,
  type TestWorker,
  testWorker,
} from "../../support/worker.ts";

const postgres = migratedDatabase(14);
const me = { actor: "ann" };
let worker: TestWorker;
let scheduler: SchedulerService;
beforeAll(async () => {
  worker = await testWorker(postgres.db, { baseUrl: "https://dags.example.org" });
  scheduler = startScheduler({ db: postgres.db, log: () => undefined });
});
afterAll(async () => {
  await scheduler?.stop();
  await worker?.stop();
});

const trigger = (dagId: string) => triggerRun(postgres.db, { dagId, ...me });

/** The callbacks of a run as `task event state`, when all have ended. */
const ended = (id: number, count: number) =>
  until(`${count} callbacks`, async () => {
    const all = await listCallbacks(postgres.db, id);
    return all.length >= count && all.every(({ finishedAt }) => finishedAt !== null) && all;
  });
const told = (all: Awaited<ReturnType<typeof ended>>) =>
  all.map(({ taskId, event, state }) => `${taskId ?? "run"} ${event} ${state}`).toSorted();

const CALLING = `
import { chain, dag, SkipTask } from "dagsmith";
const say = async ({ event, taskId, tryNumber, reason, error, params, log, connection, variable }) => {
  log.info(event, taskId, tryNumber, reason, error?.message, await variable("region"), (await connection("warehouse")).password);
};
const all = { onSuccess: say, onFailure: say, onRetry: say, onSkipped: say };
const d = dag("calling", { defaults: { ...all, retryDelay: "0s" }, onSuccess: say, onFailure: say });
d.task("good", () => 1);
const bad = d.task("bad", { retries: 1 }, () => { throw new Error("no"); });
chain(bad, d.task("after", () => 1));
d.task("skips", () => { throw new SkipTask("nothing new"); });
d.empty("empty");
d.task("breaks", { onSuccess: () => { throw new TypeError("broken"); } }, () => 1);
d.task("quiet", { onSuccess: undefined }, () => 1);
export default d;`;

test("what happened is called back once, in the log of its try, with connections, masked; nobody else is", async () => {
  await deploy(postgres.db, await dagFolder({ "calling.js": CALLING }));
  const run = await runEnd(postgres.db, (await trigger("calling")).id);
  const all = await ended(run.id, 7);
  expect(told(all)).toEqual([
    ...[
      "bad onFailure success",
      "bad onRetry success",
      "breaks onSuccess failed",
      "good onSuccess success",
    ],
    ...["quiet onSuccess success", "run onFailure success", "skips onSkipped success"],
  ]);
  const lines = async (taskId: string, tryNumber: number) =>
    (await logOf(postgres.db, { id: run.task(taskId).id, tryNumber })).map(({ text }) => text);
  expect(await lines("good", 1)).toEqual(["onSuccess good 1 null undefined eu ***"]);
  expect((await lines("bad", 1)).at(-1)).toBe("onRetry bad 1 Error: no no eu ***");
  expect((await lines("bad", 2)).at(-1)).toBe("onFailure bad 2 Error: no no eu ***");
  expect(all.find(({ taskId }) => taskId === null)?.lines).toContain(
    "onFailure null 0 null undefined eu ***",
  );
  expect(JSON.stringify(all)).not.toContain(PASSWORD);
  // What fails afterwards changes nothing of what happened.
  expect(run.task("breaks")).toMatchObject({ state: "success", reason: null, error: null });
  expect(all.find(({ state }) => state === "failed")?.failure).toBe("TypeError: broken");
  expect((await lines("breaks", 1)).at(-1)).toMatch(
    /^onSuccess failed: TypeError: broken\n.*calling\.js:\d+/,
  );
});

test("several callbacks of one event are called, with the address of what ended", async () => {
  const files = {
    "several.js": `
import { dag } from "dagsmith";
const tell = (name) => ({ url, log }) => log.info(name, url);
const both = [tell("first"), tell("second")];
const d = dag("several", { onSuccess: both });
d.task("a", { onSuccess: both }, () => 1);
export default d;`,
  };
  await deploy(postgres.db, await dagFolder(files));
  const run = await runEnd(postgres.db, (await trigger("several")).id);
  const all = await ended(run.id, 2);
  const { id } = run.task("a");
  const lines = (await logOf(postgres.db, { id, tryNumber: 1 })).map(({ text }) => text);
  expect(lines.toSorted()).toEqual([
    `first https://dags.example.org/t/${id}`,
    `second https://dags.example.org/t/${id}`,
  ]);
  const ofRun = all.find(({ taskId }) => taskId === null)?.lines;
  expect(ofRun).toContain(`first https://dags.example.org/runs/${run.id}`);
  expect(ofRun).toContain(`second https://dags.example.org/runs/${run.id}`);
});

test("a worker killed during a callback leaves it to another, which runs it again", async () => {
  const gate = await newGate();
  const files = {
    "dying.js": `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("dying", { onSuccess: async () => { note("called " + process.pid); await gate(); note("done"); } });
d.task("a", () => 1);
export default d;`,
  };
  await deploy(postgres.db, await dagFolder(files));
  await worker.stop();
  const env = { DATABASE_URL: postgres.db.url, ...gate.env };
  const victim = await startService("worker", env);
  const { id } = await trigger("dying");
  await until("the call", async () => (await gate.notes()).length === 1);
  await victim.end("SIGKILL");
  await startService("worker", env);
  await until("another call", async () => (await gate.notes()).length === 2);
  await gate.open();
  const [callback] = await ended(id, 1);
  expect(callback).toMatchObject({ event: "onSuccess", state: "success", attempts: 2 });
  expect((await gate.notes()).filter((note) => note === "done")).toHaveLength(1);
  worker = await testWorker(postgres.db);
});

describe("a job of a callback stays until the callback has ended", () => {
  // Without the gate it would run their callbacks.
  beforeAll(() => worker.stop());
  afterAll(async () => {
    worker = await testWorker(postgres.db);
  });
  const held = async (dagId: string) => {
    const gate = await newGate();
    const code = `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("${dagId}", { onSuccess: async () => { note("called"); await gate(); note("done"); } });
d.task("a", () => 1);
export default d;`;
    await deploy(postgres.db, await dagFolder({ [`${dagId}.js`]: code }));
    const env = { DATABASE_URL: postgres.db.url, ...gate.env };
    const victim = await startService("worker", env);
    const { id } = await trigger(dagId);
    await until("the call", async () => (await gate.notes()).length === 1);
    const [callback] = await listCallbacks(postgres.db, id);
    return { id, callback: callback!.id, gate, victim, env };
  };
  const job = async (callback: number) =>
    (
      await rows<{ attempts: number; error: string | null }>(
        postgres.db,
        `select attempts, last_error as error from dagsmith_queue._private_jobs
         where (payload ->> 'callback')::bigint = $1`,
        [callback],
      )
    )[0];
  const deliverAgain = (callback: number) =>
    rows(
      postgres.db,
      `update dagsmith_queue._private_jobs set locked_by = null, locked_at = null, run_at = now()
       where (payload ->> 'callback')::bigint = $1`,
      [callback],
    );

  test("though another worker gets it while the first one lives", async () => {
    const { id, callback, gate, victim, env } = await held("delivered_twice");
    await startService("worker", env);
    await deliverAgain(callback);
    await until("the refusal", async () => (await job(callback))?.error?.includes("has not ended"));
    await victim.end("SIGKILL");
    await until("the death", async () => {
      const lost = `select from dagsmith.callback c join dagsmith.worker w on w.id = c.worker_id
        where c.id = $1 and w.state = 'lost'`;
      return (await rows(postgres.db, lost, [callback])).length > 0;
    });
    await deliverAgain(callback);
    await gate.open();
    expect(await ended(id, 1)).toMatchObject([{ state: "success", attempts: 2 }]);
    await until("the end of the job", async () => (await job(callback)) === undefined);
  });

  test("though the first one ends it late, when another one has claimed it", async () => {
    const { id, callback, gate } = await held("ended_late");
    const claim = "update dagsmith.callback set worker_id = $2 where id = $1";
    await rows(postgres.db, claim, [callback, "another"]);
    await gate.open();
    await until("the refusal", async () => (await job(callback))?.error?.includes("has not ended"));
    await deliverAgain(callback);
    expect(await ended(id, 1)).toMatchObject([{ state: "success", attempts: 2 }]);
    await until("the end of the job", async () => (await job(callback)) === undefined);
  });
});

test("a run that is cancelled has failed, and says so", async () => {
  await deploy(
    postgres.db,
    await dagFolder({
      "stopped.js": `
import { dag, waitForEvent } from "dagsmith";
const d = dag("stopped", { onFailure: ({ reason, log }) => log.info(reason) });
d.task("a", waitForEvent("go"));
export default d;`,
    }),
  );
  const { id } = await trigger("stopped");
  await cancelRun(postgres.db, { id, reason: "enough", ...me });
  const [callback] = await ended(id, 1);
  expect(callback?.lines).toContain("cancelled by ann: enough");
});

const DEADLINES = `
import { averageRuntime, dag, waitForEvent } from "dagsmith";
const callback = ({ event, reason, log }) => log.warn(event, reason);
const make = (id, deadlines, event) => {
  const d = dag(id, { deadlines: deadlines.map((one) => ({ callback, ...one })) });
  d.task("a", event ? waitForEvent("go") : () => 1);
  return d;
};
export default [
  make("late", [
    { reference: "queuedAt", interval: "50ms" },
    { reference: "queuedAt", interval: "1h" },
    { reference: "2020-01-01", interval: "-1h" },
    { reference: averageRuntime(2), interval: "0s" },
  ], true),
  make("in_time", [{ reference: "queuedAt", interval: "1h" }]),
  make("averaged", [{ reference: averageRuntime(2), interval: "1h" }]),
];`;

test("a deadline that is missed is called back once, however many schedulers look; one that is met is forgotten", async () => {
  await deploy(postgres.db, await dagFolder({ "deadlines.js": DEADLINES }));
  const others = [1, 2].map(() => startScheduler({ db: postgres.db, log: () => undefined }));
  onTestFinished(async () => void (await Promise.all(others.map((one) => one.stop()))));
  const { id } = await trigger("late");
  const missed = await ended(id, 2);
  expect(missed.map(({ event, ordinal }) => [event, ordinal]).toSorted()).toEqual([
    ["deadline", 0],
    ["deadline", 2],
  ]);
  expect(missed[0]?.lines).toMatch(
    /deadline the run had not succeeded by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/,
  );
  const left = () =>
    rows<{ ordinal: number }>(
      postgres.db,
      "select ordinal from dagsmith.deadline where run_id = $1",
      [id],
    );
  expect(await left()).toEqual([{ ordinal: 1 }]);
  await cancelRun(postgres.db, { id, ...me });
  expect(await left()).toEqual([{ ordinal: 1 }]);
  const inTime = await runEnd(postgres.db, (await trigger("in_time")).id);
  expect(
    await rows(postgres.db, "select from dagsmith.deadline where run_id = $1", [inTime.id]),
  ).toEqual([]);
});

test("an average is counted from as many runs as it names, and not before there are as many", async () => {
  const deadlines = async (id: number) =>
    rows<{ ms: number }>(
      postgres.db,
      "select extract(epoch from d.due_at - r.queued_at)::float8 * 1000 as ms from dagsmith.deadline d join dagsmith.dag_run r on r.id = d.run_id where r.id = $1",
      [id],
    );
  await until("the worker's earlier work", async () => (await missDeadlines(postgres.db)) === 0);
  for (const seconds of [10, 20]) {
    const { id } = await trigger("averaged");
    expect(await deadlines(id)).toEqual([]);
    await runEnd(postgres.db, id);
    await rows(
      postgres.db,
      `update dagsmith.dag_run set finished_at = started_at + interval '${seconds} seconds' where id = $1 returning 1 as n`,
      [id],
    );
  }
  await worker.stop();
  const [deadline] = await deadlines((await trigger("averaged")).id);
  expect(Math.round(deadline!.ms)).toBe(3_600_000 + 15_000);
});
