/** The next runs of a DAG, for people who plan ahead. */
import type { DagSpec, NamedSchedule, ScheduleSpec } from "../../sdk/spec/index.ts";
import type { Interval, Restriction, RunInfo } from "./interval.ts";
import { before } from "./lengths/calendar.ts";
import { type Bounds, restrictionOf } from "./restriction.ts";
import { timetableOf } from "./timetable_of.ts";

/** A future run with the name of its schedule. */
export interface ComingRun extends RunInfo {
  readonly schedule: string;
}

/** The parts of a DAG that say when it runs. */
export type Scheduled = Bounds & Pick<DagSpec, "schedules">;

interface Ahead {
  readonly from: Date;
  readonly count: number;
  /** Runs that fall due from here on are left out. Default: no bound. */
  readonly until?: Date;
}

/**
 * The runs of a DAG that fall due from an instant on (inclusive), soonest first, as if
 * all earlier runs had been created. Fewer when the schedules end. For a schedule that
 * waits for its runs to end, only the first is known.
 */
export function nextRuns(spec: Scheduled, ahead: Ahead): readonly ComingRun[] {
  return spec.schedules
    .flatMap((named) => runsOf(named, spec, ahead).map((run) => ({ ...run, schedule: named.name })))
    .toSorted((a, b) => a.runAfter.getTime() - b.runAfter.getTime())
    .slice(0, ahead.count);
}

function runsOf({ schedule }: NamedSchedule, spec: Scheduled, ahead: Ahead): RunInfo[] {
  const { from, count, until } = ahead;
  const timetable = timetableOf(schedule);
  const bounds = restrictionOf(spec);
  const runs: RunInfo[] = [];
  let last = intervalBefore(schedule, bounds);
  while (runs.length < count) {
    const run = timetable.next(
      last,
      { ...bounds, catchup: runs.length === 0 ? "none" : "all" },
      from.getTime(),
    );
    if (
      run === null ||
      run.runAfter < from ||
      (until !== undefined && run.runAfter >= until) ||
      (schedule.type === "continuous" && runs.length === 1)
    )
      break;
    runs.push(run);
    last = run.dataInterval;
  }
  return runs;
}

/**
 * A length with catchup stays on the grid of its start date; an interval just before the
 * start says so.
 */
function intervalBefore(
  schedule: ScheduleSpec,
  { earliest, catchup }: Restriction,
): Interval | null {
  if (catchup !== "all" || earliest === null) return null;
  if (schedule.type === "delta_data_interval")
    return { start: new Date(earliest.getTime() - schedule.deltaMs), end: earliest };
  if (schedule.type === "calendar_data_interval")
    return { start: new Date(before(schedule, earliest.getTime())), end: earliest };
  return null;
}
