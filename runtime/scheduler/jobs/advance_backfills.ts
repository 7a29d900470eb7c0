/**
 * Creates the next runs of each backfill, as many as its limit allows, a bounded number
 * in one transaction. Each interval is decided again at that time, because the schedule,
 * a person or an earlier backfill may have run it since the plan. Every second; the end
 * of a run starts the next of those that are ready. Any number of schedulers may do this
 * at once: each locks the backfill that it works on.
 */
import type { EngineTx } from "../../engine/store.ts";
import type { Job } from "../../service/loop.ts";
import {
  type BackfillRow,
  completeBackfills,
  lockBackfill,
  runningBackfills,
} from "../../store/backfills/backfill.ts";
import {
  type BackfillRun,
  decideRuns,
  type ExistingRun,
  existingRuns,
  inFlight,
  type RunDecided,
  waitingRuns,
} from "../../store/backfills/backfill_run.ts";
import { getDag } from "../../store/dags/dag.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database, Queryable } from "../../store/database/database.ts";
import { createRuns, lockFreeRuns, type NewRun } from "../../store/runs/dag_run.ts";
import { labelRuns } from "../../store/runs/run_label.ts";
import { runIdOf } from "../../timetable/index.ts";
import { redoRuns } from "../../transactions/clear_run.ts";
import { runEngineTransaction } from "../../transactions/engine_tx.ts";
import { startQueuedRuns } from "../../transactions/start_runs.ts";
import { decideRun } from "../decisions/plan_backfill.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** Intervals decided in one transaction. */
const BATCH = 200;
/**
 * New runs that are created beyond those that may run, so that the end of one run starts
 * the next without waiting for a pass.
 */
const AHEAD = 100;

/**
 * Creates runs of every backfill that has capacity, and ends backfills that are complete.
 * @returns how many intervals it decided
 */
export async function advanceBackfills(db: Database, plans: Plans): Promise<number> {
  let decided = 0;
  for (const id of await runningBackfills(db)) {
    const step = await runEngineTransaction(db, plans, (tx, on) => advanceOne(on, tx, id));
    if (step === undefined) continue;
    decided += step.decided;
    await startQueuedRuns(db, plans, [step.dagId]);
  }
  await completeBackfills(db);
  return decided;
}

export const advanceBackfillsJob = ({ db, plans }: JobContext): Job => ({
  name: "advance_backfills",
  everyMs: OFTEN_MS,
  runOnce: () => advanceBackfills(db, plans),
});

async function advanceOne(
  on: Queryable,
  tx: EngineTx,
  id: number,
): Promise<{ readonly dagId: string; readonly decided: number } | undefined> {
  const backfill = await lockBackfill(on, id);
  if (!backfill) return undefined;
  const { dagId, scheduleName } = backfill;
  const { running, queued } = await inFlight(on, id);
  const capacity = backfill.maxActiveRuns - running - queued;
  const planned = await waitingRuns(on, id, Math.min(BATCH, capacity + AHEAD));
  const dates = planned.map(({ logicalDate }) => logicalDate);
  const existing =
    planned.length === 0 ? new Map() : await existingRuns(on, dagId, scheduleName, dates);
  // The rows are locked in the order of their ids, as all other code locks them. Their
  // states are read under the lock.
  const free = await lockFreeRuns(
    on,
    [...existing.values()].map((run: ExistingRun) => run.id),
  );
  const states = new Map((await tx.lockRuns([...free])).map((run) => [run.id, run.state]));
  const decisions = new Decisions(backfill, capacity);
  for (const one of planned) {
    const run = existing.get(one.logicalDate.getTime());
    // A run that another transaction holds, and the intervals after it, are left for the
    // next pass.
    if (run && !free.has(run.id)) break;
    if (!decisions.take(one, run && { ...run, state: states.get(run.id) ?? run.state })) break;
  }
  await decideRuns(on, id, [
    ...decisions.skipped,
    ...(await redo(on, tx, backfill, decisions.again)),
    ...(await make(on, backfill, decisions.fresh)),
  ]);
  return { dagId, decided: decisions.size };
}

/** The decisions about the next intervals, in their order. */
class Decisions {
  readonly skipped: RunDecided[] = [];
  readonly again: { readonly one: BackfillRun; readonly run: ExistingRun }[] = [];
  readonly fresh: BackfillRun[] = [];
  readonly #backfill: BackfillRow;
  readonly #capacity: number;

