/**
 * One run at the start date, past or future and whatever the catchup; without a start
 * date, now.
 */
import { momentary, runOver, type Timetable } from "./interval.ts";

export const once: Timetable = {
  next(last, { earliest, latest }, now) {
    const at = earliest?.getTime() ?? now;
    return last || (latest && at > latest.getTime()) ? null : runOver(at, at);
  },
  manual: momentary,
};

/** No scheduled runs: only manual ones. */
export const never: Timetable = { next: () => null, manual: momentary };
