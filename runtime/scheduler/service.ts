/**
 * The scheduler's loop: it only watches the clock, and what died. Between two tasks of a run it has no part; finished tasks carry their
 * runs forward themselves.
 */

import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { errorMessage } from "../../sdk/error_message.ts";
import { nextDueInMs } from "../store/dags/dag.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { unlockOrphanedJobs } from "../store/fleet/orphaned_job.ts";
import { recordSchedulerHeartbeat, removeScheduler } from "../store/fleet/scheduler.ts";
import { declareLost } from "../store/fleet/worker.ts";
import { missDeadlines, nextDeadlineInMs } from "../store/waits/deadline.ts";
import { dagsWithDependsOnPastWaits } from "../store/waits/depends_on_past_wait.ts";
import { nextWaitInMs, sweepWaits } from "../store/waits/task_wait.ts";
import { releaseDependsOnPast } from "../transactions/release_depends_on_past.ts";
import { tick } from "./jobs/create_runs.ts";
import { endOverdueRuns } from "./jobs/end_overdue.ts";
import { expireQueued } from "./jobs/expire_queued.ts";
import { rescueOrphans } from "./jobs/rescue_tries.ts";
import { endWaits } from "./jobs/wake.ts";

export interface SchedulerOptions {
  readonly db: Database;
  readonly log: (event: string, detail?: Readonly<Record<string, unknown>>) => void;
}

export interface SchedulerService {
  /** Finishes the tick in hand, then stops. Idempotent. */
  stop(): Promise<void>;
}

/** The longest sleep between two ticks: how soon a new deployment, an unpaused DAG or a dead worker is noticed. */
const LONGEST_SLEEP_MS = 1_000;
const SWEEP_EVERY_MS = 30_000;
const EXPIRE_EVERY_MS = 5_000;

export async function startScheduler({ db, log }: SchedulerOptions): Promise<SchedulerService> {
  const id = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const plans = new Plans();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let lastSweep = 0;
  let lastExpiry = 0;
  let looping: Promise<void> = Promise.resolve();

  const runOnce = async (): Promise<number> => {
    await recordSchedulerHeartbeat(db, id);
    const { created } = await tick(db, plans);
    if (created > 0) log("runs created", { count: created });
    const overdue = await endOverdueRuns(db, plans);
    if (overdue > 0) log("runs timed out", { count: overdue });
    await endWaits(db, plans);
    const missed = await missDeadlines(db);
    if (missed > 0) log("deadlines missed", { count: missed });
    await expire();
    await rescue();
    const nextMs = [
      await nextDueInMs(db),
      await nextWaitInMs(db),
      await nextDeadlineInMs(db),
    ].filter((ms) => ms !== null);
    return Math.max(0, Math.min(LONGEST_SLEEP_MS, ...nextMs));
  };
  // A dead worker is looked for at every tick; tries without a worker after a death, and now and then in case one died unseen.
  const rescue = async (): Promise<void> => {
    const lost = await declareLost(db);
    for (const worker of lost) log("worker lost", worker);
    if (lost.length === 0 && Date.now() - lastSweep < SWEEP_EVERY_MS) return;
    lastSweep = Date.now();
    await releaseDependsOnPast(db, plans, await dagsWithDependsOnPastWaits(db));
    const count = await rescueOrphans(db, plans);
    if (count > 0) log("tries rescued", { count });
    const freed = await unlockOrphanedJobs(db);
    if (freed > 0) log("tokens freed", { count: freed });
    await sweepWaits(db);
  };
  const expire = async (): Promise<void> => {
    if (Date.now() - lastExpiry < EXPIRE_EVERY_MS) return;
    lastExpiry = Date.now();
    const count = await expireQueued(db, plans);
    if (count > 0) log("tasks expired in the queue", { count });
  };
  const loop = async (): Promise<void> => {
    let sleepMs = LONGEST_SLEEP_MS;
    try {
      sleepMs = await runOnce();
    } catch (error) {
      log("scheduler tick failed", {
        reason: errorMessage(error),
      });
    }
    if (!stopped) timer = setTimeout(turn, sleepMs);
  };
  const turn = (): void => {
    looping = loop();
  };
  turn();
  return {
    stop: async () => {
      if (stopped) return looping;
      stopped = true;
      clearTimeout(timer);
      await looping;
      await removeScheduler(db, id).catch(() => undefined);
    },
  };
}
