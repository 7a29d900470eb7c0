/**
 * Pauses a DAG: no new runs start. A run that has started goes on to its end; cancel it
 * to stop it.
 */
import { audit } from "../store/access/audit.ts";
import { setPaused } from "../store/dags/dag.ts";
import type { Database } from "../store/database/database.ts";
import { unknownDag } from "./unknown.ts";

export interface PauseRequest {
  readonly dagId: string;
  readonly actor: string;
  /** Why, for the audit. */
  readonly reason?: string;
}

/** @throws DagsmithError UNKNOWN_DAG */
export function pauseDag(db: Database, request: PauseRequest): Promise<void> {
  return setPausedTo(db, request, true);
}

/** @throws DagsmithError UNKNOWN_DAG */
export function unpauseDag(db: Database, request: PauseRequest): Promise<void> {
  return setPausedTo(db, request, false);
}

async function setPausedTo(
  db: Database,
  { dagId, actor, reason }: PauseRequest,
  isPaused: boolean,
): Promise<void> {
  const found = await db.transaction(async (tx) => {
    const wasPaused = await setPaused(tx, dagId, isPaused);
    if (wasPaused === undefined) return false;
    const action = isPaused ? "pause" : "unpause";
    const detail = reason === undefined ? {} : { detail: { reason } };
    const change = { before: { paused: wasPaused }, after: { paused: isPaused } };
    await audit(tx, { actor, action, dagId, ...detail, ...change });
    return true;
  });
  if (!found) throw unknownDag(dagId);
}
