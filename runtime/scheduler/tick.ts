/**
 * One look at the clock: which DAGs are due, which runs that makes, and when to look again. The timetable decides, purely; this reads what
 * it needs and writes what it said. Any number of schedulers may tick at once: each holds the rows of the DAGs it looks at.
 */
import type { DagSpec } from "../../sdk/spec.ts";
import { type DueDag, dagsLeftWaiting, lockDueDags, recordScheduled, type ScheduledDag } from "../store/dag.ts";
import { activeRuns, createRuns, type NewRun } from "../store/dag_run.ts";
import type { Database, Queryable } from "../store/database.ts";
import { givePlaces } from "../store/engine_tx.ts";
import type { Plans } from "../store/plans.ts";
import { startQueuedRuns } from "../store/start_runs.ts";
import { nextRun, type RunInfo, restrictionOf, runIdOf } from "../timetable/index.ts";

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
  const active = await activeRuns(tx, dagIds);
  const decisions = dags.flatMap((dag) => {
    const version = versions.get(dag.versionId);
    return version ? [decide(dag, version.spec, active.get(dag.dagId)?.active ?? 0, now)] : [];
  });
  const made = await createRuns(
    tx,
    decisions.flatMap(({ runs }) => runs),
  );
  await recordScheduled(
    tx,
    decisions.map(({ dag }) => dag),
  );
  return { dagIds, created: made.length };
}

/**
 * A tick is always a little late. Within this the schedule is asked as of the instant it wanted to be looked at, so that `catchup: "none"`
 * does not take the interval that has just ended for one that was missed.
 */
const PUNCTUAL_WITHIN_MS = 60_000;

/** The runs that are due now, as many as there is room for, and when the schedule wants to be looked at again. Pure. */
export function decide(
  due: DueDag,
  spec: DagSpec,
  active: number,
  now: Date,
): { readonly dag: ScheduledDag; readonly runs: readonly NewRun[] } {
  const runs: NewRun[] = [];
  const dag = (more: Partial<ScheduledDag>): ScheduledDag => ({
    dagId: due.dagId,
    lastInterval: last,
    nextRunAfter: null,
    atCapacity: false,
    error: null,
    ...more,
  });
  let last = due.lastInterval;
  let askedAt = now.getTime() - due.dueAt.getTime() <= PUNCTUAL_WITHIN_MS ? due.dueAt : now;
  try {
    for (;;) {
      const next = nextRun(spec.schedule, last, restrictionOf(spec), askedAt);
      if (next === null) return { dag: dag({}), runs };
      if (next.runAfter > now) return { dag: dag({ nextRunAfter: next.runAfter }), runs };
      if (active + runs.length >= spec.maxActiveRuns) return { dag: dag({ nextRunAfter: next.runAfter, atCapacity: true }), runs };
      runs.push(scheduledRun(due, spec, next));
      last = next.dataInterval;
      askedAt = now;
    }
  } catch (error) {
    // A timetable that throws stops its own DAG, visibly, and no other.
    return { dag: dag({ error: error instanceof Error ? error.message : String(error) }), runs };
  }
}

function scheduledRun(due: DueDag, { schedule }: DagSpec, next: RunInfo): NewRun {
  return {
    dagId: due.dagId,
    runId: runIdOf("scheduled", { schedule, runAfter: next.runAfter, dataInterval: next.dataInterval }),
    runType: "scheduled",
    versionId: due.versionId,
    logicalDate: next.logicalDate,
    dataIntervalStart: next.dataInterval.start,
    dataIntervalEnd: next.dataInterval.end,
    runAfter: next.runAfter,
    params: {},
  };
}
