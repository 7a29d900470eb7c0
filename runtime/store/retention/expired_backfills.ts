/**
 * Deletes backfills that ended long ago, with their plans, once none of their runs is
 * left.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { countOf, deleteAll, deleteSome, isOlder } from "./delete_some.ts";

const EXPIRED = `
${isOlder("ended_at")}
and not exists (select from dagsmith.dag_run r where r.backfill_id = backfill.id)`;

const PLANS = deleteSome(
  "retention_delete_plans",
  "dagsmith.backfill_run",
  `backfill_id in (select id from dagsmith.backfill where ${EXPIRED})`,
);

const BACKFILLS = deleteSome(
  "retention_delete_backfills",
  "dagsmith.backfill",
  `${EXPIRED}
  and not exists (select from dagsmith.backfill_run s where s.backfill_id = backfill.id)`,
);

const COUNT: Statement = {
  name: "retention_backfill_count",
  text: `select count(*)::int as rows from dagsmith.backfill where ${EXPIRED}`,
};

/** Plans first: the plan of one backfill may have a row for each of 100,000 intervals. */
export const deletePlans = (db: Queryable, ageMs: number): AsyncGenerator<number> =>
  deleteAll(db, PLANS, ageMs);

export const deleteBackfills = (db: Queryable, ageMs: number): AsyncGenerator<number> =>
  deleteAll(db, BACKFILLS, ageMs);

export const countBackfills = (db: Queryable, ageMs: number): Promise<number> =>
  countOf(db, COUNT, [ageMs]);
