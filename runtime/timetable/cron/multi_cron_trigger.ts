/** A run at each instant at which at least one of several cron expressions ticks. */

import type { Restriction, RunInfo, Timetable } from "../interval.ts";
import { intervalAt } from "../trigger_interval.ts";
import { type CronTrigger, cronTrigger } from "./cron_trigger.ts";

export function multiCronTrigger(
  schedule: Omit<CronTrigger, "cron"> & { readonly crons: readonly string[] },
): Timetable {
  const timetables = schedule.crons.map((cron) => cronTrigger({ ...schedule, cron }));
  return {
    next(last, restriction, now) {
      const runs = timetables
        .map((timetable) => timetable.next(last, restriction, now))
        .filter((run) => run !== null);
      return choose(runs, restriction, now);
    },
    manual: (runAfter) => intervalAt(schedule, runAfter),
  };
}

/**
 * The soonest run. With `catchup: "last"` the latest run in the past, because the others
 * count as missed.
 */
function choose(runs: readonly RunInfo[], { catchup }: Restriction, now: number): RunInfo | null {
  const ordered = runs.toSorted((a, b) => a.runAfter.getTime() - b.runAfter.getTime());
  const past =
    catchup === "last" ? ordered.findLast((run) => run.runAfter.getTime() <= now) : undefined;
  return past ?? ordered[0] ?? null;
}
