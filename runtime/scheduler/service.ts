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
import { type JobListOptions, jobList } from "./job_list.ts";
import type { JobContext } from "./jobs/context.ts";
import type { RunCollector } from "./jobs/report_runs.ts";

export interface SchedulerOptions {
  readonly db: Database;
  readonly log: ServiceLog;
  /** What it deletes of the history. Default: nothing. */
  readonly retention?: Retention;
  /** Where it sends the runs that ended. Default: nowhere. */
  readonly collectors?: readonly RunCollector[];
}

export interface SchedulerService {
  /** Its background jobs. */
  loops(): readonly Loop[];
  /** Finishes the running passes, then stops. Idempotent. */
  stop(): Promise<void>;
}

export function startScheduler(options: SchedulerOptions): SchedulerService {
  const { db, log, retention = {}, collectors = [] } = options;
  const schedulerId = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const loops: Loop[] = [];
  const lateLoops = (): readonly string[] => late(loops).map(({ name }) => name);
  const context = { db, log, plans: new Plans() };
  loops.push(...startJobs(context, { schedulerId, retention, lateLoops, collectors }));
  const watchdog = watch(() => loops, { log, onLate: replaceConnectionsOf(db, log) });
  const stop = async (): Promise<void> => {
    await stopLoops([watchdog, ...loops]);
    // A row that remains is shown as silent, and another scheduler deletes it after a
    // day.
    await removeScheduler(db, schedulerId).catch(() => undefined);
  };
  let stopping: Promise<void> | undefined;
  return { loops: () => loops, stop: () => (stopping ??= stop()) };
}

function startJobs(context: JobContext, options: Omit<JobListOptions, "onLost">): readonly Loop[] {
  const onLost = (): void => {
    for (const loop of afterLoss) loop.wake();
  };
  const jobs = jobList(context, { ...options, onLost });
  const afterLoss = startLoops(jobs.afterLoss, context.log);
  return [...startLoops(jobs.others, context.log), ...afterLoss];
}
