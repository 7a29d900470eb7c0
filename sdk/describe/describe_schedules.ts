/** Turns schedules into their plain form. */
import { DateTime } from "luxon";
import { DagsmithError } from "../errors.ts";
import { type Json, toJson } from "../json.ts";
import { cronOf } from "../schedule/cron_presets.ts";
import type { Schedule, Schedules } from "../schedule/schedule.ts";
import type { Jitter, NamedSchedule, ScheduleSpec } from "../spec/index.ts";

/**
 * The plain form of a DAG's schedules; empty when it has none. The timetable, which has
 * to run them, checks the cron expressions.
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
  // A continuous schedule always has an active run and allows one, so no other schedule
  // would ever run.
  if (schedules.length > 1 && schedules.some(({ schedule }) => schedule.type === "continuous")) {
    throw invalid('"@continuous"', "it must be a DAG's only schedule");
  }
  return schedules;
}

/** A rule has a type; an object of schedules by name has none. */
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

function invalid(found: string, reason: string): DagsmithError {
  return new DagsmithError("INVALID_SCHEDULE", { found, reason });
}
