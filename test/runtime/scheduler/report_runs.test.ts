/** Runs that ended reach a collector: each at least once, in passes of bounded length. */
import { beforeEach, expect, test } from "vitest";
import { type RunCollector, reportRunsJob } from "../../../runtime/scheduler/jobs/report_runs.ts";
import type { Portion } from "../../../runtime/scheduler/report.ts";
import type { Job } from "../../../runtime/service/loop.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import type { ReportedPart } from "../../../runtime/store/runs/reported_part.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { dagSpec, Rows } from "../../support/rows.ts";

const postgres = migratedDatabase();
const plans = new Plans();
let versionId = 0;
let write: Rows;
let sent: ReportedPart[] = [];
let leftOut: (readonly [id: number, reason: string])[] = [];

beforeEach(async () => {
  sent = [];
  leftOut = [];
  write = new Rows(postgres.db.pool);
  await rows(postgres.db, "truncate dagsmith.report_sink, dagsmith.dag_run cascade");
  versionId = await write.dag(dagSpec("sales"));
});

type Before = (signal: AbortSignal, part: ReportedPart) => Promise<void>;

/** It notes each part, after `before` has let it. */
const collector = (before: Before = async () => undefined): RunCollector => ({
  sink: "traces",
  portionsOf: (part): readonly Portion[] => [
    async (signal) => {
      await before(signal, part);
      sent.push(part);
    },
  ],
  onLeftOut: ({ id }, reason) => void leftOut.push([id, reason]),
});

const newJob = (holder = "one", before?: Before, passMs = 60_000): Job =>
  reportRunsJob({ db: postgres.db, plans }, collector(before), holder, passMs);
const pass = (job: Job, signal = new AbortController().signal) =>
  job.runOnce({ signal, at: () => undefined });

/** Runs that ended after the first look of a job, a millisecond after each other. */
async function ended(count: number): Promise<readonly number[]> {
  await pass(newJob());
  const now = Date.now();
  const of = (_: unknown, at: number) => ({
    ...{ dagId: "sales", versionId, startedAt: new Date(now + at), tookMs: 1 },
  });
  return write.runs(Array.from({ length: count }, of));
}

const sentRuns = () => sent.map(({ run }) => run.id);

test("more than one batch is sent in one pass, each run once, the oldest first", async () => {
  const ids = await ended(120);
  expect(await pass(newJob())).toBe(120);
  expect(sentRuns()).toEqual(ids);
  expect(await pass(newJob())).toBe(0);
});

test("a pass ends after its time, and the next goes on at once", async () => {
  const ids = await ended(3);
  const job = newJob("one", undefined, 0);
  const counts = [];
  do counts.push(await pass(job));
  while ((await job.nextInMs?.()) === 0);
  expect(counts.length).toBeGreaterThan(3);
  expect(sentRuns()).toEqual(ids);
});

test("a run with more instances than a part is sent in parts, with its tries of all", async () => {
  const [id] = await ended(1);
  const instance = (_: unknown, mapIndex: number) => ({
    ...{ runId: id!, taskId: "only", state: "success" as const, mapIndex },
    startedAt: new Date(Date.now() + 60_000),
  });
  const instances = await write.instances(Array.from({ length: 2_000 }, instance));
  await rows(
    postgres.db,
    `insert into dagsmith.task_try (task_instance_id, try_number, state, started_at, finished_at)
     values ($1, 8, 'failed', now() + interval '1 hour', now() + interval '1 hour'),
            ($1, 9, 'failed', now() - interval '1 day', now())`,
    [instances[0]],
  );
  await pass(newJob());
  expect(sent.map(({ isFirst, tries }) => [isFirst, tries.length])).toEqual([
    [true, 1_001],
    [false, 1_000],
    [false, 0],
  ]);
  expect(sent.map(({ last }) => last?.mapIndex)).toEqual([999, 1_999, undefined]);
});

test("a portion that failed is sent again, and those before it are not", async () => {
  const ids = await ended(2);
  let isAway = true;
  const job = newJob("one", async () => {
    if (isAway && sent.length === 1) throw new Error("away");
  });
  await expect(pass(job)).rejects.toThrow("away");
  expect(sentRuns()).toEqual(ids.slice(0, 1));
  isAway = false;
  await pass(job);
  expect(sentRuns()).toEqual(ids);
});

