/**
 * A scheduler: one loop for each of its jobs. The jobs act on the clock, and on what dead
 * processes left over. Between two tasks of a run the scheduler does nothing: the
 * transaction that ends a task starts the next.
 *
 * The loops have no order among each other, and several schedulers may run at once: each
 * job finds its work in rows and takes it by a lock or a guard. There is one exception: a
 * worker that is declared lost wakes the jobs that search for what it left over, so that
 * its tries are rescued at once.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Retention } from "../retention.ts";
import type { ServiceLog } from "../service/log.ts";
import { type Loop, startLoops, stopLoops } from "../service/loop.ts";
import { replaceConnectionsOf } from "../service/replace_connections.ts";
import { late, watch } from "../service/watchdog.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { removeScheduler } from "../store/fleet/scheduler.ts";
import { advanceBackfillsJob } from "./jobs/advance_backfills.ts";
import { cleanHistoryJob } from "./jobs/clean_history.ts";
import type { JobContext } from "./jobs/context.ts";
import { createAssetRunsJob } from "./jobs/create_asset_runs.ts";
import { createEndRunsJob } from "./jobs/create_end_runs.ts";
import { createRunsJob } from "./jobs/create_runs.ts";
import { endOverdueJob } from "./jobs/end_overdue.ts";
import { endWaitsJob } from "./jobs/end_waits.ts";
import { expireQueuedJob } from "./jobs/expire_queued.ts";
import { followCallsJob } from "./jobs/follow_calls.ts";
import { grantSlotsJob } from "./jobs/grant_slots.ts";
import { heartbeatJob } from "./jobs/heartbeat.ts";
import { missDeadlinesJob } from "./jobs/miss_deadlines.ts";
import { releaseDependsOnPastJob } from "./jobs/release_depends_on_past.ts";
import { findLostWorkersJob, rescueTriesJob } from "./jobs/rescue_tries.ts";
import { startRunsJob } from "./jobs/start_runs.ts";
import { sweepWaitsJob } from "./jobs/sweep_waits.ts";
import { unlockJobsJob } from "./jobs/unlock_jobs.ts";

export interface SchedulerOptions {
  readonly db: Database;
  readonly log: ServiceLog;
  /** What it deletes of the history. Default: nothing. */
  readonly retention?: Retention;
}

export interface SchedulerService {
  /** Its background jobs. */
  loops(): readonly Loop[];
  /** Finishes the running passes, then stops. Idempotent. */
  stop(): Promise<void>;
}

export function startScheduler({ db, log, retention = {} }: SchedulerOptions): SchedulerService {
  const id = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const loops: Loop[] = [];
  const lateLoops = (): readonly string[] => late(loops).map(({ name }) => name);
  loops.push(...startJobs({ db, log, plans: new Plans() }, id, { retention, lateLoops }));
  const watchdog = watch(() => loops, { log, onLate: replaceConnectionsOf(db, log) });
  const stop = async (): Promise<void> => {
    await stopLoops([watchdog, ...loops]);
    // A row that remains is shown as silent, and another scheduler deletes it after a
    // day.
    await removeScheduler(db, id).catch(() => undefined);
  };
  let stopping: Promise<void> | undefined;
  return { loops: () => loops, stop: () => (stopping ??= stop()) };
}

function startJobs(
  context: JobContext,
  schedulerId: string,
  { retention, lateLoops }: { retention: Retention; lateLoops: () => readonly string[] },
): readonly Loop[] {
  const afterLoss = startLoops(
    [
      rescueTriesJob(context),
      releaseDependsOnPastJob(context),
      unlockJobsJob(context),
      sweepWaitsJob(context),
    ],
    context.log,
  );
  const onLost = (): void => {
    for (const loop of afterLoss) loop.wake();
  };
  const others = startLoops(
    [
      heartbeatJob(context, schedulerId, lateLoops),
      createRunsJob(context),
      advanceBackfillsJob(context),
      createAssetRunsJob(context),
      createEndRunsJob(context),
      startRunsJob(context),
      grantSlotsJob(context),
      endWaitsJob(context),
      followCallsJob(context),
      endOverdueJob(context),
      missDeadlinesJob(context),
      expireQueuedJob(context),
      findLostWorkersJob(context, onLost),
      cleanHistoryJob(context, retention),
    ],
    context.log,
  );
  return [...others, ...afterLoss];
}
