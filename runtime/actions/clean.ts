/**
 * Deleting old history when a person asks for it; the scheduler does the same by
 * DAG_RETENTION.
 */
import type { Retention, RetentionKind } from "../retention.ts";
import { audit } from "../store/access/audit.ts";
import type { Database } from "../store/database/database.ts";
import { cleanHistory, countHistory } from "../transactions/clean_history.ts";
import { restForRuns } from "./rest_for_runs.ts";

/** How much of each kind was deleted, or would be. */
export type CleanedHistory = Readonly<Partial<Record<RetentionKind, number>>>;

export interface CleanRequest {
  readonly ages: Retention;
  readonly actor: string;
  /** Called after each transaction with the rows that it deleted. */
  readonly onProgress?: (rows: number) => void;
}

/**
 * Deletes history that is older than its age, with rests while runs are active. It may be
 * stopped at any time and called again.
 */
export async function clean(
  db: Database,
  { ages, actor, onProgress = () => undefined }: CleanRequest,
): Promise<CleanedHistory> {
  // Before the first row is gone: a clean that is killed half way must be found in the
  // audit too.
  await audit(db, { actor, action: "clean", detail: { olderThanMs: ages } });
  const deleted: Partial<Record<RetentionKind, number>> = {};
  for (const kind of Object.keys(ages) as RetentionKind[]) deleted[kind] = 0;
  for await (const { kind, items, rows } of restForRuns(db, cleanHistory(db, ages))) {
    deleted[kind] = (deleted[kind] ?? 0) + items;
    onProgress(rows);
  }
  return deleted;
}

/** What {@link clean} would delete now. */
export const previewClean = (db: Database, ages: Retention): Promise<CleanedHistory> =>
  countHistory(db, ages);
