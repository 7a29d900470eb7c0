/** Ids of runs. An interval of a schedule has one id for ever, so the database can refuse to run it twice. */
import type { ScheduleSpec } from "../../sdk/spec/index.ts";
import type { Interval } from "./interval.ts";
import { delayOf } from "./jitter.ts";

/** What an id is made of. */
export interface RunInterval {
  readonly schedule: ScheduleSpec;
  /** Of a DAG with several schedules: which one makes the run. */
  readonly name?: string;
  readonly runAfter: Date;
  /** Null for a run without one. */
  readonly dataInterval: Interval | null;
}

/** Schedules whose runs are known by the interval they work on, not by when they run. */
const OVER_INTERVALS: readonly ScheduleSpec["type"][] = [
  "cron_data_interval",
  "delta_data_interval",
  "calendar_data_interval",
];

/** The ids that this product makes up. */
const GENERATED =
  /^(?:scheduled|manual|backfill|asset_triggered|event_triggered)__(?:[\w-]+__)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00(?:_{1,2}\w+)?$/;

/**
 * `<type>__<instant>`: a run over an interval, scheduled or of a backfill, is named by the interval's start, one at a tick by the tick, however
 * much later jitter has it created; a manual one by when it runs. A schedule with a name puts it between: `scheduled__green__<instant>`.
 * @example runIdOf("scheduled", { schedule, ...run }) // "scheduled__2026-01-01T00:00:00+00:00"
 */
export function runIdOf(type: "scheduled" | "manual" | "backfill", interval: RunInterval): string {
  const instant = type === "manual" ? interval.runAfter : intervalInstant(interval);
  return `${type}__${interval.name ? `${interval.name}__` : ""}${instantText(instant)}`;
}

/** `<type>__<instant>_<suffix>`: a run that something other than a schedule made has no interval; the suffix tells it from others of its moment. */
export function triggeredRunId(
  type: "asset_triggered" | "event_triggered",
  at: Date,
  suffix: string,
): string {
  return `${type}__${instantText(at)}_${suffix}`;
}

/** Whole seconds are written without a fraction. */
function instantText(instant: Date): string {
  return instant.toISOString().replace(/(?:\.000)?Z$/, "+00:00");
}

function intervalInstant({ schedule, runAfter, dataInterval }: RunInterval): Date {
  if (dataInterval && OVER_INTERVALS.includes(schedule.type)) return dataInterval.start;
  return new Date(runAfter.getTime() - delayOf(schedule));
}

/**
 * Whether a run may have this id: one that the installation's pattern fits at its beginning, or one that was generated.
 * @param pattern a regular expression; default: letters, digits and `_.~:+-`
 */
export function runIdAllowed(runId: string, pattern = "^[A-Za-z0-9_.~:+-]+$"): boolean {
  return GENERATED.test(runId) || new RegExp(`^(?:${pattern})`).test(runId);
}
