/** What a run waits for before any of its tasks is instantiated. */
import type { Gate, WaitingFacts } from "./gate.ts";
import { counted } from "./gate.ts";

/** A gate that only queued runs meet. */
function whileQueued(
  name: string,
  unmet: (run: WaitingFacts["run"], now: Date) => string | null,
): Gate {
  return {
    name,
    unmet: ({ run, now }) => {
      const reason = run.state === "queued" ? unmet(run, now) : null;
      return reason === null ? [] : [reason];
    },
  };
}

export const RUN_GATES: readonly Gate[] = [
  whileQueued("dag_paused", ({ dagId, isPaused }) =>
    isPaused ? `the DAG is paused, and its runs stay queued: dag unpause ${dagId}` : null,
  ),
  whileQueued("backfill_paused", ({ pausedBackfill }) =>
    pausedBackfill == null ? null : `its backfill is paused: dag backfill-resume ${pausedBackfill}`,
  ),
  whileQueued("max_active_runs", ({ runningRuns, maxActiveRuns }) =>
    runningRuns >= maxActiveRuns
      ? `${counted(runningRuns, "run is", "runs are")} running, and maxActiveRuns is ${maxActiveRuns}`
      : null,
  ),
  whileQueued("run_not_due", ({ runAfter }, now) =>
    runAfter > now ? `the run is due at ${runAfter.toISOString()}` : null,
  ),
  whileQueued("no_scheduler", ({ schedulers }) =>
    schedulers === 0 ? "no scheduler is alive to start the run: dag scheduler" : null,
  ),
  {
    name: "run_ended",
    unmet: ({ run, instance }) =>
      instance === null && (run.state === "success" || run.state === "failed")
        ? ["the run ended before the task was instantiated"]
        : [],
  },
];
