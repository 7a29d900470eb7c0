/**
 * Schedules that need more than a cron expression. Each function returns a rule; the DAG
 * adds its timezone.
 */
import { type CalendarDuration, lengthOf } from "../calendar_duration.ts";
import { type Duration, durationMs } from "../duration.ts";
import { DagsmithError } from "../errors.ts";
import { refuseUnknownOptions } from "../option_values.ts";
import type { CalendarLength, Jitter, ScheduleSpec } from "../spec/index.ts";
import { cronOf } from "./cron_presets.ts";

type Unzoned<Spec> = Spec extends unknown ? Omit<Spec, "timezone" | "keyTimezone"> : never;

/**
 * A schedule made by {@link cron}, {@link cronTrigger}, {@link deltaTrigger},
 * {@link every}, {@link atInstants} or {@link partitioned}.
 * @example const rule: ScheduleRule = every("90m");
 */
export type ScheduleRule = Unzoned<
  Exclude<ScheduleSpec, { readonly type: "once" | "continuous" | "none" }>
>;

/**
 * Options of schedules that follow a cron expression.
 * @example
 * dag("report", { schedule: cron("@daily", { jitter: "10m", jitterSeed: "reports" }) });
 */
export interface JitterOptions {
  /**
   * Creates each run later, by a delay under this length. The delay is always the same
   * for the DAG, so that DAGs with one expression do not all start at the same instant.
   * Logical dates and data intervals stay. Default: none.
   */
  readonly jitter?: Duration;
  /**
   * The text from which the delay follows. DAGs with the same seed start together.
   * Default: the DAG's id and the schedule's name.
   */
  readonly jitterSeed?: string;
}

/**
 * Options of runs at ticks.
 * @example
 * dag("report", { schedule: cronTrigger("0 9 * * *", { runImmediately: "1h" }) });
 */
export interface TickOptions extends JitterOptions {
  /**
   * Without a start date: whether the first run is at the tick just past. A length: only
   * if that tick is no longer ago. Default false: only if it is less than a tenth of the
   * way to the next tick, or 5 minutes, ago.
   */
  readonly runImmediately?: boolean | Duration;
}

/**
 * Options of {@link cronTrigger}.
 * @example dag("month", { schedule: cronTrigger("0 9 1 * *", { interval: "1 month" }) });
 */
export interface CronTriggerOptions extends TickOptions {
  /** Length of the data interval that ends at the tick. Default zero. */
  readonly interval?: Duration | CalendarDuration;
}

/**
 * Options of {@link partitioned}.
 * @example
 * dag("load", {
 *   schedule: partitioned("@daily", { offset: -1, keyFormat: "%Y-%m-%d" }),
 * });
 */
export interface PartitionOptions extends TickOptions {
  /**
   * Number of ticks from the run's tick to the partition's tick; -1 is the tick before.
   * Default 0.
   */
  readonly offset?: number;
  /**
   * How the partition's date is written as its key: a format of strftime, in the DAG's
   * timezone. Default `"%Y-%m-%dT%H:%M:%S"`.
   */
  readonly keyFormat?: string;
}

const TICK_OPTIONS = ["jitter", "jitterSeed", "runImmediately"];
const DEFAULT_KEY_FORMAT = "%Y-%m-%dT%H:%M:%S";

/**
 * Runs over the interval from one tick of a cron expression or preset to the next: as the
 * expression alone, but with options. Airflow: CronDataIntervalTimetable.
 * @throws DagsmithError INVALID_SCHEDULE for an unknown preset, INVALID_DURATION,
 *   UNKNOWN_OPTION
 * @example
 * dag("report", {
 *   schedule: cron("@daily", { jitter: "10m" }),
 *   startDate: "2026-01-01",
 * });
 */
export function cron(expression: string, options: JitterOptions = {}): ScheduleRule {
  refuseUnknownOptions("schedule", options, ["jitter", "jitterSeed"], "cron()");
  return { type: "cron_data_interval", cron: cronOf(expression), ...jitterOf(options) };
}

/**
 * Runs at each tick, instead of over the interval between two ticks. Several expressions
 * that tick at the same instant make one run. Airflow: CronTriggerTimetable and
 * MultipleCronTriggerTimetable.
 * @param when a cron expression, a preset, or a list of them
 * @throws DagsmithError INVALID_SCHEDULE for an unknown preset, INVALID_DURATION,
 *   UNKNOWN_OPTION
 * @example
 * dag("report", { schedule: cronTrigger("0 9 1 * *", { interval: "1 month" }) })
 * dag("twice", { schedule: cronTrigger(["30 9 * * *", "0 18 * * *"]) })
 */
