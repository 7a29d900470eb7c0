/** What every job of the scheduler gets. */
import type { ServiceLog } from "../../service/log.ts";
import type { Plans } from "../../store/dags/plans.ts";
import type { Database } from "../../store/database/database.ts";

export interface JobContext {
  readonly db: Database;
  readonly plans: Plans;
  readonly log: ServiceLog;
}

/**
 * How soon a new deployment, an unpaused DAG, a lost worker or work without a due time is
 * noticed, in milliseconds.
 */
export const OFTEN_MS = 1_000;

/**
 * For work that a process left because another transaction held it. The server ends the
 * transaction of a frozen process after 10 s, so that such work goes on within 15 s. In
 * milliseconds.
 */
export const LEFT_MS = 5_000;

/**
 * For rows that a death leaves over, whose search reads many rows. A lost worker wakes
 * these jobs. Milliseconds.
 */
export const SELDOM_MS = 30_000;