  constructor(backfill: BackfillRow, capacity: number) {
    this.#backfill = backfill;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.skipped.length + this.again.length + this.fresh.length;
  }

  /** @returns false when there is no capacity for the interval yet */
  take(one: BackfillRun, run: ExistingRun | undefined): boolean {
    const { decision, reason } = decideRun(run?.state, this.#backfill.reprocess);
    const taken = this.again.length + this.fresh.length;
    if (decision === "skip")
      this.skipped.push({ ordinal: one.ordinal, decision, reason, runId: run?.id ?? null });
    // A finished run is cleared only when there is capacity for it: until then its result
    // stays visible.
    else if (taken >= this.#capacity + (run ? 0 : AHEAD)) return false;
    else if (run) this.again.push({ one, run });
    else this.fresh.push(one);
    return true;
  }
}

/** Clears finished runs; they become runs of this backfill. */
async function redo(
  on: Queryable,
  tx: EngineTx,
  backfill: BackfillRow,
  again: Decisions["again"],
): Promise<readonly RunDecided[]> {
  const versionId =
    backfill.code === "latest" ? ((await getDag(on, backfill.dagId))?.versionId ?? null) : null;
  const params = Object.keys(backfill.givenParams ?? {}).length === 0 ? undefined : backfill.params;
  const runs = again.map(({ one, run }) => ({ ...run, ordinal: one.ordinal }));
  await redoRuns(on, tx, runs, { versionId, params, backfillId: backfill.id });
  await labelRuns(
    on,
    again.map(({ run }) => run.id),
    backfill.labels,
  );
  return again.map(({ one, run }) => ({
    ordinal: one.ordinal,
    decision: "run",
    reason: null,
    runId: run.id,
  }));
}

async function make(
  on: Queryable,
  backfill: BackfillRow,
  planned: readonly BackfillRun[],
): Promise<readonly RunDecided[]> {
  if (planned.length === 0) return [];
  const versionId =
    backfill.code === "latest"
      ? ((await getDag(on, backfill.dagId))?.versionId ?? backfill.versionId)
      : backfill.versionId;
  const runs = planned.map((one) => runOf(backfill, one, versionId));
  const made = new Map((await createRuns(on, runs)).map(({ id, runId }) => [runId, id]));
  await labelRuns(on, [...made.values()], backfill.labels);
  const late = planned.filter((one) => !made.has(runIdOf("backfill", intervalOf(backfill, one))));
  return [
    ...planned.flatMap((one): RunDecided[] => {
      const runId = made.get(runIdOf("backfill", intervalOf(backfill, one)));
      return runId === undefined
        ? []
        : [{ ordinal: one.ordinal, decision: "run", reason: null, runId }];
    }),
    ...(await passOver(on, backfill, late)),
  ];
}

/**
 * Creates runs, and skips intervals whose run was created by another process since the
 * plan was read.
 */
async function passOver(
  on: Queryable,
  backfill: BackfillRow,
  late: readonly BackfillRun[],
): Promise<readonly RunDecided[]> {
  if (late.length === 0) return [];
  const dates = late.map(({ logicalDate }) => logicalDate);
  const existing = await existingRuns(on, backfill.dagId, backfill.scheduleName, dates);
  return late.flatMap((one) => {
    const run = existing.get(one.logicalDate.getTime());
    const { decision, reason } = decideRun(
      run?.state ?? "success",
      run ? backfill.reprocess : "none",
    );
    // When that run has ended meanwhile and is to be cleared, the next pass decides it.
    return decision === "run"
      ? []
      : [{ ordinal: one.ordinal, decision, reason, runId: run?.id ?? null }];
  });
}

function runOf(backfill: BackfillRow, one: BackfillRun, versionId: number): NewRun {
  return {
    dagId: backfill.dagId,
    runId: runIdOf("backfill", intervalOf(backfill, one)),
    runType: "backfill",
    versionId,
    logicalDate: one.logicalDate,
    dataIntervalStart: one.dataIntervalStart,
    dataIntervalEnd: one.dataIntervalEnd,
    runAfter: one.runAfter,
    params: backfill.params,
    schedule: backfill.scheduleName,
    trigger: null,
    backfill: { id: backfill.id, ordinal: one.ordinal },
  };
}

function intervalOf(
  { schedule, scheduleName: name }: BackfillRow,
  { runAfter, dataIntervalStart: start, dataIntervalEnd: end }: BackfillRun,
) {
  return { schedule, name, runAfter, dataInterval: { start, end } };
}
