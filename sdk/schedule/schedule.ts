/** When a DAG runs, as a DAG file writes it. runtime/timetable decides what it means. */
import type { Json } from "../json.ts";
import type { CRON_PRESETS } from "./cron_presets.ts";
import type { ScheduleRule } from "./schedule_rules.ts";

/**
 * A preset, a cron expression (5 fields, or 6 fields that begin with seconds), a rule
 * made by `cron`, `cronTrigger` and their like, or null for no schedule.
 * @example dag("report", { schedule: "0 9 * * 1-5", timezone: "Europe/Berlin" });
 */
export type Schedule =
  | keyof typeof CRON_PRESETS
  | "@once"
  | "@continuous"
  | (string & {})
  | ScheduleRule
  | null;

/**
 * Several schedules of one DAG by name, each with its own params. A name is part of the
 * ids of its runs. A schedule with a new name is a new schedule, without a last run.
 * @example
 * dag("taxi", { schedule: {
 *   green: { schedule: cronTrigger("0 9 1 * *"), params: { taxi: "green" } },
 *   yellow: { schedule: cronTrigger("0 10 1 * *"), params: { taxi: "yellow" } },
 * } });
 */
export interface Schedules {
  /** A name: 1 to 50 letters, digits, _ and -. Params that are not set are `{}`. */
  readonly [name: string]: { readonly schedule: NonNullable<Schedule>; readonly params?: Json };
}
