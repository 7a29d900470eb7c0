/**
 * Ids of runs. An interval of a schedule always has the same id, so the database can
 * refuse to run it twice.
 */
import { createHash } from "node:crypto";
import type { ScheduleSpec } from "../../sdk/spec/index.ts";
import type { Interval } from "./interval.ts";
import { delayOf } from "./jitter.ts";

/** The parts of an id. */
export interface RunInterval {
  readonly schedule: ScheduleSpec;
  /** The name of the schedule, when the DAG has several. */
  readonly name?: string;
  readonly runAfter: Date;
  /** Null for a run without a data interval. */
  readonly dataInterval: Interval | null;
}

/** Schedules whose runs are named by the interval they cover, not by when they run. */
const OVER_INTERVALS: readonly ScheduleSpec["type"][] = [
  "cron_data_interval",
  "delta_data_interval",
  "calendar_data_interval",
];

/** The ids that dagsmith generates. */
const GENERATED =
  /^(?:scheduled|manual|backfill|asset_triggered|event_triggered|called)__(?:[\w-]+__)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00(?:_{1,2}\w+)?$/;

/**
 * `<type>__<instant>`. A run over an interval, scheduled or of a backfill, is named by
 * the start of the interval; a run at a tick by the tick, without its jitter; a manual
 * run by when it runs. The name of a schedule stands in between:
 * `scheduled__green__<instant>`.
 * @example runIdOf("scheduled", { schedule, ...run }) //
 *   "scheduled__2026-01-01T00:00:00+00:00"
 */
export function runIdOf(type: "scheduled" | "manual" | "backfill", interval: RunInterval): string {
  const instant = type === "manual" ? interval.runAfter : intervalInstant(interval);
  return `${type}__${interval.name ? `${interval.name}__` : ""}${instantText(instant)}`;
}

/**
 * `<type>__<instant>_<suffix>`: the id of a run that no schedule made and that has no
 * interval. The suffix distinguishes runs of the same instant.
 */
export function triggeredRunId(
  type: "asset_triggered" | "event_triggered" | "called",
  at: Date,
  suffix: string,
): string {
  return `${type}__${instantText(at)}_${suffix}`;
}

/** The task instance that calls a DAG. */
export interface Caller {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
}

/**
 * The id of the run that a task instance calls: always the same, so that a retry finds
 * the run of the try before.
 * @param at the logical date of both runs
 */
export function calledRunId(at: Date, { dagId, runId, taskId, mapIndex }: Caller): string {
  const caller = JSON.stringify([dagId, runId, taskId, mapIndex]);
  const suffix = createHash("sha256").update(caller).digest("hex").slice(0, 16);
  return triggeredRunId("called", at, suffix);
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
 * Whether a run may have this id: the pattern of the installation matches at its start,
 * or dagsmith generated it.
 * @param pattern a regular expression; default: letters, digits and `_.~:+-`
 */
export function runIdAllowed(runId: string, pattern = "^[A-Za-z0-9_.~:+-]+$"): boolean {
  return GENERATED.test(runId) || new RegExp(`^(?:${pattern})`).test(runId);
}
