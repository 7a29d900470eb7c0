/** Whether a run is the latest of its schedule: the next one is not complete yet. */
import type { NamedSchedule } from "../../sdk/spec/index.ts";
import { type Interval, nextRun } from "./index.ts";

export interface LatestQuestion {
  /** Only a schedule's own runs, and those of a backfill, can be late. */
  readonly runType: string;
  /** The name of the schedule that made it; null when none did. */
  readonly schedule: string | null;
  readonly dataInterval: Interval;
}

/**
 * Whether `now` lies after the run's interval and not after the next one. A run that somebody or something asked for, one whose schedule
 * ends with it, and one of a schedule whose intervals have no length are always the latest (Airflow's rule).
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
