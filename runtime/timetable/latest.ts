/**
 * Whether a run is the latest of its schedule: the interval after it has not ended yet.
 */
import type { NamedSchedule } from "../../sdk/spec/index.ts";
import { type Interval, nextRun } from "./index.ts";

export interface LatestQuestion {
  /** Only scheduled runs and runs of a backfill can be late. */
  readonly runType: string;
  /** The name of the schedule that made the run; null when none did. */
  readonly schedule: string | null;
  readonly dataInterval: Interval;
}

/**
 * Whether `now` lies after the run's interval and not after the next one. Always true for
 * a run that no schedule made, for the last run of a schedule, and for a schedule whose
 * intervals have no length (Airflow's rule).
 */
export function isLatest(
  schedules: readonly NamedSchedule[],
  { runType, schedule, dataInterval }: LatestQuestion,
  now: Date,
): boolean {
  const own =
    schedules.find(({ name }) => name === schedule) ??
    (schedules.length === 1 ? schedules[0] : undefined);
  if ((runType !== "scheduled" && runType !== "backfill") || !own) return true;
  const next = nextRun(
    own.schedule,
    dataInterval,
    { earliest: null, latest: null, catchup: "all" },
    now,
  );
  if (next === null) return true;
  const { start, end } = next.dataInterval;
  return start.getTime() === end.getTime() || (start < now && now <= end);
}
