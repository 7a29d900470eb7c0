/**
 * When a DAG runs, as people write it, and as plain data. Writing it down is all that happens here: what it means is decided by
 * runtime/timetable.
 */
import { type Duration, durationMs } from "./duration.ts";
import { DagsmithError } from "./errors.ts";
import { type Json, toJson } from "./json.ts";

/** The presets of Airflow and the cron expressions they stand for. */
export const CRON_PRESETS = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@quarterly": "0 0 1 */3 *",
  "@yearly": "0 0 1 1 *",
} as const;

/** A schedule as plain data, the form in which it is stored. `timezone` is an IANA name; cron is read on its wall clock. */
export type ScheduleSpec =
  /** The interval from one tick to the next; the run is created at the interval's end. */
  | { readonly type: "cron_data_interval"; readonly cron: string; readonly timezone: string }
  /** A run at each tick; its data interval is the `intervalMs` before the tick. */
  | { readonly type: "cron_trigger"; readonly cron: string; readonly timezone: string; readonly intervalMs: number }
  /** Intervals of a fixed length, one after the other from the start date. */
  | { readonly type: "delta_data_interval"; readonly deltaMs: number }
  /** One run at the start date. */
  | { readonly type: "once" }
  /** Runs only when somebody asks. */
  | { readonly type: "none" };

/** One of a DAG's schedules, with a memory of its own. */
export interface NamedSchedule {
  /** Empty when it is the DAG's only one and has no name. */
  readonly name: string;
  readonly schedule: ScheduleSpec;
  /** The params of the runs it makes. */
  readonly params: Json;
}

/** A schedule made by {@link trigger} or {@link every}. The DAG adds its timezone. */
export type ScheduleRule =
  | { readonly type: "cron_trigger"; readonly cron: string; readonly intervalMs: number }
  | { readonly type: "delta_data_interval"; readonly deltaMs: number };

/** A preset, a cron expression (5 fields, or 6 with seconds first), a rule, or null for no schedule. */
export type Schedule = keyof typeof CRON_PRESETS | "@once" | (string & {}) | ScheduleRule | null;

/**
 * Several schedules of one DAG by name, each with its own params. A name is part of the ids of its runs: a schedule that is renamed is a new
 * one, which remembers nothing.
 * @example
 * dag("taxi", { schedule: {
 *   green: { schedule: trigger("0 9 1 * *"), params: { taxi: "green" } },
 *   yellow: { schedule: trigger("0 10 1 * *"), params: { taxi: "yellow" } },
 * } });
 */
export interface Schedules {
  readonly [name: string]: { readonly schedule: NonNullable<Schedule>; readonly params?: Json };
}

/**
 * Runs at each tick of a cron expression or preset instead of over the interval between two ticks.
 * @param options.interval length of the data interval that ends at the tick; default zero
 * @throws DagsmithError INVALID_SCHEDULE for an unknown preset
 * @example dag("report", { schedule: trigger("0 9 1 * *") })
 */
export function trigger(cron: string, options: { readonly interval?: Duration } = {}): ScheduleRule {
  return { type: "cron_trigger", cron: cronOf(cron), intervalMs: options.interval ? durationMs(options.interval) : 0 };
}

/**
 * Runs over intervals of a fixed length, in absolute time: a day is 24 hours whatever clocks do. They are counted from the start date; where
 * missed ones are skipped (`catchup` other than `"all"`), from the Unix epoch.
 * @throws DagsmithError INVALID_SCHEDULE when the length is zero
 * @example dag("poll", { schedule: every("90m"), startDate: "2026-01-01" })
 */
export function every(length: Duration): ScheduleRule {
  const deltaMs = durationMs(length);
  if (deltaMs === 0) throw new DagsmithError("INVALID_SCHEDULE", { found: `every("${length}")`, reason: "the length is zero" });
  return { type: "delta_data_interval", deltaMs };
}

/**
 * The plain form of a DAG's schedules; empty when it has none. Whether a cron expression is sound is checked by the timetable, which also
 * has to run it.
 * @throws DagsmithError INVALID_SCHEDULE
 */
export function describeSchedules(option: Schedule | Schedules | undefined, timezone: string): readonly NamedSchedule[] {
  if (option === null || option === undefined) return [];
  if (!isNamed(option)) return [{ name: "", schedule: scheduleSpec(option, timezone), params: {} }];
  const entries = Object.entries(option);
  if (entries.length === 0) throw new DagsmithError("INVALID_SCHEDULE", { found: "{}", reason: "it names no schedule" });
  return entries.map(([name, named]) => {
    const { schedule, params = {} } = named ?? {};
    if (!/^[\w-]{1,50}$/.test(name)) {
      throw new DagsmithError("INVALID_SCHEDULE", { found: JSON.stringify(name), reason: "a name is 1 to 50 letters, digits, _ and -" });
    }
    return { name, schedule: scheduleSpec(schedule, timezone), params: JSON.parse(toJson(params)) as Json };
  });
}

/** A rule says of which type it is; schedules by name do not. */
function isNamed(option: NonNullable<Schedule> | Schedules): option is Schedules {
  return typeof option === "object" && !("type" in option && typeof option.type === "string");
}

function scheduleSpec(schedule: NonNullable<Schedule> | undefined, timezone: string): ScheduleSpec {
  if (schedule === "@once") return { type: "once" };
  if (typeof schedule === "string") return { type: "cron_data_interval", cron: cronOf(schedule), timezone };
  if (schedule?.type === "cron_trigger") return { ...schedule, timezone };
  if (schedule?.type === "delta_data_interval") return { ...schedule };
  throw new DagsmithError("INVALID_SCHEDULE", { found: JSON.stringify(schedule) ?? typeof schedule, reason: "it is none of these" });
}

/** The expression that a preset stands for; a cron expression as it is. */
function cronOf(text: string): string {
  if (!text.startsWith("@")) return text;
  if (Object.hasOwn(CRON_PRESETS, text)) return CRON_PRESETS[text as keyof typeof CRON_PRESETS];
  throw new DagsmithError("INVALID_SCHEDULE", { found: JSON.stringify(text), reason: "no such preset" });
}
