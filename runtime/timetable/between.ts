/**
 * The runs of a schedule within a range, whether or not they ran before: the work of a
 * backfill.
 */
import type { ScheduleSpec } from "../../sdk/spec/index.ts";
import { nextRun } from "./index.ts";
import type { Interval, RunInfo } from "./interval.ts";

/**
 * The runs from one logical date to another, both inclusive, oldest first. Only runs
 * whose data interval ended before `now`. The range takes the place of the DAG's own
 * start and end dates (Airflow's rule).
 */
export function* runsBetween(
  schedule: ScheduleSpec,
  range: { readonly from: Date; readonly to: Date },
  now: Date,
): Generator<RunInfo> {
  const bounds = { earliest: range.from, latest: range.to, catchup: "all" } as const;
  for (let last: Interval | null = null; ; ) {
    const run = nextRun(schedule, last, bounds, now);
    // Intervals end one after the other: no later interval has ended either.
    if (run === null || run.dataInterval.end >= now) return;
    yield run;
    last = run.dataInterval;
  }
}
