/** Whether a million finished task instances slow anything down: row 7. */
import type { Database } from "../../runtime/store/database/database.ts";
import { atLeast, type Row } from "./row.ts";
import { openStand, type Stand } from "./stand.ts";

const INSTANCES = 1_000_000;
const PER_RUN = 1_000;
const SLOTS = 8;
const ROUNDS = 8;

const DAG = `
import { dag } from "dagsmith";
const d = dag("wide");
for (let i = 0; i < ${PER_RUN}; i++) d.task("task_" + i, async () => {});
export default d;
`;

/**
 * Two databases, one with history, measured in turn, so that the machine's other work
 * weighs on both alike.
 */
export async function historyRows(): Promise<readonly Row[]> {
  await using empty = await openStand();
  await using full = await openStand();
  const workers = await Promise.all([empty, full].map((stand) => prepare(stand)));
  try {
    await fillHistory(full.db);
    const [without, withHistory] = await fastest([empty, full]);
    return [
      atLeast(
        "1,000,000 finished task instances in the tables",
        (without ?? 0) / (withHistory ?? 1),
        "x the throughput of empty tables",
        0.95,
      ),
    ];
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

async function prepare(stand: Stand): Promise<{ stop(): Promise<void> }> {
  await stand.deploy(DAG);
  const worker = await stand.startWorker(SLOTS);
  await stand.run("wide");
  return worker;
}

async function fastest(stands: readonly Stand[]): Promise<readonly number[]> {
  const best = stands.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, stand] of stands.entries())
      best[index] = Math.min(best[index] ?? 0, (await stand.run("wide")).ms);
  }
  return best;
}

/**
 * History as the engine leaves it, and statistics as autovacuum would have made them long
 * before.
 */
async function fillHistory(db: Database): Promise<void> {
  await db.pool.query(
    `with past as (
       insert into dagsmith.dag_run (dag_id, run_id, run_type, state, version_id, logical_date, data_interval_start, data_interval_end, run_after, started_at, finished_at)
       select 'wide', 'manual__history_' || n, 'manual', 'success', (select version_id from dagsmith.dag where dag_id = 'wide'), now(), now(), now(), now(), now(), now()
       from generate_series(1, $1::int) n returning id
     )
     insert into dagsmith.task_instance (run_id, task_id, state, worker_id, queued_at, started_at, finished_at)
     select past.id, 'task_' || n, 'success', 'history', now(), now(), now() from past, generate_series(0, $2::int - 1) n`,
    [INSTANCES / PER_RUN, PER_RUN],
  );
  await db.pool.query("vacuum analyze dagsmith.task_instance, dagsmith.dag_run");
}
