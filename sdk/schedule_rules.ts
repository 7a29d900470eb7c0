/** The schedules that take more than a cron expression to say. Each function gives a rule, to which the DAG adds its timezone. */
import { type CalendarDuration, type CalendarLength, lengthOf } from "./calendar_duration.ts";
import { type Duration, durationMs } from "./duration.ts";
import { DagsmithError } from "./errors.ts";
import { refuseUnknownOptions } from "./option_values.ts";
import { cronOf, type Jitter, type ScheduleSpec } from "./schedule.ts";

type Unzoned<Spec> = Spec extends unknown ? Omit<Spec, "timezone" | "keyTimezone"> : never;

/** A schedule made by {@link cron}, {@link trigger}, {@link every}, {@link events} or {@link partitioned}. */
export type ScheduleRule = Unzoned<
  Exclude<ScheduleSpec, { readonly type: "once" | "continuous" | "none" }>
>;
/** Made by {@link every}. */
export type EveryRule = Extract<
  ScheduleRule,
  { readonly type: "delta_data_interval" | "calendar_data_interval" }
>;

/** Options of schedules that follow a cron expression. */
export interface JitterOptions {
  /**
   * Creates each run later, by a length under this one that is always the same for the DAG, so that DAGs with one expression do not all start
   * at once. Logical dates and data intervals stay. Default: none.
   */
  readonly jitter?: Duration;
  /** What the length is made from. Default: the DAG's id and the schedule's name. DAGs with one seed start together. */
  readonly jitterSeed?: string;
}

/** Options of runs at ticks. */
export interface TickOptions extends JitterOptions {
  /** Without a start date: whether the first run is the tick just past. A length: if it is no longer ago. Default false: only just now. */
  readonly runImmediately?: boolean | Duration;
}

/** Options of {@link trigger}. */
export interface TriggerOptions extends TickOptions {
  /** Length of the data interval that ends at the tick. Default zero. */
  readonly interval?: Duration | CalendarDuration;
}

/** Options of {@link partitioned}. */
export interface PartitionOptions extends TickOptions {
  /** Ticks from the run's to the partition's: -1 is the one before. Default 0. */
  readonly offset?: number;
  /** How the partition's date becomes its key, in strftime's words, in the DAG's timezone. Default `"%Y-%m-%dT%H:%M:%S"`. */
  readonly keyFormat?: string;
}

const TICK_OPTIONS = ["jitter", "jitterSeed", "runImmediately"];
const DEFAULT_KEY_FORMAT = "%Y-%m-%dT%H:%M:%S";

/**
 * Runs over the interval from one tick of a cron expression or preset to the next, as the expression alone does; with options.
 * @throws DagsmithError INVALID_SCHEDULE for an unknown preset, INVALID_DURATION, UNKNOWN_OPTION
 * @example dag("report", { schedule: cron("@daily", { jitter: "10m" }), startDate: "2026-01-01" })
 */
export function cron(expression: string, options: JitterOptions = {}): ScheduleRule {
  refuseUnknownOptions("schedule", options, ["jitter", "jitterSeed"], "cron()");
  return { type: "cron_data_interval", cron: cronOf(expression), ...jitterOf(options) };
}

/**
 * Runs at each tick instead of over the interval between two: of a cron expression or preset, of several (once where they tick together), or of
 * {@link every}.
 * @throws DagsmithError INVALID_SCHEDULE for an unknown preset, INVALID_DURATION, UNKNOWN_OPTION
 * @example
 * dag("report", { schedule: trigger("0 9 1 * *", { interval: "1 month" }) })
 * dag("twice", { schedule: trigger(["30 9 * * *", "0 18 * * *"]) })
 * dag("poll", { schedule: trigger(every("90m")) })
 */
export function trigger(when: string | readonly string[], options?: TriggerOptions): ScheduleRule;
export function trigger(when: EveryRule, options?: Pick<TriggerOptions, "interval">): ScheduleRule;
export function trigger(
  when: string | readonly string[] | EveryRule,
  options: TriggerOptions = {},
): ScheduleRule {
  const often = typeof when === "object" && "type" in when;
  refuseUnknownOptions(
    "schedule",
    options,
    often ? ["interval"] : ["interval", ...TICK_OPTIONS],
    "trigger()",
  );
  const interval = intervalOf(options.interval);
  if (typeof when === "string")
    return { type: "cron_trigger", cron: cronOf(when), ...interval, ...tickFields(options) };
  if (!often)
    return {
      type: "multi_cron_trigger",
      crons: when.map(cronOf),
      ...interval,
      ...tickFields(options),
    };
  if (when.type === "delta_data_interval")
    return { type: "delta_trigger", deltaMs: when.deltaMs, ...interval };
  return { type: "calendar_trigger", length: when.length, ...interval };
}

