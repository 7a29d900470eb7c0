/**
 * One look at the clock: which DAGs are due, which runs that makes, and when to look again. The timetable decides, purely; this reads what
 * it needs and writes what it said. Any number of schedulers may tick at once: each holds the rows of the DAGs it looks at.
 */
import { dagsLeftWaiting, lockDueDags, recordScheduled } from "../store/dag.ts";
import { activeRuns, createRuns } from "../store/dag_run.ts";
import { rememberSchedules, scheduleMemories } from "../store/dag_schedule.ts";
import type { Database, Queryable } from "../store/database.ts";
import { givePlaces } from "../store/engine_tx.ts";
import type { Plans } from "../store/plans.ts";
import { startQueuedRuns } from "../store/start_runs.ts";
import { advanceBackfills } from "./advance_backfills.ts";
import { decide } from "./decide.ts";

/** DAGs looked at in one transaction. */
const BATCH = 1_000;

export interface TickResult {
  readonly created: number;
}

/** Creates every run that is due, and begins what may begin. */
export async function tick(db: Database, plans: Plans): Promise<TickResult> {
  let created = 0;
  for (;;) {
    const batch = await db.transaction((tx) => scheduleBatch(tx, plans));
    created += batch.created;
    await startQueuedRuns(db, plans, batch.dagIds);
    if (batch.dagIds.length < BATCH) break;
  }
  await advanceBackfills(db, plans);
  // What a dead process left behind; nothing, nearly always.
  const left = await dagsLeftWaiting(db);
  if (left.length > 0) await startQueuedRuns(db, plans, left);
  // Places that come free by time alone: a retry is due, a rate's window has passed. And whatever a dead process left ungiven.
  await givePlaces(db, plans);
  return { created };
}

async function scheduleBatch(tx: Queryable, plans: Plans): Promise<{ readonly dagIds: readonly string[]; readonly created: number }> {
  const { now, dags } = await lockDueDags(tx, BATCH);
  if (dags.length === 0) return { dagIds: [], created: 0 };
  const dagIds = dags.map(({ dagId }) => dagId);
  const versions = await plans.get(
    tx,
    dags.map(({ versionId }) => versionId),
  );
  const [active, memories] = [await activeRuns(tx, dagIds), await scheduleMemories(tx, dagIds)];
  const decisions = dags.flatMap((dag) => {
    const spec = versions.get(dag.versionId)?.spec;
    return spec ? [decide({ dag, spec, memories: memories.get(dag.dagId) ?? [], active: active.get(dag.dagId)?.active ?? 0, now })] : [];
  });
  const made = await createRuns(
    tx,
    decisions.flatMap(({ runs }) => runs),
  );
  await rememberSchedules(
    tx,
    decisions.flatMap((decision) => decision.memories),
  );
  await recordScheduled(
    tx,
    decisions.map(({ dag }) => dag),
  );
  return { dagIds, created: made.length };
}
