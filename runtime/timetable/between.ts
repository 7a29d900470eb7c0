/** The runs of a schedule within a range, whatever ran before: what a backfill works through. */
import type { ScheduleSpec } from "../../sdk/spec/index.ts";
import { nextRun } from "./index.ts";
import type { Interval, RunInfo } from "./interval.ts";

/**
 * The runs from one logical date to another, both inclusive, the oldest first: every one of which the data interval ended before `now`. The
 * DAG's own start and end do not matter, the range takes their place (Airflow's rule).
 */
export function* runsBetween(
  schedule: ScheduleSpec,
  range: { readonly from: Date; readonly to: Date },
  now: Date,
): Generator<RunInfo> {
  const bounds = { earliest: range.from, latest: range.to, catchup: "all" } as const;
  for (let last: Interval | null = null; ; ) {
    const run = nextRun(schedule, last, bounds, now);
    // Intervals end one after the other, so nothing behind this one has ended either.
    if (run === null || run.dataInterval.end >= now) return;
    yield run;
    last = run.dataInterval;
  }
}
