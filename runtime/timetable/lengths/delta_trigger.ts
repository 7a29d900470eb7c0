/**
 * A run at each end of a length of time, fixed or of the calendar. The first is at the
 * start date, or now. When more than one was missed and catchup does not want them, the
 * runs start over now, as in Airflow. A single late run keeps its time, so a slow
 * scheduler never shifts the others.
 */

import { latestOf } from "../cron/cron_grid.ts";
import { type Interval, instantsOf, type Restriction, type Timetable } from "../interval.ts";
import { type IntervalBeforeTick, intervalAt, runAtTick } from "../trigger_interval.ts";
import { after, type CalendarStep, nearby, steps } from "./calendar.ts";

/** The grid of a length. `anchors` are instants that give the intended time of day. */
interface Spacing {
  after(from: number, anchors: readonly number[]): number;
  /**
   * The first instant at or after `instant` on the grid of `from`; `from` itself counts.
   */
  atOrAfter(instant: number, from: number, anchors: readonly number[]): number;
}

export function deltaTrigger(
  schedule: IntervalBeforeTick & { readonly deltaMs: number },
): Timetable {
  const { deltaMs } = schedule;
  return spacedTrigger(schedule, {
    after: (from) => from + deltaMs,
    atOrAfter: (instant, from) =>
      from + Math.max(0, Math.ceil((instant - from) / deltaMs)) * deltaMs,
  });
}

export function calendarTrigger(schedule: IntervalBeforeTick & CalendarStep): Timetable {
  return spacedTrigger(schedule, {
    after: (from, anchors) => after(schedule, from, anchors),
    atOrAfter(instant, from, anchors) {
      const ticks = steps(schedule, nearby(schedule, from, instant, anchors), anchors);
      let tick = ticks.next().value;
      while (tick < instant) tick = ticks.next().value;
      return tick;
    },
  });
}

function spacedTrigger(schedule: IntervalBeforeTick, spacing: Spacing): Timetable {
  return {
    next(last, restriction, now) {
      const tick = nextTick(spacing, last, restriction, now);
      return restriction.latest && tick > restriction.latest.getTime()
        ? null
        : runAtTick(schedule, tick);
    },
    manual: (runAfter) => intervalAt(schedule, runAfter),
  };
}

function nextTick(
  spacing: Spacing,
  last: Interval | null,
  { earliest, catchup }: Restriction,
  now: number,
): number {
  const anchors = instantsOf(earliest);
  const following = last && spacing.after(last.end.getTime(), anchors);
  const base = latestOf(following, earliest?.getTime() ?? null);
  if (base === null) return now;
  if (catchup === "all") return base;
  if (catchup === "none") return spacing.atOrAfter(now, base, anchors);
  const late = base === following && now < spacing.after(following, anchors);
  return late ? base : Math.max(base, now);
}
