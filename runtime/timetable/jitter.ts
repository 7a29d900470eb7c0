/**
 * Schedules whose runs are created a little after their ticks, each DAG by its own fixed
 * delay, so that runs due at midnight do not all start at midnight. Only the creation
 * moves: logical dates, data intervals and bounds stay on the ticks. Whether a run was
 * missed is judged by its time of creation.
 */
import { createHash } from "node:crypto";
import type { Jitter, ScheduleSpec } from "../../sdk/spec/index.ts";
import type { Timetable } from "./interval.ts";

/** The delay of a schedule's runs: at least zero, under its `maxMs`, always the same. */
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