export function cronTrigger(
  when: string | readonly string[],
  options: CronTriggerOptions = {},
): ScheduleRule {
  refuseUnknownOptions("schedule", options, ["interval", ...TICK_OPTIONS], "cronTrigger()");
  const fields = { ...intervalOf(options.interval), ...tickFields(options) };
  return typeof when === "string"
    ? { type: "cron_trigger", cron: cronOf(when), ...fields }
    : { type: "multi_cron_trigger", crons: when.map(cronOf), ...fields };
}

/**
 * Runs at the start date, then at the end of each length of time. {@link every} runs over
 * the intervals of the same length. Airflow: DeltaTriggerTimetable.
 * @param length a {@link Duration} or a {@link CalendarDuration}
 * @param options.interval length of the data interval that ends at each run's instant;
 *   default zero
 * @throws DagsmithError INVALID_SCHEDULE when the length is zero, INVALID_DURATION,
 *   UNKNOWN_OPTION
 * @example dag("poll", { schedule: deltaTrigger("90m"), startDate: "2026-01-01" })
 */
export function deltaTrigger(
  length: Duration | CalendarDuration,
  options: Pick<CronTriggerOptions, "interval"> = {},
): ScheduleRule {
  refuseUnknownOptions("schedule", options, ["interval"], "deltaTrigger()");
  const parsed = positiveLength("deltaTrigger", length);
  const interval = intervalOf(options.interval);
  return typeof parsed === "number"
    ? { type: "delta_trigger", deltaMs: parsed, ...interval }
    : { type: "calendar_trigger", length: parsed, ...interval };
}

/**
 * Runs over intervals of one length. A {@link Duration} is absolute time: `"1d"` is
 * always 24 hours. A {@link CalendarDuration} follows the calendar of the DAG's timezone:
 * `"1 day"` ends at the same time of day, `"1 month"` on the same day of the month. A
 * month without that day ends on its last day, and later months end on that day too.
 *
 * Intervals are counted from the start date. With `catchup` other than `"all"`, lengths
 * other than months are counted from 1970-01-01 after a missed interval. Airflow:
 * DeltaDataIntervalTimetable.
 * @throws DagsmithError INVALID_SCHEDULE when the length is zero, INVALID_DURATION
 * @example dag("poll", { schedule: every("90m"), startDate: "2026-01-01" })
 */
export function every(length: Duration | CalendarDuration): ScheduleRule {
  const parsed = positiveLength("every", length);
  return typeof parsed === "number"
    ? { type: "delta_data_interval", deltaMs: parsed }
    : { type: "calendar_data_interval", length: parsed };
}

/**
 * Runs at listed instants, such as the dates of matches. An instant that is listed twice
 * counts once. Instants that passed before the scheduler saw them run only with
 * `catchup: "all"`. Airflow: EventsTimetable.
 * @param instants ISO 8601, read in the DAG's timezone when they name no offset
 * @param options.restrictToInstants a manual run works on the latest listed instant that
 *   has passed, instead of the moment of the request; default false
 * @throws DagsmithError UNKNOWN_OPTION
 * @example
 * dag("finals", { schedule: atInstants(["2026-07-15T20:00", "2026-07-19T16:00"]) });
 */
export function atInstants(
  instants: readonly string[],
  options: { readonly restrictToInstants?: boolean } = {},
): ScheduleRule {
  refuseUnknownOptions("schedule", options, ["restrictToInstants"], "atInstants()");
  return {
    type: "instants",
    instants: [...instants],
    restrictToInstants: options.restrictToInstants ?? false,
  };
}

/**
 * Runs at each tick for a partition of the data: the partition named after this tick, or
 * after a tick `offset` ticks away. Airflow: CronPartitionTimetable.
 * @throws DagsmithError INVALID_SCHEDULE for an unknown preset, INVALID_DURATION,
 *   UNKNOWN_OPTION
 * @example
 * // the run of January 2nd is for the partition "2026-01-01"
 * dag("load", {
 *   schedule: partitioned("@daily", { offset: -1, keyFormat: "%Y-%m-%d" }),
 * });
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

function positiveLength(
  builder: "every" | "deltaTrigger",
  length: Duration | CalendarDuration,
): number | CalendarLength {
  const parsed = lengthOf(length);
  const isZero = typeof parsed === "number" ? parsed === 0 : parsed.months + parsed.days === 0;
  if (!isZero) return parsed;
  throw new DagsmithError("INVALID_SCHEDULE", {
    found: `${builder}("${length}")`,
    reason: "the length is zero",
  });
}

function intervalOf(interval: CronTriggerOptions["interval"]): {
  intervalMs: number;
  calendarInterval?: CalendarLength;
} {
  const length = interval === undefined ? 0 : lengthOf(interval);
  return typeof length === "number"
    ? { intervalMs: length }
    : { intervalMs: 0, calendarInterval: length };
}
