/**
 * What a task instance costs the database as processes are added: `npm run bench --
 * scale`, with 1,000 instances for each row, or as many as `--instances=N` says.
 * Transactions, WAL and rows are counted by the server and do not depend on how busy the
 * machine is.
 */
import { triggerRun } from "../../runtime/actions/index.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { until } from "../support/until.ts";
import { startFleet } from "./fleet.ts";
import { atMost, type Row } from "./row.ts";
import { type Counts, numberIn, perUnit, type Question, serverCounts } from "./server_counts.ts";
import { openStand } from "./stand.ts";

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

/** For each task instance, apart from the connections. */
interface Cost extends Counts {
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
    atMost(
      `processor time of the database per task instance, ${fleet}`,
      cost.processorSeconds * 1_000,
      "ms",
      20,
    ),
    atMost(`most connections, ${fleet}`, cost.connections, "", connections),
  ];
}

async function costOf(workers: number, schedulers: number, instances: number): Promise<Cost> {
  await using stand = await openStand();
  const { db } = stand;
  await stand.deploy(dagOf(instances / RUNS));
  const args = ["--slots", String(SLOTS)];
  await using fleet = await startFleet(stand, {
    schedulers,
    workers: Array.from({ length: workers }, () => args),
  });
  const before = await serverCounts(db);
  for (let run = 0; run < RUNS; run++) await triggerRun(db, { dagId: "scale", actor: "bench" });
  const { connections, questions } = await watchedEnd(db);
  // A session hands in its counts at the latest when it ends.
  await fleet.stop();
  const after = await serverCounts(db);
  const transactions = after.transactions - questions;
  return { ...perUnit(before, { ...after, transactions }, instances), connections };
}

/**
 * Waits until all runs have ended.
 * @returns the most connections, and how many statements asked for them
 */
async function watchedEnd(db: Database) {
  let [connections, questions] = [0, 0];
  const ended = async (): Promise<boolean> => {
    questions += 2;
    connections = Math.max(connections, await numberIn(db, CONNECTIONS));
    return (await numberIn(db, ENDED)) === RUNS;
  };
  await until("the end of all runs", ended, MOST_SECONDS);
  return { connections, questions };
}

const dagOf = (items: number): string => `
import { dag } from "dagsmith";
const d = dag("scale", { maxActiveRuns: ${RUNS} });
d.task("each", { each: Array.from({ length: ${items} }, (_, index) => index) }, async () => {});
export default d;
`;

const ENDED: Question = {
  name: "bench_scale_ended",
  text: "select count(*) as n from dagsmith.dag_run where state = 'success'",
};
const CONNECTIONS: Question = {
  name: "bench_scale_connections",
  text: `
select count(*) as n from pg_stat_activity
where datname = current_database() and application_name <> '' and pid <> pg_backend_pid()`,
};
