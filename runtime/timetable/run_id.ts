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
 * `<type>__<instant>`: a scheduled run over an interval is named by the interval's start, every other run by when it runs. A schedule with a
 * name puts it between: `scheduled__green__<instant>`.
 * @example runIdOf("scheduled", { schedule, ...run }) // "scheduled__2026-01-01T00:00:00+00:00"
 */
export function runIdOf(type: "scheduled" | "manual", { schedule, name = "", runAfter, dataInterval }: RunSlot): string {
  const overInterval = schedule.type === "cron_data_interval" || schedule.type === "delta_data_interval";
  const instant = type === "scheduled" && overInterval && dataInterval ? dataInterval.start : runAfter;
  return `${type}__${name && `${name}__`}${instantText(instant)}`;
}

/** `<type>__<instant>_<suffix>`: a run that something other than a schedule made has no slot; the suffix tells it from others of its moment. */
export function triggeredRunId(type: "asset_triggered" | "event_triggered", at: Date, suffix: string): string {
  return `${type}__${instantText(at)}_${suffix}`;
}

/** Whole seconds are written without a fraction. */
function instantText(instant: Date): string {
  return instant.toISOString().replace(/(?:\.000)?Z$/, "+00:00");
}
