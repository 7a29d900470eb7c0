/** The ticks of a cron schedule, by the four questions that timetables ask. */
import { cronExpression } from "./cron_expression.ts";
import { nearestTick } from "./cron_ticks.ts";

/** Each answer is null where there is no tick. */
export interface CronGrid {
  after(instant: number): number | null;
  before(instant: number): number | null;
  atOrAfter(instant: number): number | null;
  atOrBefore(instant: number): number | null;
}

/** @throws DagsmithError INVALID_SCHEDULE */
export function cronGrid(schedule: { readonly cron: string; readonly timezone: string }): CronGrid {
  const cron = cronExpression(schedule.cron);
  const { timezone } = schedule;
  return {
    after: (instant) => nearestTick(cron, timezone, instant, 1),
    before: (instant) => nearestTick(cron, timezone, instant, -1),
    atOrAfter: (instant) => nearestTick(cron, timezone, instant - 1, 1),
    atOrBefore: (instant) => nearestTick(cron, timezone, instant + 1, -1),
  };
}

/** The latest instant. Null values do not count; null when there is no other. */
export function latestOf(...instants: readonly (number | null)[]): number | null {
  const known = instants.filter((instant) => instant !== null);
  return known.length === 0 ? null : Math.max(...known);
}
