/** The transaction in which queued runs begin: there is a place for them, and the DAG's row is held so that nobody else counts at once. */
import { beginRuns } from "../engine/advance/begin_runs.ts";
import { dagsWithDependsOnPast } from "../engine/advance/depends_on_past.ts";
import { startBackfillRuns } from "../store/backfills/start_backfill_runs.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable, Statement } from "../store/database/database.ts";
import { activeRuns, startQueued } from "../store/runs/dag_run.ts";
import { runEngineTransaction } from "./engine_tx.ts";
import { pauseFailing } from "./pause_failing.ts";
import { releaseDependsOnPast } from "./release_depends_on_past.ts";
import { resumeRuns } from "./resume_runs.ts";

const WAITING: Statement = {
  name: "dag_waiting_for_place",
  text: `
select d.dag_id from dagsmith.dag d
where d.dag_id = any($1)
  and (d.at_capacity or exists (select from dagsmith.dag_run r where r.dag_id = d.dag_id and r.state = 'queued'))`,
};

const LOCK_DAGS: Statement = {
  name: "dag_lock",
  text: `
select dag_id, version_id, is_paused from dagsmith.dag
where dag_id = any($1) and version_id is not null
order by dag_id for no key update`,
};

const FREE: Statement = {
  name: "dag_free_capacity",
  text: "update dagsmith.dag set at_capacity = false where dag_id = any($1) and at_capacity",
};

/**
 * Begins queued runs of these DAGs, oldest first, as far as each DAG's maxActiveRuns allows, then those of backfills, as far as theirs do;
 * those of paused DAGs stay queued.
 */
export async function startQueuedRuns(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
): Promise<void> {
  for (let waiting = dagIds; waiting.length > 0; ) {
    const rows = await db.query<{ dag_id: string }>(WAITING, [waiting]);
    if (rows.length === 0) return;
    const { started, ended } = await runEngineTransaction(db, plans, async (tx, on) => {
      const room = await roomOf(
        on,
        plans,
        rows.map((row) => row.dag_id),
      );
      // A run that was cleared goes on from what it has; any other begins.
      const begun = [
        ...(await startQueued(on, room.places)),
        ...(await startBackfillRuns(on, room.unpaused)),
      ];
      const started = await tx.hold(begun);
      const again = new Set(begun.filter((row) => row.generation > 0).map(({ id }) => id));
      const fresh = started.filter(({ id }) => !again.has(id));
      const finished = new Set([
        ...(await beginRuns(tx, fresh)),
        ...(await resumeRuns(on, tx, [...again])),
      ]);
      // A DAG that is still full stays marked: the scheduler would look at it again at every tick, in vain.
      if (room.free.length > 0) await on.query(FREE, [room.free]);
      return { started, ended: started.filter((run) => finished.has(run.id)) };
    });
    const all = [
      ...ended,
      ...(await releaseDependsOnPast(db, plans, dagsWithDependsOnPast(started))),
    ];
    await pauseFailing(db, all);
    // A run without a single task body ends as it begins, and leaves its place to the next.
    waiting = [...new Set(all.map(({ plan }) => plan.dagId))];
  }
}

interface Room {
  /** How many queued runs of each DAG may beginRuns. */
  readonly places: readonly { readonly dagId: string; readonly places: number }[];
  /** DAGs that may get a new run. */
  readonly free: readonly string[];
  readonly unpaused: readonly string[];
}

async function roomOf(on: Queryable, plans: Plans, dagIds: readonly string[]): Promise<Room> {
  const dags = await on.query<{ dag_id: string; version_id: number; is_paused: boolean }>(
    LOCK_DAGS,
    [dagIds],
  );
  const versions = await plans.get(
    on,
    dags.map((dag) => dag.version_id),
  );
  const active = await activeRuns(on, dagIds);
  const counted = dags.map((dag) => {
    const { running, active: all } = active.get(dag.dag_id) ?? { running: 0, active: 0 };
    return { dag, running, all, most: versions.get(dag.version_id)?.plan.maxActiveRuns ?? 0 };
  });
  return {
    places: counted.flatMap(({ dag, running, most }) =>
      !dag.is_paused && running < most ? [{ dagId: dag.dag_id, places: most - running }] : [],
    ),
    unpaused: counted.flatMap(({ dag }) => (dag.is_paused ? [] : [dag.dag_id])),
    free: counted.flatMap(({ dag, all, most }) => (all < most ? [dag.dag_id] : [])),
  };
}