/**
 * Runs over intervals of one length. A {@link Duration} is absolute time: `"1d"` is 24 hours whatever clocks do. A {@link CalendarDuration}
 * follows the calendar of the DAG's timezone: `"1 day"` ends at the same time of day, `"1 month"` on the same day of the month, or on the last
 * where there is none such; from then on that is its day.
 *
 * Intervals are counted from the start date. Where missed ones are skipped (`catchup` other than `"all"`), months still are; other lengths are
 * counted from 1970-01-01.
 * @throws DagsmithError INVALID_SCHEDULE when the length is zero, INVALID_DURATION
 * @example dag("poll", { schedule: every("90m"), startDate: "2026-01-01" })
 */
export function every(length: Duration | CalendarDuration): EveryRule {
  const parsed = lengthOf(length);
  const zero = typeof parsed === "number" ? parsed === 0 : parsed.months + parsed.days === 0;
  if (zero)
    throw new DagsmithError("INVALID_SCHEDULE", {
      found: `every("${length}")`,
      reason: "the length is zero",
    });
  return typeof parsed === "number"
    ? { type: "delta_data_interval", deltaMs: parsed }
    : { type: "calendar_data_interval", length: parsed };
}

/**
 * Runs at instants that are listed, such as the dates of matches. One that is listed twice counts once. Those that passed while nobody looked
 * run only with `catchup: "all"`.
 * @param instants ISO 8601, read in the DAG's timezone when they name no offset
 * @param options.restrictToEvents a manual run works on the latest of them that has passed, instead of the moment it is asked for; default false
 * @throws DagsmithError UNKNOWN_OPTION
 * @example dag("finals", { schedule: events(["2026-07-15T20:00", "2026-07-19T16:00"]), timezone: "America/New_York" })
 */
export function events(
  instants: readonly string[],
  options: { readonly restrictToEvents?: boolean } = {},
): ScheduleRule {
  refuseUnknownOptions("schedule", options, ["restrictToEvents"], "events()");
  return {
    type: "events",
    instants: [...instants],
    restrictToEvents: options.restrictToEvents ?? false,
  };
}

/**
 * Runs at each tick, on behalf of a partition of the data: the one named after this tick, or after another some ticks away.
 * @throws DagsmithError INVALID_SCHEDULE for an unknown preset, INVALID_DURATION, UNKNOWN_OPTION
 * @example dag("load", { schedule: partitioned("@daily", { offset: -1, keyFormat: "%Y-%m-%d" }) }) // runs on the 2nd for "2026-01-01"
 */
export function partitioned(expression: string, options: PartitionOptions = {}): ScheduleRule {
  refuseUnknownOptions(
    "schedule",
    options,
    ["offset", "keyFormat", ...TICK_OPTIONS],
    "partitioned()",
  );
  const { offset = 0, keyFormat = DEFAULT_KEY_FORMAT } = options;
  return {
    type: "cron_partition",
    cron: cronOf(expression),
    offset,
    keyFormat,
    ...tickFields(options),
  };
}

function tickFields({ runImmediately, ...options }: TickOptions): {
  runImmediately?: boolean | number;
  jitter?: Jitter;
} {
  const immediately =
    typeof runImmediately === "string" ? durationMs(runImmediately) : runImmediately;
  return {
    ...(immediately !== undefined && { runImmediately: immediately }),
    ...jitterOf(options),
  };
}

function jitterOf({ jitter, jitterSeed = "" }: JitterOptions): { jitter?: Jitter } {
  return jitter === undefined ? {} : { jitter: { seed: jitterSeed, maxMs: durationMs(jitter) } };
}

function intervalOf(interval: TriggerOptions["interval"]): {
  intervalMs: number;
  calendarInterval?: CalendarLength;
} {
  const length = interval === undefined ? 0 : lengthOf(interval);
  return typeof length === "number"
    ? { intervalMs: length }
    : { intervalMs: 0, calendarInterval: length };
}
