/**
 * What a task instance costs the database as processes are added: `npm run bench --
 * scale`, with 1,000 instances for each row, or as many as `--instances=N` says.
 * Transactions, WAL and rows are counted by the server and do not depend on how busy the
 * machine is.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { triggerRun } from "../../runtime/actions/index.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { until } from "../support/until.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const BIN = fileURLToPath(new URL("../../runtime/cli/bin.ts", import.meta.url));
const RUNS = 2;
const SLOTS = 4;
const MOST_SECONDS = 1_800;
/** The connections that docs/postgres.md allows a process, and those of this process. */
const PER_WORKER = 21;
const PER_SCHEDULER = 20;
const OWN = 14;
/** Worker processes and schedulers of each row. */
const FLEETS = [
  [1, 1],
  [2, 1],
  [4, 1],
  [8, 1],
  [8, 3],
] as const;

interface Cost {
  readonly transactions: number;
  readonly walBytes: number;
  readonly rows: number;
  readonly milliseconds: number;
  readonly connections: number;
}

export async function scaleRows(instances: number): Promise<readonly Row[]> {
  const costs: Cost[] = [];
  for (const [workers, schedulers] of FLEETS)
    costs.push(await costOf(workers, schedulers, instances));
  const [first] = costs;
  return FLEETS.flatMap(([workers, schedulers], at) => {
    const cost = costs[at];
    if (!first || !cost) return [];
    const fleet = `${workers} workers, ${schedulers} schedulers`;
    return rowsOf(fleet, cost, first, PER_WORKER * workers + PER_SCHEDULER * schedulers + OWN);
  });
}

/**
 * WAL and rows may grow by half over those of one worker. Transactions may grow more: the
 * heartbeats of all processes count, and a batch of results is smaller in each worker.
 */
function rowsOf(fleet: string, cost: Cost, first: Cost, connections: number): readonly Row[] {
  return [
    atMost(
      `transactions per task instance, ${fleet}`,
      cost.transactions,
      "",
      first.transactions * 3,
    ),
    atMost(`WAL per task instance, ${fleet}`, cost.walBytes, "bytes", first.walBytes * 1.5),
    atMost(`rows written per task instance, ${fleet}`, cost.rows, "", first.rows * 1.5),
    atMost(`database time per task instance, ${fleet}`, cost.milliseconds, "ms", 1_000),
    atMost(`most connections, ${fleet}`, cost.connections, "", connections),
  ];
}

async function costOf(workers: number, schedulers: number, instances: number): Promise<Cost> {
  await using stand = await openStand();
  const { db } = stand;
  await stand.deploy(dagOf(instances / RUNS));
  const processes = [
    ...Array.from({ length: schedulers }, () => start(db, ["scheduler"])),
    ...Array.from({ length: workers }, () => start(db, ["worker", "--slots", String(SLOTS)])),
  ];
  try {
    await reached(db, ALIVE, workers + schedulers);
    const before = await figures(db);
    for (let run = 0; run < RUNS; run++) await triggerRun(db, { dagId: "scale", actor: "bench" });
    let connections = 0;
    await reached(db, ENDED, RUNS, async () => {
      connections = Math.max(connections, await numberIn(db, CONNECTIONS));
    });
    // A session hands in its counts at the latest when it ends.
    await Promise.all(processes.map(stop));
    return { ...perInstance(before, await figures(db), instances), connections };
  } finally {
    await Promise.all(processes.map(stop));
  }
}

const dagOf = (items: number): string => `
import { dag } from "dagsmith";
const d = dag("scale", { maxActiveRuns: ${RUNS} });
d.task("each", { each: Array.from({ length: ${items} }, (_, index) => index) }, async () => {});
export default d;
`;

function start(db: Database, args: readonly string[]): ChildProcess {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DATABASE_URL: db.url };
  return spawn(process.execPath, [BIN, ...args], { env, stdio: ["ignore", "ignore", "inherit"] });
}

async function stop(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const ended = once(process, "exit");
  process.kill("SIGTERM");
  await ended;
}

const ALIVE = `
select (select count(*) from dagsmith.worker where state = 'active')
  + (select count(*) from dagsmith.scheduler) as n`;
const ENDED = "select count(*) as n from dagsmith.dag_run where state = 'success'";
const CONNECTIONS = `
select count(*) as n from pg_stat_activity
where datname = current_database() and application_name <> '' and pid <> pg_backend_pid()`;

async function numberIn(db: Database, text: string): Promise<number> {
  const [row] = await db.query<{ n: string }>({ name: `bench_scale_${text.length}`, text });
  return Number(row?.n ?? 0);
}

/** Asks for a number until it is reached. */
const reached = (
  db: Database,
  text: string,
  wanted: number,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<true> =>
  until(
    `${wanted} of: ${text}`,
    async () => {
      await meanwhile();
      return (await numberIn(db, text)) >= wanted;
    },
    MOST_SECONDS,
  );

type Figures = Omit<Cost, "connections">;

async function figures(db: Database): Promise<Figures> {
  const [row] = await db.query<{ [Name in keyof Figures]: string }>({
    name: "bench_scale_figures",
    text: `
select xact_commit as transactions, pg_current_wal_insert_lsn() - '0/0' as "walBytes",
  tup_inserted + tup_updated + tup_deleted as rows, active_time as milliseconds
from pg_stat_database where datname = current_database()`,
  });
  if (!row) throw new Error("the server has no statistics of this database");
  const { transactions, walBytes, rows, milliseconds } = row;
  return {
    ...{ transactions: Number(transactions), walBytes: Number(walBytes) },
    ...{ rows: Number(rows), milliseconds: Number(milliseconds) },
  };
}

function perInstance(before: Figures, after: Figures, instances: number): Figures {
  const per = (name: keyof Figures): number => (after[name] - before[name]) / instances;
  return {
    ...{ transactions: per("transactions"), walBytes: per("walBytes") },
    ...{ rows: per("rows"), milliseconds: per("milliseconds") },
  };
}
