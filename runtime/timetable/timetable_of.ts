/** Chooses the module for each kind of schedule. */
import type { ScheduleSpec } from "../../sdk/spec/index.ts";
import { atInstants } from "./at_instants.ts";
import { continuous } from "./continuous.ts";
import { cronDataInterval } from "./cron/cron_data_interval.ts";
import { cronPartition } from "./cron/cron_partition.ts";
import { cronTrigger } from "./cron/cron_trigger.ts";
import { multiCronTrigger } from "./cron/multi_cron_trigger.ts";
import type { Timetable } from "./interval.ts";
import { delayed, delayOf } from "./jitter.ts";
import { calendarDataInterval } from "./lengths/calendar_data_interval.ts";
import { deltaDataInterval } from "./lengths/delta_data_interval.ts";
import { calendarTrigger, deltaTrigger } from "./lengths/delta_trigger.ts";
import { never, once } from "./once.ts";

/** A catchup asks the same schedule for many runs; its parsed form is kept. */
const known = new WeakMap<ScheduleSpec, Timetable>();

/** @throws DagsmithError INVALID_SCHEDULE */
export function timetableOf(schedule: ScheduleSpec): Timetable {
  const made = known.get(schedule);
  if (made) return made;
  const timetable = delayed(read(schedule), delayOf(schedule));
  known.set(schedule, timetable);
  return timetable;
}

function read(schedule: ScheduleSpec): Timetable {
  switch (schedule.type) {
    case "cron_data_interval":
      return cronDataInterval(schedule);
    case "cron_trigger":
      return cronTrigger(schedule);
    case "multi_cron_trigger":
      return multiCronTrigger(schedule);
    case "cron_partition":
      return cronPartition(schedule);
    case "delta_data_interval":
      return deltaDataInterval(schedule);
    case "delta_trigger":
      return deltaTrigger(schedule);
    case "calendar_data_interval":
      return calendarDataInterval(schedule);
    case "calendar_trigger":
      return calendarTrigger(schedule);
    case "instants":
      return atInstants(schedule);
    case "continuous":
      return continuous;
    case "once":
      return once;
    case "none":
      return never;
  }
}
