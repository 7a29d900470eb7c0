/**
 * Many workers on one database behind pgbouncer: `npm run bench -- pooler --workers=200`.
 * The workers are services in this process, each with its own pools of connections and one
 * task process: 200 of them need 10 GB of memory. Needs Debian's package pgbouncer.
 */
import { setTimeout as pause } from "node:timers/promises";
import { openDatabase } from "../../runtime/store/database/database.ts";
import { findPgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { atLeast, atMost, type Row } from "./row.ts";
import { numberIn, type Question } from "./server_counts.ts";
import { openStand, type Stand } from "./stand.ts";

/** As docs/postgres.md says. */
const DIRECT_PER_WORKER = 5;
/** Connections of pgbouncer to the server. */
const POOL = 60;
/** Connections of the bench itself. */
const OWN = 14;
/** Workers that start at the same time: each starts a process. */
const AT_ONCE = 10;
const TASKS_PER_WORKER = 10;
const LOOK_MS = 100;

/** Each task waits a moment, so that no worker runs them all. */
const dagOf = (tasks: number): string => `
import { setTimeout } from "node:timers/promises";
import { dag } from "dagsmith";
const d = dag("pooled");
d.task("each", { each: Array.from({ length: ${tasks} }, (_, index) => index) }, () => setTimeout(200));
export default d;
`;

const CONNECTIONS: Question = {
  name: "bench_pooler_connections",
  text: `
select count(*) as n from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()`,
};
const INSTANCES: Question = {
  name: "bench_pooler_instances",
  text: "select count(*) as n from dagsmith.task_instance where state = 'success'",
};
const WORKERS: Question = {
  name: "bench_pooler_workers",
  text: "select count(distinct worker_id) as n from dagsmith.task_instance",
};

export async function poolerRows(workers: number): Promise<readonly Row[]> {
  const pgbouncer = findPgbouncer();
  if ("missing" in pgbouncer)
    throw new Error(`The rows of pooler need pgbouncer: ${pgbouncer.missing}.`);
  const most = DIRECT_PER_WORKER * workers + POOL + OWN;
  await using stand = await openStand([`max_connections=${most}`]);
  await stand.deploy(dagOf(workers * TASKS_PER_WORKER));
  const settings = [`default_pool_size = ${POOL}`, `max_client_conn = ${workers * 20}`];
  const pooler = await startPgbouncer(pgbouncer.found, stand.db.url, "transaction", settings);
  try {
    return await measured(stand, pooler.url, workers, most);
  } finally {
    await pooler.stop();
  }
}

async function measured(
  stand: Stand,
  url: string,
  workers: number,
  most: number,
): Promise<readonly Row[]> {
  await using _workers = await startWorkers(stand, url, workers);
  const idle = await numberIn(stand.db, CONNECTIONS);
  const { ms, most: busy } = await watched(stand);
  const ran = await numberIn(stand.db, WORKERS);
  const tasks = await numberIn(stand.db, INSTANCES);
  const note = `${ran} of ${workers} workers ran some, in ${(ms / 1_000).toFixed(0)} s`;
  const name = `${workers} workers behind pgbouncer`;
  return [
    atLeast(`tasks that ${name} ran`, tasks, "", workers * TASKS_PER_WORKER, note),
    atMost(`connections of the server, ${name}, idle`, idle, "", most),
    atMost(`most connections of the server, ${name}`, busy, "", most),
  ];
}

async function startWorkers(stand: Stand, url: string, count: number): Promise<AsyncDisposable> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(stops.map((one) => one())));
  try {
    while (stops.length < count) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - stops.length) });
      await Promise.all(some.map(async () => stops.push(await startWorker(stand, url))));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}

/** A worker with connections of its own. @returns what stops it */
async function startWorker(stand: Stand, url: string): Promise<() => Promise<void>> {
  const db = openDatabase(url, { poolSize: 20, directUrl: stand.db.url });
  const worker = await stand.startWorker(1, { db });
  return async () => {
    await worker.stop();
    await db.close();
  };
}

async function watched(stand: Stand): Promise<{ readonly ms: number; readonly most: number }> {
  const seen: number[] = [];
  const ended = new AbortController();
  const watching = watch(stand, seen, ended.signal);
  const { ms } = await stand.run("pooled");
  ended.abort();
  await watching;
  return { ms, most: Math.max(...seen) };
}

async function watch({ db }: Stand, seen: number[], ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    seen.push(await numberIn(db, CONNECTIONS));
    await pause(LOOK_MS);
  }
}
