/**
 * Schedules whose runs are created a little later than their ticks, each DAG by a length of its own, so that all that is due at midnight does
 * not start at midnight. Only the creation moves: logical dates, data intervals and bounds stay on the ticks, and what was missed is judged
 * by when it was to be created.
 */
import { createHash } from "node:crypto";
import type { Jitter, ScheduleSpec } from "../../sdk/spec/index.ts";
import type { Timetable } from "./interval.ts";

/** How much later a schedule's runs are created: from zero to under its `maxMs`, always the same. */
export function delayOf(schedule: ScheduleSpec): number {
  return "jitter" in schedule && schedule.jitter ? delayFrom(schedule.jitter) : 0;
}

function delayFrom({ seed, maxMs }: Jitter): number {
  return maxMs > 0 ? createHash("sha256").update(seed).digest().readUIntBE(0, 6) % maxMs : 0;
}

/** The same runs, each created `delayMs` later. */
export function delayed(timetable: Timetable, delayMs: number): Timetable {
  if (delayMs === 0) return timetable;
  return {
    next(last, restriction, now) {
      const run = timetable.next(last, restriction, now - delayMs);
      return run && { ...run, runAfter: new Date(run.runAfter.getTime() + delayMs) };
    },
    manual: (runAfter) => timetable.manual(runAfter),
  };
}