test("a crash between the sending and the record sends the run again", async () => {
  const ids = await ended(1);
  const crashing = { ...postgres.db, query: postgres.db.query.bind(postgres.db) };
  const db: typeof postgres.db = {
    ...crashing,
    query: (statement, values) => {
      if (statement.name === "run_report_sent") throw new Error("crashed");
      return crashing.query(statement, values);
    },
  };
  const job = reportRunsJob({ db, plans }, collector(), "one");
  await expect(pass(job)).rejects.toThrow("crashed");
  await pass(newJob());
  expect(sentRuns()).toEqual([...ids, ...ids]);
});

test("a run that is committed after a run that ended later is sent, however long it took", async () => {
  const [later] = await ended(1);
  await rows(
    postgres.db,
    `update dagsmith.report_sink set position = position - interval '1 hour',
     looked_at = looked_at - interval '1 hour', open_then = '{}'`,
  );
  const client = await postgres.db.pool.connect();
  await client.query("begin");
  const at = { dagId: "sales", versionId, tookMs: 1, startedAt: minutesAgo(5) };
  const late = await new Rows(client).runs([at]);
  for (let count = 0; count < 3; count++) await pass(newJob());
  expect(sentRuns()).toEqual([later]);
  await client.query("commit");
  client.release();
  await pass(newJob());
  expect(sentRuns()).toEqual([later, ...late]);
  // Once it is over, nothing holds the position back.
  for (let count = 0; count < 3; count++) await pass(newJob());
  expect(
    await rows(
      postgres.db,
      "select position > now() - interval '3 minutes' as moved from dagsmith.report_sink",
    ),
  ).toEqual([{ moved: true }]);
});

const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);

/** @returns how many of these passes failed */
async function failures(job: Job, passes: number): Promise<number> {
  let count = 0;
  for (let at = 0; at < passes; at++) await pass(job).catch(() => (count += 1));
  return count;
}

test("a portion that the collector always fails on is left out, once it takes another run", async () => {
  const [first, second, third, fourth] = await ended(4);
  const job = newJob("one", async (_, { run }) => {
    if (run.id === first || run.id === second) throw new Error(`fails on ${run.id}`);
  });
  // The pass of the eighth attempt leaves the run out and goes on with the next run: the
  // passes 1 to 7 fail on the first run, and 8 to 14 on the second.
  expect(await failures(job, 40)).toBe(14);
  expect(leftOut).toEqual([
    [first, `fails on ${first}`],
    [second, `fails on ${second}`],
  ]);
  expect(new Set(sentRuns())).toEqual(new Set([third, fourth]));
  expect(await pass(newJob())).toBe(0);
});

test("while a collector takes nothing, no portion is left out, however often it was tried", async () => {
  const ids = await ended(3);
  let isAway = true;
  const job = newJob("one", async () => {
    if (isAway) throw new Error("away");
  });
  expect(await failures(job, 30)).toBe(30);
  isAway = false;
  await pass(job);
  expect([leftOut, sentRuns()]).toEqual([[], ids]);
});

test("a portion that fails is kept while no other run waits behind it", async () => {
  const [first] = await ended(1);
  const job = newJob("one", async (_, { run }) => {
    if (run.id === first) throw new Error("no");
  });
  expect(await failures(job, 30)).toBe(30);
  expect(leftOut).toEqual([]);
});

test("a run that was cleared is reported again", async () => {
  const ids = await ended(1);
  await pass(newJob());
  await rows(postgres.db, "update dagsmith.dag_run set generation = generation + 1");
  await pass(newJob());
  expect(sent.map(({ run }) => [run.id, run.generation])).toEqual([
    [ids[0], 0],
    [ids[0], 1],
  ]);
});

const expire = () =>
  rows(postgres.db, "update dagsmith.report_sink set leased_until = now() - interval '1 second'");

test("of two schedulers one sends; one that loses its lease in a backlog waits for its period", async () => {
  const ids = await ended(3);
  const job = newJob("one", undefined, 0);
  await pass(job);
  expect(await job.nextInMs?.()).toBe(0);
  await expect(pass(newJob("two"))).resolves.toBe(0);
  await expire();
  await pass(newJob("two"));
  const before = sentRuns();
  expect(await pass(job)).toBe(0);
  expect(await job.nextInMs?.()).toBeNull();
  expect(sentRuns()).toEqual(before);
  expect(new Set(before)).toEqual(new Set(ids));
});

test("a scheduler that stops does not wait for its collector", async () => {
  await ended(1);
  const stopping = new AbortController();
  const job = newJob("one", (signal) => {
    stopping.abort(new Error("stopping"));
    return signal.aborted ? Promise.reject(signal.reason) : new Promise(() => undefined);
  });
  await expect(pass(job, stopping.signal)).rejects.toThrow("stopping");
  expect(sent).toEqual([]);
});
