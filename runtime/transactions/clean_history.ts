/**
 * Deletes old history, kind by kind, in transactions of bounded size. Each kind is a
 * generator that yields what one transaction deleted, so that its caller may stop, or
 * wait, after each. A crash loses no more than the current transaction, and the next pass
 * goes on from there.
 */
import { RETENTION_KINDS, type Retention, type RetentionKind } from "../retention.ts";
import type { Database } from "../store/database/database.ts";
import {
  countBackfills,
  deleteBackfills,
  deletePlans,
} from "../store/retention/expired_backfills.ts";
import {
  countAssetEvents,
  countAudit,
  countDecisions,
  deleteAssetEvents,
  deleteAudit,
  deleteDecisions,
} from "../store/retention/expired_rows.ts";
import {
  countRuns,
  FIRST,
  markRuns,
  oldRuns,
  type RunPosition,
} from "../store/retention/expired_runs.ts";
import { countVersions, deleteSomeVersions } from "../store/retention/expired_versions.ts";
import { countLogs, logProgress, recordLogProgress } from "../store/retention/log_progress.ts";
import {
  deleteLogs,
  deleteMarkedRuns,
  instanceSlices,
  markedRuns,
} from "../store/retention/marked_runs.ts";

/** What one transaction deleted. */
export interface Deleted {
  readonly kind: RetentionKind;
  /** Of the kind: runs, decisions, updates…; rows of the log for logs. */
  readonly items: number;
  /** Rows of all tables. */
  readonly rows: number;
}

/** Rows that one transaction of a kind deletes. */
type Step = Omit<Deleted, "kind">;

interface Kind {
  delete(db: Database, ageMs: number): AsyncGenerator<Step>;
  count(db: Database, ageMs: number): Promise<number>;
}

/** Runs that are checked together. */
const RUNS_AT_ONCE = 200;
/** Marked runs deleted together: an instance is a row of several tables. */
const RUNS_DELETED_AT_ONCE = 20;
/** Their specs are large. */
const VERSIONS_AT_ONCE = 20;

const KINDS: Readonly<Record<RetentionKind, Kind>> = {
  runs: { delete: deleteOldRuns, count: countOldRuns },
  logs: { delete: deleteOldLogs, count: countOldLogs },
  decisions: { delete: rowsOnly(deleteDecisions), count: countDecisions },
  "asset-events": { delete: rowsOnly(deleteAssetEvents), count: countAssetEvents },
  audit: { delete: rowsOnly(deleteAudit), count: countAudit },
  backfills: { delete: deleteOldBackfills, count: countBackfills },
  versions: { delete: deleteOldVersions, count: countVersions },
};

/** Deletes what is older than its age, kind by kind. */
export async function* cleanHistory(db: Database, ages: Retention): AsyncGenerator<Deleted> {
  for (const kind of RETENTION_KINDS) {
    const ageMs = ages[kind];
    if (ageMs === undefined) continue;
    for await (const step of KINDS[kind].delete(db, ageMs)) yield { kind, ...step };
  }
}

/** How much of each kind {@link cleanHistory} would delete now. */
export async function countHistory(
  db: Database,
  ages: Retention,
): Promise<Readonly<Partial<Record<RetentionKind, number>>>> {
  const counts: Partial<Record<RetentionKind, number>> = {};
  for (const kind of RETENTION_KINDS) {
    const ageMs = ages[kind];
    if (ageMs !== undefined) counts[kind] = await KINDS[kind].count(db, ageMs);
  }
  return counts;
}

function rowsOnly(source: (db: Database, ageMs: number) => AsyncGenerator<number>) {
  return async function* (db: Database, ageMs: number): AsyncGenerator<Step> {
    for await (const rows of source(db, ageMs)) yield { items: rows, rows };
  };
}

/** First the runs that a pass before left, then page by page: marked, then deleted. */
async function* deleteOldRuns(db: Database, ageMs: number): AsyncGenerator<Step> {
  yield* deleteMarked(db);
  for await (const page of pagesOf(db, ageMs, FIRST, RUNS_AT_ONCE)) {
    const ids = page.map(({ id }) => id);
    const items = await db.transaction((tx) => markRuns(tx, ageMs, ids));
    yield { items, rows: 0 };
    yield* deleteMarked(db);
  }
}

async function* deleteMarked(db: Database): AsyncGenerator<Step> {
  for (let rest = RUNS_AT_ONCE; rest > 0; rest -= RUNS_DELETED_AT_ONCE) {
    const ids = await markedRuns(db, RUNS_DELETED_AT_ONCE);
    if (ids.length === 0) return;
    for await (const rows of deleteMarkedRuns(db, ids)) yield { items: 0, rows };
  }
}

async function countOldRuns(db: Database, ageMs: number): Promise<number> {
  let count = 0;
  for await (const page of pagesOf(db, ageMs, FIRST, RUNS_AT_ONCE))
    count += await countRuns(
      db,
      ageMs,
      page.map(({ id }) => id),
    );
  return count;
}

async function* deleteOldLogs(db: Database, ageMs: number): AsyncGenerator<Step> {
  const from = await logProgress(db);
  for await (const page of pagesOf(db, ageMs, from, RUNS_DELETED_AT_ONCE)) {
    for (const slice of await slicesOf(db, page))
      for await (const rows of deleteLogs(db, slice)) yield { items: rows, rows };
    await recordLogProgress(db, page.at(-1) ?? from);
  }
}

async function countOldLogs(db: Database, ageMs: number): Promise<number> {
  let count = 0;
  for await (const page of pagesOf(db, ageMs, await logProgress(db), RUNS_DELETED_AT_ONCE))
    for (const slice of await slicesOf(db, page)) count += await countLogs(db, slice);
  return count;
}

function slicesOf(db: Database, page: readonly RunPosition[]) {
  return instanceSlices(
    db,
    page.map(({ id }) => id),
  );
}

async function* pagesOf(
  db: Database,
  ageMs: number,
  from: RunPosition,
  limit: number,
): AsyncGenerator<readonly RunPosition[]> {
  for (let after: RunPosition | undefined = from; after !== undefined; ) {
    const page: readonly RunPosition[] = await oldRuns(db, ageMs, after, limit);
    if (page.length > 0) yield page;
    after = page.length < limit ? undefined : page.at(-1);
  }
}

async function* deleteOldBackfills(db: Database, ageMs: number): AsyncGenerator<Step> {
  for await (const rows of deletePlans(db, ageMs)) yield { items: 0, rows };
  for await (const rows of deleteBackfills(db, ageMs)) yield { items: rows, rows };
}

async function* deleteOldVersions(db: Database, ageMs: number): AsyncGenerator<Step> {
  for (let rows = VERSIONS_AT_ONCE; rows === VERSIONS_AT_ONCE; ) {
    rows = await db.transaction((tx) => deleteSomeVersions(tx, ageMs, VERSIONS_AT_ONCE));
    yield { items: rows, rows };
  }
}
