/**
 * Deletes old rows that no other row needs: decisions, updates of assets, and the audit.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { countOf, deleteAll, deleteSome, isOlder, ROWS_AT_ONCE } from "./delete_some.ts";

// What a schedule has decided is remembered in dag_schedule; these rows are for people.
const DECISIONS = deleteSome(
  "retention_delete_decisions",
  "dagsmith.schedule_decision",
  isOlder("decided_at"),
);

const COUNT_DECISIONS: Statement = {
  name: "retention_decision_count",
  text: `
select count(*)::int as rows from dagsmith.schedule_decision where ${isOlder("decided_at")}`,
};

/** A table that is read in the order of its ids, which is the order of time. */
interface Journal {
  readonly delete: Statement;
  readonly count: Statement;
}

/** @param isFree whether the row `e` may be deleted, apart from its age */
function journal(name: string, table: string, isFree: string): Journal {
  const old = `${isOlder("e.at")} and (${isFree})`;
  return {
    delete: {
      name: `retention_delete_${name}`,
      text: `
with page as (
  select id, ${isOlder("at")} as is_old from ${table} where id > $2 order by id limit $3
), gone as (
  delete from ${table} where id in (
    select e.id from ${table} e where e.id in (select id from page where is_old)
      and (${isFree}) for update skip locked)
  returning 1
)
select (select count(*)::int from gone) as rows, max(id) filter (where is_old) as "lastId"
from page`,
    },
    count: {
      name: `retention_count_${name}`,
      text: `select count(*)::int as rows from ${table} e where ${old}`,
    },
  };
}

const AUDIT = journal("audit", "dagsmith.audit", "true");

// An update that waits for a DAG stays, and so does the newest update of each asset:
// tasks and people read it.
const ASSET_EVENTS = journal(
  "asset_events",
  "dagsmith.asset_event",
  `not exists (select from dagsmith.asset_queue q where q.event_id = e.id)
  and exists (select from dagsmith.asset_event o where o.uri = e.uri and o.id > e.id)`,
);

export const deleteDecisions = (db: Queryable, ageMs: number): AsyncGenerator<number> =>
  deleteAll(db, DECISIONS, ageMs);
export const deleteAudit = (db: Queryable, ageMs: number): AsyncGenerator<number> =>
  deleteJournal(db, AUDIT, ageMs);
export const deleteAssetEvents = (db: Queryable, ageMs: number): AsyncGenerator<number> =>
  deleteJournal(db, ASSET_EVENTS, ageMs);

export const countDecisions = (db: Queryable, ageMs: number): Promise<number> =>
  countOf(db, COUNT_DECISIONS, [ageMs]);
export const countAudit = (db: Queryable, ageMs: number): Promise<number> =>
  countOf(db, AUDIT.count, [ageMs]);
export const countAssetEvents = (db: Queryable, ageMs: number): Promise<number> =>
  countOf(db, ASSET_EVENTS.count, [ageMs]);

/**
 * Continues after the last old row of each page, and ends at the first page without one.
 */
async function* deleteJournal(
  db: Queryable,
  { delete: statement }: Journal,
  ageMs: number,
): AsyncGenerator<number> {
  for (let after: number | null = 0; after !== null; ) {
    const [page]: readonly { rows: number; lastId: number | null }[] = await db.query(statement, [
      ageMs,
      after,
      ROWS_AT_ONCE,
    ]);
    after = page?.lastId ?? null;
    yield page?.rows ?? 0;
  }
}
