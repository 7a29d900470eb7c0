/**
 * When a DAG runs, as people write it, and as plain data. Writing it down is all that happens here: what it means is decided by
 * runtime/timetable.
 */
import { DateTime } from "luxon";
import type { CalendarLength } from "./calendar_duration.ts";
import { DagsmithError } from "./errors.ts";
import { type Json, toJson } from "./json.ts";
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

/** A length under `maxMs` that is the same for each run: which one follows from `seed` alone. */
export interface Jitter {
  readonly seed: string;
  readonly maxMs: number;
}

interface Zoned {
  /** IANA name. Cron is read on its wall clock, and calendar lengths run on its calendar. */
  readonly timezone: string;
}

interface Jittered {
  readonly jitter?: Jitter;
}

interface Tick extends Zoned, Jittered {
  /** Without a start date: whether the tick just past runs at once; milliseconds: if it is no longer ago. Default false. */
  readonly runImmediately?: boolean | number;
}

interface TriggerInterval extends Zoned {
  /** The data interval is this long before the tick, */
  readonly intervalMs: number;
  /** or this long instead. */
  readonly calendarInterval?: CalendarLength;
}

/** A schedule as plain data, the form in which it is stored. */
export type ScheduleSpec =
  /** The interval from one tick to the next; the run is created at the interval's end. */
  | ({ readonly type: "cron_data_interval"; readonly cron: string } & Zoned & Jittered)
  /** A run at each tick. */
  | ({ readonly type: "cron_trigger"; readonly cron: string } & TriggerInterval & Tick)
  /** A run at each instant at which one expression or more tick. */
  | ({ readonly type: "multi_cron_trigger"; readonly crons: readonly string[] } & TriggerInterval &
      Tick)
  /** A run at each tick, for the partition named after the tick `offset` ticks away. */
  | ({
      readonly type: "cron_partition";
      readonly cron: string;
      readonly offset: number;
      readonly keyFormat: string;
      /** Where the key's wall clock stands. */
      readonly keyTimezone: string;
    } & Tick)
  /** Intervals of a fixed length, one after the other from the start date. */
  | { readonly type: "delta_data_interval"; readonly deltaMs: number }
  /** A run at each end of a fixed length. */
  | ({ readonly type: "delta_trigger"; readonly deltaMs: number } & TriggerInterval)
  /** Intervals of a length on the calendar. */
  | ({ readonly type: "calendar_data_interval"; readonly length: CalendarLength } & Zoned)
  /** A run at each end of a length on the calendar. */
  | ({ readonly type: "calendar_trigger"; readonly length: CalendarLength } & TriggerInterval)
  /** A run at each of these, which are ISO 8601 in UTC, ascending, each once. */
  | {
      readonly type: "instants";
      readonly instants: readonly string[];
      readonly restrictToInstants: boolean;
    }
  /** A run whenever the one before has ended, over all that has passed since. */
  | { readonly type: "continuous" }
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
