/** Ids of runs. A slot of a schedule has one id for ever, so the database can refuse to run it twice. */
import type { ScheduleSpec } from "../../sdk/schedule.ts";
import type { Interval } from "./interval.ts";

/** What an id is made of. */
export interface RunSlot {
  readonly schedule: ScheduleSpec;
  /** Of a DAG with several schedules: which one makes the run. */
  readonly name?: string;
  readonly runAfter: Date;
  /** Null for a run without one. */
  readonly dataInterval: Interval | null;
}

/**
 * `<type>__<instant>`: a scheduled run over an interval, or one that a backfill makes for it, is named by the interval's start, every other run by when it runs. A schedule with a
 * name puts it between: `scheduled__green__<instant>`.
 * @example runIdOf("scheduled", { schedule, ...run }) // "scheduled__2026-01-01T00:00:00+00:00"
 */
export function runIdOf(type: "scheduled" | "manual" | "backfill", { schedule, name = "", runAfter, dataInterval }: RunSlot): string {
  const overInterval = schedule.type === "cron_data_interval" || schedule.type === "delta_data_interval";
  const instant = type !== "manual" && overInterval && dataInterval ? dataInterval.start : runAfter;
  // Whole seconds are written without a fraction.
  return `${type}__${name && `${name}__`}${instant.toISOString().replace(/(?:\.000)?Z$/, "+00:00")}`;
}
