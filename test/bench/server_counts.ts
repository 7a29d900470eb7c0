/** What a PostgreSQL counts of its own work. */
import type { Database } from "../../runtime/store/database/database.ts";
import { familySeconds } from "./processor_time.ts";

/** A statement that answers with one number `n`. */
export interface Question {
  readonly name: string;
  readonly text: string;
}

export async function numberIn(db: Database, question: Question): Promise<number> {
  const [row] = await db.query<{ n: string }>(question);
  return Number(row?.n ?? 0);
}

/**
 * - rows: inserted, updated and deleted
 * - processorSeconds: of the server and its sessions; NaN when it is not on this machine
 * - tableBytes: of all tables with their indexes
 */
export const NAMES = [
  "transactions",
  "walBytes",
  "rows",
  "processorSeconds",
  "tableBytes",
] as const;
export type CountName = (typeof NAMES)[number];
export type Counts = Readonly<Record<CountName, number>>;

/** Counts that are computed one by one. */
export function countsFrom(compute: (name: CountName) => number): Counts {
  return Object.fromEntries(NAMES.map((name) => [name, compute(name)])) as Counts;
}

/** What was counted between two moments, for each of so many units. */
export function perUnit(before: Counts, after: Counts, units: number): Counts {
  return countsFrom((name) => (after[name] - before[name]) / units);
}

const COUNTS = {
  name: "bench_server_counts",
  text: `
select xact_commit as transactions, pg_current_wal_insert_lsn() - '0/0' as "walBytes",
  tup_inserted + tup_updated + tup_deleted as rows,
  (select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r'
    and relnamespace in ('dagsmith'::regnamespace, 'dagsmith_queue'::regnamespace)) as "tableBytes"
from pg_stat_database where datname = current_database()`,
};

/** Since the start of the server. */
export async function serverCounts(db: Database): Promise<Counts> {
  const [row] = await db.query<Record<CountName, string>>(COUNTS);
  if (!row) throw new Error("the server has no statistics of this database");
  const seconds = await processorSeconds(db);
  return countsFrom((name) => (name === "processorSeconds" ? seconds : Number(row[name])));
}

const SERVER: Question = {
  name: "bench_server",
  text: "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as n",
};

/** The role must be a superuser to learn the process of the server. */
async function processorSeconds(db: Database): Promise<number> {
  const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(db.url).hostname);
  return isHere ? familySeconds(await numberIn(db, SERVER)) : Number.NaN;
}
