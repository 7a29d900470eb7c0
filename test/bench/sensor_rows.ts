/**
 * Ten thousand sensors that wait: what they cost while they do, and how soon all have
 * passed when what they wait for is there.
 */
import { readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { triggerRun } from "../../runtime/actions/index.ts";
import { startScheduler } from "../../runtime/scheduler/service.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const SENSORS = 10_000;
const WATCHED_MS = 30_000;
const SLOTS = 16;
/**
 * Clock ticks of /proc in a second: what Linux has on every machine that this runs on.
 */
const TICKS_PER_SECOND = 100;

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
    const before = cpuSeconds();
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
    const cores = (cpuSeconds() - before) / (WATCHED_MS / 1_000);
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

/**
 * CPU time of this process, which is worker and scheduler, and of all that it started:
 * task processes and the database.
 */
function cpuSeconds(): number {
  const processes = readdirSync("/proc").flatMap((entry) => statOf(entry) ?? []);
  const family = new Set([process.pid]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  return (
    processes.filter(({ pid }) => family.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0) /
    TICKS_PER_SECOND
  );
}

/**
 * The fields of /proc/<pid>/stat behind the name, which may hold anything: state, parent
 * … user and system time.
 */
function statOf(
  entry: string,
): { readonly pid: number; readonly parent: number; readonly ticks: number } | undefined {
  if (!/^\d+$/.test(entry)) return undefined;
  try {
    const text = readFileSync(`/proc/${entry}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // Ended children count in their parent's own account of them.
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return { pid: Number(entry), parent: Number(fields[1]), ticks };
  } catch {
    return undefined;
  }
}
