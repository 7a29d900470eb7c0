/**
 * A run at each tick of a cron expression, for the partition named after that tick or
 * after a tick some steps away.
 */

import { strftime } from "../clock/strftime.ts";
import { momentary, type Partition, type Timetable } from "../interval.ts";
import { type CronGrid, cronGrid } from "./cron_grid.ts";
import { type CronTrigger, cronTrigger } from "./cron_trigger.ts";

interface CronPartition extends Pick<CronTrigger, "cron" | "timezone" | "runImmediately"> {
  /** In ticks; -1 is the previous tick. */
  readonly offset: number;
  readonly keyFormat: string;
  readonly keyTimezone: string;
}

export function cronPartition(schedule: CronPartition): Timetable {
  const grid = cronGrid(schedule);
  const ticks = cronTrigger({ ...schedule, intervalMs: 0 });
  return {
    next(last, restriction, now) {
      const run = ticks.next(last, restriction, now);
      return run && { ...run, partition: partitionAt(grid, schedule, run.runAfter.getTime()) };
    },
    manual: momentary,
  };
}

function partitionAt(
  grid: CronGrid,
  { offset, keyFormat, keyTimezone }: CronPartition,
  tick: number,
): Partition {
  let date = tick;
  // Beyond the last tick there is no tick to name the partition after.
  for (let left = Math.abs(offset); left > 0; left--)
    date = (offset < 0 ? grid.before(date) : grid.after(date)) ?? date;
  return { key: strftime(keyFormat, date, keyTimezone), date: new Date(date) };
}
