/**
 * Ten thousand sensors that wait: what they cost while they do, and how soon all have
 * passed when what they wait for is there.
 */
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { triggerRun } from "../../runtime/actions/index.ts";
import { startScheduler } from "../../runtime/scheduler/service.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { familySeconds } from "./processor_time.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const SENSORS = 10_000;
const WATCHED_MS = 30_000;
const SLOTS = 16;

const flag = join(tmpdir(), `dagsmith-bench-sensors-${process.pid}`);
const DAG = `
import { dag } from "dagsmith";
import { existsSync } from "node:fs";
const d = dag("sensors");
d.sensor("each", { each: Array.from({ length: ${SENSORS} }, (_, index) => index), interval: "10m" }, () => existsSync(${JSON.stringify(flag)}));
export default d;
`;

export async function sensorRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(DAG);
  const worker = await stand.startWorker(SLOTS);
  const scheduler = startScheduler({ db: stand.db, log: () => undefined });
  try {
    const { id } = await triggerRun(stand.db, { dagId: "sensors", actor: "bench" });
    await until(stand.db, id, "up_for_reschedule");
    const pokeMs = await averagePokeMs(stand.db, id);
    const before = familySeconds(process.pid);
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
    const cores = (familySeconds(process.pid) - before) / (WATCHED_MS / 1_000);
    await writeFile(flag, "");
    const releasedAt = performance.now();
    // Their next poke would be minutes away: bring it near, as time would.
    await stand.db.pool.query("update dagsmith.task_wait set due_at = now()");
    await until(stand.db, id, "success");
    const seconds = (performance.now() - releasedAt) / 1_000;
    return [
      atMost(
        `${SENSORS} waiting sensors: worker, scheduler and database while they wait`,
        cores,
        "cores",
        0.1,
        `over ${WATCHED_MS / 1_000} s`,
      ),
      atMost(
        `${SENSORS} waiting sensors, all due at once: all have passed`,
        seconds,
        "s",
        20,
        `their first pokes took ${pokeMs.toFixed(2)} ms each`,
      ),
    ];
  } finally {
    await scheduler.stop();
    await worker.stop();
    await rm(flag, { force: true });
  }
}

async function until(db: Database, runId: number, state: string): Promise<void> {
  for (;;) {
    const { rows } = await db.pool.query(
      "select count(*)::int as n from dagsmith.task_instance where run_id = $1 and state = $2",
      [runId, state],
    );
    if (rows[0].n === SENSORS) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function averagePokeMs(db: Database, runId: number): Promise<number> {
  const { rows } = await db.pool.query(
    "select extract(epoch from max(started_at) - min(started_at))::float8 * 1000 / count(*) as ms from dagsmith.task_instance where run_id = $1",
    [runId],
  );
  return rows[0].ms;
}
