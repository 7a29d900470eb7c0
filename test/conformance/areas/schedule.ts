/** Schedules and instants as cases write them, as the SDK takes them. */
import { z } from "zod";
import type { Interval, RunInfo } from "../../../runtime/timetable/index.ts";
import type { CalendarDuration } from "../../../sdk/calendar_duration.ts";
import { describeSchedules } from "../../../sdk/describe/describe_schedules.ts";
import type { Duration } from "../../../sdk/duration.ts";
import type { Schedule } from "../../../sdk/schedule/schedule.ts";
import {
  atInstants,
  type CronTriggerOptions,
  cronTrigger,
  deltaTrigger,
  every,
  partitioned,
  type TickOptions,
} from "../../../sdk/schedule/schedule_rules.ts";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import { type Answer, NotSupported } from "../area.ts";

export const INSTANT = z.iso.datetime().transform((text) => new Date(text));
export const INTERVAL = z.object({ start: INSTANT, end: INSTANT });

/** `seconds` is a fixed length, the other units count on the calendar. */
const DELTA = z.partialRecord(
  z.enum(["seconds", "minutes", "hours", "days", "weeks", "months", "years"]),
  z.number(),
);
type Delta = z.infer<typeof DELTA>;

const IMMEDIATELY = z.union([z.boolean(), DELTA]);

const CRON = { cron: z.string(), timezone: z.string() };
const WRITTEN = z.discriminatedUnion("type", [
  z.object({ type: z.literal("cron_data_interval"), ...CRON }),
  z.object({
    type: z.literal("cron_trigger"),
    ...CRON,
    interval: DELTA.optional(),
    run_immediately: IMMEDIATELY.optional(),
  }),
  z.object({ type: z.literal("delta_data_interval"), delta: DELTA }),
  z.object({ type: z.literal("delta_trigger"), delta: DELTA, interval: DELTA.optional() }),
  z.object({
    type: z.literal("multi_cron_trigger"),
    crons: z.array(z.string()),
    timezone: z.string(),
    interval: DELTA.optional(),
    run_immediately: IMMEDIATELY.optional(),
  }),
  z.object({
    type: z.literal("cron_partition"),
    ...CRON,
    run_offset: z.number().optional(),
    key_format: z
      .string()
      .nullable()
      .transform((format) => format ?? undefined)
      .optional(),
    run_immediately: IMMEDIATELY.optional(),
  }),
  z.object({
    type: z.literal("events"),
    event_dates: z.array(z.string()),
    restrict_to_events: z.boolean().optional(),
  }),
  z.object({ type: z.literal("once") }),
  z.object({ type: z.literal("continuous") }),
  z.object({ type: z.literal("none") }),
]);
/** Airflow's `schedule=None` is null. */
export const SCHEDULE = z.union([
  WRITTEN,
  z.null().transform((): z.infer<typeof WRITTEN> => ({ type: "none" })),
]);
export type ScheduleInput = z.infer<typeof SCHEDULE>;

/**
 * The stored form of a schedule, made as a DAG file makes it.
 * @throws DagsmithError what the SDK throws; NotSupported for a kind that it has not
 */
export function specOf(input: ScheduleInput): ScheduleSpec {
  const [named] = describeSchedules(
    scheduleOf(input),
    "timezone" in input ? input.timezone : "UTC",
  );
  return named?.schedule ?? { type: "none" };
}

function scheduleOf(input: ScheduleInput): Schedule {
  switch (input.type) {
    case "cron_data_interval":
      return input.cron;
    case "cron_trigger":
      return cronTrigger(input.cron, triggerOptions(input));
    case "multi_cron_trigger":
      return cronTrigger(input.crons, triggerOptions(input));
    case "cron_partition":
      return partitioned(input.cron, {
        ...immediately(input.run_immediately),
        ...(input.run_offset === undefined ? {} : { offset: input.run_offset }),
        ...(input.key_format === undefined ? {} : { keyFormat: input.key_format }),
      });
    case "delta_data_interval":
      return every(lengthOf(input.delta));
    case "delta_trigger":
      return deltaTrigger(
        lengthOf(input.delta),
        input.interval ? { interval: lengthOf(input.interval) } : {},
      );
    case "events":
      return atInstants(input.event_dates, {
        restrictToInstants: input.restrict_to_events ?? false,
      });
    case "continuous":
      return "@continuous";
    case "once":
      return "@once";
    case "none":
      return null;
  }
}

type Immediately = z.infer<typeof IMMEDIATELY>;

function triggerOptions({
  interval,
  run_immediately,
}: {
  interval?: Delta | undefined;
  run_immediately?: Immediately | undefined;
}): CronTriggerOptions {
  return { ...(interval ? { interval: lengthOf(interval) } : {}), ...immediately(run_immediately) };
}

function immediately(written: Immediately | undefined): TickOptions {
  if (written === undefined || typeof written === "boolean")
    return written === undefined ? {} : { runImmediately: written };
  const length = lengthOf(written);
  if (length.includes(" ")) throw new NotSupported("a calendar length for running immediately");
  return { runImmediately: length as Duration };
}

/** Seconds, minutes and hours are fixed lengths, the others go by the calendar. */
const UNITS = {
  seconds: "s",
  minutes: "m",
  hours: "h",
  days: " days",
  weeks: " weeks",
  months: " months",
  years: " years",
} as const;

function lengthOf(delta: Delta): Duration | CalendarDuration {
  const [[unit, amount] = [], ...more] = Object.entries(delta) as [keyof typeof UNITS, number][];
  if (unit === undefined || amount === undefined || more.length > 0)
    throw new NotSupported("a length of several units");
  return `${amount}${UNITS[unit]}`;
}

/** A run as cases write it. */
export function runFields({ logicalDate, dataInterval, runAfter, partition }: RunInfo): Answer {
  const of = partition ? { partition_key: partition.key, partition_date: partition.date } : {};
  return { logical_date: logicalDate, ...intervalFields(dataInterval), run_after: runAfter, ...of };
}

export function intervalFields({ start, end }: Interval): Answer {
  return { data_interval_start: start, data_interval_end: end };
}

/**
 * Instants are compared to the millisecond, which is as fine as a Date is. Rows of runs
 * may leave fields out, as a single run may.
 */
export function sameRuns(expect: Answer, got: Answer): boolean {
  return Object.entries(expect).every(([field, value]) => sameInstants(value, got[field]));
}

function sameInstants(expected: unknown, got: unknown): boolean {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(got) &&
      expected.length === got.length &&
      expected.every((row, index) => sameInstants(row, got[index]))
    );
  }
  if (typeof expected === "object" && expected !== null)
    return typeof got === "object" && got !== null && sameRuns(expected as Answer, got as Answer);
  if (got instanceof Date)
    return typeof expected === "string" && new Date(expected).getTime() === got.getTime();
  return expected === got;
}
