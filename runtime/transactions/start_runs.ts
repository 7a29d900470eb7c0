/**
 * The transaction in which queued runs start. It locks the DAG's row, so that no other
 * transaction counts the runs at the same time.
 */
import { beginRuns } from "../engine/advance/begin_runs.ts";
import { dagsWithDependsOnPast } from "../engine/advance/depends_on_past.ts";
import { startBackfillRuns } from "../store/backfills/start_backfill_runs.ts";
import { dagsWithQueuedRuns, lockFreeDags, markFree } from "../store/dags/dag_capacity.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { retryHeld } from "../store/database/retry_held.ts";
import { activeRuns, startQueued } from "../store/runs/dag_run.ts";
import { runEngineTransaction } from "./engine_tx.ts";
import { pauseFailing } from "./pause_failing.ts";
import { releaseDependsOnPast } from "./release_depends_on_past.ts";
import { resumeRuns } from "./resume_runs.ts";

/**
 * Starts queued runs of these DAGs, oldest first, as each DAG's maxActiveRuns allows;
 * then those of backfills, as theirs allow. Runs of paused DAGs stay queued. Runs of a
 * DAG that another transaction holds for seconds are left to the scheduler.
 */
export function startQueuedRuns(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
): Promise<void> {
  return retryHeld(dagIds, (some) => startFree(db, plans, some));
}

/** @returns the DAGs that another transaction holds */
async function startFree(
  db: Database,
  plans: Plans,
  dagIds: readonly string[],
): Promise<readonly string[]> {
  const held: string[] = [];
  for (let waiting = dagIds; waiting.length > 0; ) {
    const full = await dagsWithQueuedRuns(db, waiting);
    if (full.length === 0) break;
    const { started, ended, left } = await runEngineTransaction(db, plans, async (tx, on) => {
      const room = await roomOf(on, plans, full);
      // A cleared run goes on from the instances that it has; any other run starts.
      const begun = [
        ...(await startQueued(on, room.capacities)),
        ...(await startBackfillRuns(on, room.unpaused)),
      ];
      const started = await tx.hold(begun);
      const again = new Set(begun.filter((row) => row.generation > 0).map(({ id }) => id));
      const fresh = started.filter(({ id }) => !again.has(id));
      const finished = new Set([
        ...(await beginRuns(tx, fresh)),
        ...(await resumeRuns(on, tx, [...again])),
      ]);
      // A DAG without capacity stays marked; otherwise the scheduler would check it in
      // every pass.
      await markFree(on, room.free);
      return { started, ended: started.filter((run) => finished.has(run.id)), left: room.held };
    });
    held.push(...left);
    const all = [
      ...ended,
      ...(await releaseDependsOnPast(db, plans, dagsWithDependsOnPast(started))),
    ];
    await pauseFailing(db, all);
    // A run without a task for a worker ends when it starts, and its capacity is free for
    // the next.
    waiting = [...new Set(all.map(({ plan }) => plan.dagId))];
  }
  return held;
}

interface Room {
  /** How many queued runs of each DAG may start. */
  readonly capacities: readonly { readonly dagId: string; readonly runs: number }[];
  /** DAGs that may get a new run. */
  readonly free: readonly string[];
  readonly unpaused: readonly string[];
  /** DAGs that another transaction holds. */
  readonly held: readonly string[];
}

async function roomOf(on: Queryable, plans: Plans, dagIds: readonly string[]): Promise<Room> {
  const dags = await lockFreeDags(on, dagIds);
  const locked = dags.map(({ dagId }) => dagId);
  const versions = await plans.get(
    on,
    dags.map(({ versionId }) => versionId),
  );
  const active = await activeRuns(on, locked);
  const counted = dags.map((dag) => {
    const { running, active: all } = active.get(dag.dagId) ?? { running: 0, active: 0 };
    return { dag, running, all, most: versions.get(dag.versionId)?.plan.maxActiveRuns ?? 0 };
  });
  return {
    capacities: counted.flatMap(({ dag, running, most }) =>
      !dag.isPaused && running < most ? [{ dagId: dag.dagId, runs: most - running }] : [],
    ),
    unpaused: counted.flatMap(({ dag }) => (dag.isPaused ? [] : [dag.dagId])),
    held: dagIds.filter((dagId) => !locked.includes(dagId)),
    free: counted.flatMap(({ dag, all, most }) => (all < most ? [dag.dagId] : [])),
  };
}
