/**
 * When a DAG runs, as people write it, and as plain data. Writing it down is all that happens here: what it means is decided by
 * runtime/timetable.
 */

import { DateTime } from "luxon";
import { DagsmithError } from "../errors.ts";
import { type Json, toJson } from "../json.ts";
import type { Jitter, NamedSchedule, ScheduleSpec } from "../spec/index.ts";
import type { ScheduleRule } from "./schedule_rules.ts";

/** The presets of Airflow and the cron expressions they stand for. */
export const CRON_PRESETS = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@quarterly": "0 0 1 */3 *",
  "@yearly": "0 0 1 1 *",
} as const;

/** A preset, a cron expression (5 fields, or 6 with seconds first), a rule, or null for no schedule. */
export type Schedule =
  | keyof typeof CRON_PRESETS
  | "@once"
  | "@continuous"
  | (string & {})
  | ScheduleRule
  | null;

/**
 * Several schedules of one DAG by name, each with its own params. A name is part of the ids of its runs: a schedule that is renamed is a new
 * one, which remembers nothing.
 * @example
 * dag("taxi", { schedule: {
 *   green: { schedule: cronTrigger("0 9 1 * *"), params: { taxi: "green" } },
 *   yellow: { schedule: cronTrigger("0 10 1 * *"), params: { taxi: "yellow" } },
 * } });
 */
export interface Schedules {
  readonly [name: string]: { readonly schedule: NonNullable<Schedule>; readonly params?: Json };
}

/**
 * The plain form of a DAG's schedules; empty when it has none. Whether a cron expression is sound is checked by the timetable, which also
 * has to run it.
 * @param dagId the seed of their jitter, unless they name one
 * @throws DagsmithError INVALID_SCHEDULE, INVALID_DATE
 */
export function describeSchedules(
  option: Schedule | Schedules | undefined,
  timezone: string,
  dagId = "",
): readonly NamedSchedule[] {
  if (option === null || option === undefined) return [];
  if (!isNamed(option))
    return [{ name: "", schedule: scheduleSpec(option, timezone, dagId), params: {} }];
  const entries = Object.entries(option);
  if (entries.length === 0) throw invalid("{}", "it names no schedule");
  const schedules = entries.map(([name, named]) => {
    const { schedule, params = {} } = named ?? {};
    if (!/^[\w-]{1,50}$/.test(name))
      throw invalid(JSON.stringify(name), "a name is 1 to 50 letters, digits, _ and -");
    return {
      name,
      schedule: scheduleSpec(schedule, timezone, `${dagId}/${name}`),
      params: JSON.parse(toJson(params)) as Json,
    };
  });
  // It allows one run at a time and always has one, so no other would ever get a turn.
  if (schedules.length > 1 && schedules.some(({ schedule }) => schedule.type === "continuous")) {
    throw invalid('"@continuous"', "it must be a DAG's only schedule");
  }
  return schedules;
}

/** A rule says of which type it is; schedules by name do not. */
function isNamed(option: NonNullable<Schedule> | Schedules): option is Schedules {
  return typeof option === "object" && !("type" in option && typeof option.type === "string");
}

function scheduleSpec(
  schedule: NonNullable<Schedule> | undefined,
  timezone: string,
  seed: string,
): ScheduleSpec {
  if (schedule === "@once") return { type: "once" };
  if (schedule === "@continuous") return { type: "continuous" };
  if (typeof schedule === "string")
    return { type: "cron_data_interval", cron: cronOf(schedule), timezone };
  switch (schedule?.type) {
    case "cron_data_interval":
    case "cron_trigger":
    case "multi_cron_trigger":
      return { ...schedule, ...seeded(schedule, seed), timezone };
    case "cron_partition":
      return { ...schedule, ...seeded(schedule, seed), timezone, keyTimezone: timezone };
    case "delta_trigger":
    case "calendar_data_interval":
    case "calendar_trigger":
      return { ...schedule, timezone };
    case "delta_data_interval":
      return { ...schedule };
    case "instants":
      return { ...schedule, instants: utcInstants(schedule.instants, timezone) };
    default:
      throw invalid(JSON.stringify(schedule) ?? typeof schedule, "it is none of these");
  }
}

function seeded({ jitter }: { readonly jitter?: Jitter }, seed: string): { jitter?: Jitter } {
  return jitter === undefined ? {} : { jitter: { maxMs: jitter.maxMs, seed: jitter.seed || seed } };
}

function utcInstants(instants: readonly string[], timezone: string): readonly string[] {
  const dates = instants.map((text) => {
    const date = DateTime.fromISO(typeof text === "string" ? text : "", { zone: timezone });
    if (!date.isValid)
      throw new DagsmithError("INVALID_DATE", {
        found: JSON.stringify(text) ?? typeof text,
        where: "atInstants()",
      });
    return date.toMillis();
  });
  return [...new Set(dates)].sort((a, b) => a - b).map((ms) => new Date(ms).toISOString());
}

/** The expression that a preset stands for; a cron expression as it is. */
export function cronOf(text: string): string {
  if (!text.startsWith("@")) return text;
  if (Object.hasOwn(CRON_PRESETS, text)) return CRON_PRESETS[text as keyof typeof CRON_PRESETS];
  throw invalid(JSON.stringify(text), "no such preset");
}

function invalid(found: string, reason: string): DagsmithError {
  return new DagsmithError("INVALID_SCHEDULE", { found, reason });
}
