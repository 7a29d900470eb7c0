/**
 * Where the time of a task instance goes: processor time of the database, the worker and
 * the task processes, and what the database is asked for.
 */
import type { Database } from "../../runtime/store/database/database.ts";
import { familySeconds, parentOf } from "./processor_time.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";
import { type StatementUse, watchStatements } from "./statement_log.ts";

const SLOTS = 16;
const WIDTH = 10_000;
const LENGTH = 200;
const ROUNDS = 3;
const LISTED = 15;

const DAGS = `
import { chain, dag } from "dagsmith";
const wide = dag("wide");
for (let i = 0; i < ${WIDTH}; i++) wide.task("task_" + i, async () => {});
const mapped = dag("mapped");
mapped.task("item", { each: Array.from({ length: ${WIDTH} }, (_, index) => index) }, async () => {});
const long = dag("chain");
chain(...Array.from({ length: ${LENGTH} }, (_, index) => long.task("task_" + index, async () => {})));
export default [wide, mapped, long];
`;

/** Microseconds of processor time, counts and bytes: each for one task instance. */
interface Profile {
  readonly database: number;
  readonly worker: number;
  readonly tasks: number;
  readonly transactions: number;
  readonly walBytes: number;
  readonly statements: readonly StatementUse[];
}

export async function profileRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  await stand.deploy(DAGS);
  const worker = await stand.startWorker(SLOTS);
  try {
    await stand.run("wide");
    const rows: Row[] = [];
    for (const [dagId, size] of [
      ["wide", WIDTH],
      ["mapped", WIDTH],
      ["chain", LENGTH],
    ] as const) {
      const profile = await profileOf(stand.db, size * ROUNDS, async () => {
        for (let round = 0; round < ROUNDS; round++) await stand.run(dagId);
      });
      rows.push(...rowsOf(dagId, profile));
      print(dagId, profile);
    }
    return rows;
  } finally {
    await worker.stop();
  }
}

async function profileOf(
  db: Database,
  instances: number,
  work: () => Promise<void>,
): Promise<Profile> {
  using watched = watchStatements();
  const before = await measure(db);
  await work();
  const after = await measure(db);
  const each = (name: keyof Measured): number => (after[name] - before[name]) / instances;
  return {
    database: each("databaseUs"),
    worker: each("workerUs"),
    tasks: each("tasksUs"),
    transactions: each("transactions"),
    walBytes: each("walBytes"),
    statements: watched
      .used()
      .map(({ name, count, ms }) => ({ name, count: count / instances, ms: ms / count })),
  };
}

interface Measured {
  readonly databaseUs: number;
  readonly workerUs: number;
  readonly tasksUs: number;
  readonly transactions: number;
  readonly walBytes: number;
}

/**
 * The server counts transactions with a delay of up to a second, which is little over
 * thousands of instances.
 */
async function measure(db: Database): Promise<Measured> {
  const { rows } = await db.pool.query(
    `select pg_backend_pid() as backend, pg_current_wal_lsn() - '0/0' as wal,
       (select xact_commit from pg_stat_database where datname = current_database()) as transactions`,
  );
  const postmaster = parentOf(rows[0].backend) ?? 0;
  const { user, system } = process.cpuUsage();
  const server = familySeconds(postmaster);
  // An embedded server is a child of this process, and not a task process.
  const children = familySeconds(process.pid) - (user + system) / 1e6;
  const isOurs = parentOf(postmaster) === process.pid;
  return {
    databaseUs: server * 1e6,
    workerUs: user + system,
    tasksUs: (children - (isOurs ? server : 0)) * 1e6,
    transactions: Number(rows[0].transactions),
    walBytes: Number(rows[0].wal),
  };
}

function rowsOf(dagId: string, profile: Profile): readonly Row[] {
  const of = (what: string): string => `${dagId}: ${what} of an instance`;
  return [
    atMost(of("processor time of the database"), profile.database, "µs", 100),
    atMost(of("processor time of the worker"), profile.worker, "µs", 100),
    atMost(of("processor time of the task processes"), profile.tasks, "µs", 150),
  ];
}

/** What has no target, but tells where to look. */
function print(dagId: string, { transactions, walBytes, statements }: Profile): void {
  const sum = statements.reduce((total, { count }) => total + count, 0);
  console.log(
    `\n${dagId}, an instance: ${sum.toFixed(2)} statements, ${transactions.toFixed(2)} transactions, ${walBytes.toFixed(0)} bytes of WAL`,
  );
  for (const { name, count, ms } of statements.slice(0, LISTED))
    console.log(`  ${count.toFixed(3).padStart(8)}  ${ms.toFixed(2).padStart(8)} ms  ${name}`);
}
