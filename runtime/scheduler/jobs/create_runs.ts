/**
 * Creates runs of the DAGs that are due. A pure function decides; this job reads its
 * arguments and writes its decisions. Every second, and as soon as the next DAG is due.
 * Any number of schedulers may do it at once: each locks the rows of its DAGs.
 *
 * Work is done in batches of bounded size, one transaction each. A DAG with more to catch
 * up than a batch holds is due again behind the others, so that it delays no other DAG.
 */

import { errorMessage } from "../../../sdk/error_message.ts";
import type { Job } from "../../service/loop.ts";
import { type DueDag, lockDueDags, nextDueInMs, recordScheduled } from "../../store/dags/dag.ts";
import {
  rememberSchedules,
  type ScheduleMemory,
  scheduleMemories,
} from "../../store/dags/dag_schedule.ts";
import type { Plans } from "../../store/dags/plans.ts";
import { putDecisions } from "../../store/dags/schedule_decision.ts";
import { type Database, isTransient, type Queryable } from "../../store/database/database.ts";
import { activeRuns, createRuns } from "../../store/runs/dag_run.ts";
import { startQueuedRuns } from "../../transactions/start_runs.ts";
import { decide, type SchedulingResult } from "../decisions/decide.ts";
import type { DueSchedules } from "../decisions/due_schedules.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** DAGs that one transaction decides, and runs that it creates. */
const BATCH = 1_000;

/**
 * Batches of one pass. The remaining DAGs are due at once, in the next pass: in between,
 * the scheduler can be stopped.
 */
const MOST_BATCHES = 20;

/** Skipped intervals counted one by one in one batch. */
const MOST_COUNTED = 10_000;

/**
 * Creates the runs that are due, and starts those that may start. @returns how many it
 * created
 */
export async function createDueRuns(db: Database, plans: Plans): Promise<number> {
  let created = 0;
  for (let batches = 0; batches < MOST_BATCHES; batches++) {
    const batch = await nextBatch(db, plans);
    if (batch.dagIds.length === 0) break;
    created += batch.created;
    await startQueuedRuns(db, plans, batch.dagIds);
  }
  return created;
}

export const createRunsJob = ({ db, plans }: JobContext): Job => ({
  name: "create_runs",
  did: "runs_created",
  everyMs: OFTEN_MS,
  staggerMs: 0,
  runOnce: () => createDueRuns(db, plans),
  nextInMs: () => nextDueInMs(db),
});

interface Batch {
  readonly dagIds: readonly string[];
  readonly created: number;
}

/**
 * When the database refuses a batch, one of its DAGs has rows that cannot be written. The
 * DAGs are then decided one by one, and only that DAG is stopped.
 */
async function nextBatch(db: Database, plans: Plans): Promise<Batch> {
  try {
    return await db.transaction((tx) => scheduleBatch(tx, plans, BATCH));
  } catch (error) {
    if (isTransient(error) || !isRefusal(error)) throw error;
    return oneByOne(db, plans);
  }
}

async function oneByOne(db: Database, plans: Plans): Promise<Batch> {
  const dagIds: string[] = [];
  let created = 0;
  for (let looks = 0; looks < BATCH; looks++) {
    const looked: DueDag[] = [];
    const one = await db
      .transaction((tx) => scheduleBatch(tx, plans, 1, looked))
      .catch(async (error: unknown): Promise<Batch> => {
        const dag = looked.at(-1);
        if (!dag || isTransient(error) || !isRefusal(error)) throw error;
        await recordScheduled(db, [stopped(dag, [], String(error.message)).dag]);
        return { dagIds: [dag.dagId], created: 0 };
      });
    if (one.dagIds.length === 0) break;
    dagIds.push(...one.dagIds);
    created += one.created;
  }
  return { dagIds, created };
}

/**
 * Errors of the database about the values of a statement: out of range, not storable,
 * against a constraint.
 */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^2[23]/.test(String(error.code));
}

/** @param looked gets the DAGs of the batch, for the caller when the batch fails */
async function scheduleBatch(
  tx: Queryable,
  plans: Plans,
  limit: number,
  looked: DueDag[] = [],
): Promise<Batch> {
  const { now, dags } = await lockDueDags(tx, limit);
  looked.push(...dags);
  if (dags.length === 0) return { dagIds: [], created: 0 };
  const dagIds = dags.map(({ dagId }) => dagId);
  const versions = await plans.get(
    tx,
    dags.map(({ versionId }) => versionId),
  );
  const [active, memories] = [await activeRuns(tx, dagIds), await scheduleMemories(tx, dagIds)];
  const share = {
    mostRuns: Math.ceil(BATCH / dags.length),
    mostCounted: Math.max(10, Math.floor(MOST_COUNTED / dags.length)),
  };
  const results = dags.flatMap((dag) => {
    const spec = versions.get(dag.versionId)?.spec;
    const own = {
      memories: memories.get(dag.dagId) ?? [],
      active: active.get(dag.dagId)?.active ?? 0,
      now,
    };
    return spec ? [decideAlone({ ...share, ...own, dag, spec })] : [];
  });
  return { dagIds, created: await record(tx, results) };
}

async function record(tx: Queryable, results: readonly SchedulingResult[]): Promise<number> {
  const made = await createRuns(
    tx,
    results.flatMap(({ runs }) => runs),
  );
  await putDecisions(
    tx,
    results.flatMap(({ decisions }) => decisions),
  );
  await rememberSchedules(
    tx,
    results.flatMap(({ memories }) => memories),
  );
  await recordScheduled(
    tx,
    results.map(({ dag }) => dag),
  );
  return made.length;
}

/**
 * A DAG that cannot be decided at all stops, and its error is shown. Other DAGs go on.
 */
function decideAlone(due: DueSchedules): SchedulingResult {
  try {
    return decide({ ...due, spentMs: stopwatch() });
  } catch (error) {
    return stopped(due.dag, due.memories, errorMessage(error));
  }
}

function stopped(
  { dagId }: DueDag,
  memories: readonly ScheduleMemory[],
  error: string,
): SchedulingResult {
  return {
    dag: { dagId, nextRunAfter: null, atCapacity: false, error },
    memories,
    runs: [],
    decisions: [],
  };
}

/**
 * Processor time instead of elapsed time: a machine that sleeps must not stop a schedule.
 */
function stopwatch(): () => number {
  const start = process.cpuUsage();
  return () => process.cpuUsage(start).user / 1_000;
}
