/**
 * What it costs to delete old history while runs go on: `npm run bench -- clean`, with
 * 1,000,000 task instances, or as many as `--instances=N` says.
 */

import { restForRuns } from "../../runtime/actions/rest_for_runs.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import type { Session } from "../../runtime/store/database/pool.ts";
import { cleanHistory } from "../../runtime/transactions/clean_history.ts";
import { atLeast, atMost, median, type Row } from "./row.ts";
import { openStand, type Stand } from "./stand.ts";

const DAY_MS = 86_400_000;
const PER_RUN = 1_000;
const SLOTS = 8;
/** Runs measured before the clean begins. */
const ROUNDS = 8;

const DAG = `
import { dag } from "dagsmith";
const d = dag("wide");
for (let i = 0; i < 300; i++) d.task("task_" + i, async () => {});
export default d;
`;

export async function cleanRows(instances: number): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(DAG);
  const worker = await stand.startWorker(SLOTS);
  try {
    await stand.run("wide");
    await withoutTimeout(stand.db, (on) => fillHistory(on, instances));
    const before = await withoutTimeout(stand.db, bytesOf);
    const alone = await timesOf(stand, (count) => count < ROUNDS);
    const { seconds, longestMs, times } = await cleanUnderLoad(stand);
    const name = `${instances.toLocaleString("en")} old task instances`;
    const freed = (before - (await withoutTimeout(stand.db, bytesOf))) / 2 ** 20;
    return [
      atLeast(
        `while ${name} are deleted`,
        median(alone) / median(times),
        "x the throughput of before",
        0.9,
      ),
      atMost(`longest transaction that deletes ${name}`, longestMs, "ms", 500),
      atLeast(`deleting ${name}`, instances / seconds, "instances a second", 2_000),
      atLeast(`space of ${name}, with a log and a value each`, freed, "MiB freed", 1),
    ];
  } finally {
    await worker.stop();
  }
}

/** Runs one after the other. @returns how long each took, in milliseconds */
async function timesOf(
  stand: Stand,
  goesOn: (count: number) => boolean,
): Promise<readonly number[]> {
  const times: number[] = [];
  while (goesOn(times.length)) times.push((await stand.run("wide")).ms);
  return times;
}

/** A step is one transaction with its way to the server and back. */
async function cleanUnderLoad(stand: Stand) {
  let isOver = false;
  const working = timesOf(stand, (count) => !isOver || count === 0);
  const from = performance.now();
  let longestMs = 0;
  const steps = timed(cleanHistory(stand.db, { runs: 90 * DAY_MS }), (ms) => {
    longestMs = Math.max(longestMs, ms);
  });
  for await (const _ of restForRuns(stand.db, steps));
  const seconds = (performance.now() - from) / 1_000;
  isOver = true;
  return { seconds, longestMs, times: await working };
}

/** Tells how long each step took, without the rest after it. */
async function* timed<Step>(steps: AsyncIterable<Step>, onStep: (ms: number) => void) {
  let from = performance.now();
  for await (const step of steps) {
    onStep(performance.now() - from);
    yield step;
    from = performance.now();
  }
}

const TABLES = ["dag_run", "task_instance", "log_chunk", "xcom", "task_counter"].map(
  (table) => `dagsmith.${table}`,
);

/** Statements over a million rows take longer than sessions of the pool allow. */
async function withoutTimeout<Result>(
  db: Database,
  work: (on: Session) => Promise<Result>,
): Promise<Result> {
  const session = await db.session();
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

/** The size of the tables when no space in them is free. */
async function bytesOf(on: Session): Promise<number> {
  for (const table of TABLES) await on.query(`vacuum full ${table}`);
  const sizes = TABLES.map((table) => `pg_total_relation_size('${table}')`).join(" + ");
  const { rows } = await on.query<{ bytes: number }>(`select ${sizes} as bytes`);
  return Number(rows[0]?.bytes);
}

/** Old runs as the engine leaves them: each instance has a line of log and a value. */
async function fillHistory(on: Session, instances: number): Promise<void> {
  const old = "now() - interval '100 days'";
  await on.query(
    `insert into dagsmith.dag_run (dag_id, run_id, run_type, state, version_id, logical_date,
       data_interval_start, data_interval_end, run_after, started_at, finished_at)
     select 'wide', 'manual__old_' || n, 'manual', 'success',
       (select version_id from dagsmith.dag where dag_id = 'wide'), at, at, at, at, at, at
     from generate_series(1, $1::int) n, lateral (select ${old} + n * interval '1 second' as at) t`,
    [Math.ceil(instances / PER_RUN)],
  );
  await on.query(
    `with made as (
       insert into dagsmith.task_instance (run_id, task_id, map_index, state, worker_id, queued_at, started_at, finished_at)
       select id, 'task_0', n, 'success', 'old', ${old}, ${old}, ${old}
       from dagsmith.dag_run, generate_series(1, ${PER_RUN}) n where run_id like 'manual__old%'
       returning id, run_id, map_index
     ), logged as (
       insert into dagsmith.log_chunk (task_instance_id, try_number, seq, lines)
       select id, 1, 1, '{"time":"2026-01-01T00:00:00Z","level":"info","source":"task","text":"done"}' from made
     )
     insert into dagsmith.xcom (run_id, task_id, map_index, key, value)
     select run_id, 'task_0', map_index, 'return_value', '1' from made`,
  );
  await on.query(`vacuum analyze ${TABLES.join(", ")}`);
}
