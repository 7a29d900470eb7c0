/** How many tries a worker runs at once, and how long it waits for them when it stops. */
import type { Setting } from "./environment.ts";
import { milliseconds, wholeNumber } from "./values.ts";

export interface WorkerSettings {
  /** DAG_WORKER_SLOTS: tries at once in one worker. Default 16. */
  readonly slots: number;
  /**
   * DAG_WORKER_GRACE: how long running tries may take to finish when their worker stops.
   * Default 10 s.
   */
  readonly workerGraceMs: number;
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function workerSettings(setting: Setting): WorkerSettings {
  return {
    slots: wholeNumber(setting, "DAG_WORKER_SLOTS", { otherwise: 16, min: 1, max: 1_000 }),
    workerGraceMs: milliseconds(setting, "DAG_WORKER_GRACE", 10_000),
  };
}
