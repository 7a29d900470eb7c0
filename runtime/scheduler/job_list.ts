/** All jobs of a scheduler. */
import type { Retention } from "../retention.ts";
import type { Job } from "../service/loop.ts";
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
import { pauseFailingJob } from "./jobs/pause_failing.ts";
import { releaseDependsOnPastJob } from "./jobs/release_depends_on_past.ts";
import { remindQuestionsJob } from "./jobs/remind_questions.ts";
import { type RunCollector, reportRunsJob } from "./jobs/report_runs.ts";
import { findLostWorkersJob, rescueTriesJob } from "./jobs/rescue_tries.ts";
import { startRunsJob } from "./jobs/start_runs.ts";
import { sweepWaitsJob } from "./jobs/sweep_waits.ts";
import { unlockJobsJob } from "./jobs/unlock_jobs.ts";

export interface JobListOptions {
  readonly schedulerId: string;
  readonly retention: Retention;
  /** Default: none. */
  readonly collectors?: readonly RunCollector[];
  /** The names of the scheduler's loops that are late now. */
  readonly lateLoops: () => readonly string[];
  /** Called when a worker was declared lost. */
  readonly onLost: () => void;
}

/** Jobs that search for what a lost worker left over, and all others. */
export interface JobList {
  readonly afterLoss: readonly Job[];
  readonly others: readonly Job[];
}

export function jobList(context: JobContext, options: JobListOptions): JobList {
  const { schedulerId, retention, lateLoops, onLost, collectors = [] } = options;
  return {
    afterLoss: [
      rescueTriesJob(context),
      releaseDependsOnPastJob(context),
      unlockJobsJob(context),
      sweepWaitsJob(context),
    ],
    others: [
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
      remindQuestionsJob(context),
      missDeadlinesJob(context),
      pauseFailingJob(context),
      expireQueuedJob(context),
      findLostWorkersJob(context, onLost),
      cleanHistoryJob(context, retention),
      ...collectors.map((one) => reportRunsJob(context, one, schedulerId)),
    ],
  };
}
