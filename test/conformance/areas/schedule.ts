/** Schedules and instants as cases write them, as the SDK takes them. */
import { z } from "zod";
import type { Interval, RunInfo } from "../../../runtime/timetable/index.ts";
import { type Duration, durationMs } from "../../../sdk/duration.ts";
import { describeSchedules, type Schedule, type ScheduleSpec } from "../../../sdk/schedule.ts";
import { every, trigger } from "../../../sdk/schedule_rules.ts";
import { type Answer, NotSupported } from "../area.ts";

export const INSTANT = z.iso.datetime().transform((text) => new Date(text));
export const INTERVAL = z.object({ start: INSTANT, end: INSTANT });

/** `seconds` is a fixed length, the other units count on the calendar. */
const DELTA = z.partialRecord(z.enum(["seconds", "minutes", "hours", "days", "weeks", "months", "years"]), z.number());
type Delta = z.infer<typeof DELTA>;

const CRON = { cron: z.string(), timezone: z.string() };
export const SCHEDULE = z.discriminatedUnion("type", [
  z.object({ type: z.literal("cron_data_interval"), ...CRON }),
  z.object({
    type: z.literal("cron_trigger"),
    ...CRON,
    interval: DELTA.optional(),
    run_immediately: z.union([z.boolean(), DELTA]).optional(),
  }),
  z.object({ type: z.literal("delta_data_interval"), delta: DELTA }),
  z.object({ type: z.literal("delta_trigger"), delta: DELTA }),
  z.object({ type: z.literal("multi_cron_trigger"), crons: z.array(z.string()), timezone: z.string(), interval: DELTA.optional() }),
  z.object({ type: z.literal("cron_partition"), ...CRON, run_offset: z.number().optional(), key_format: z.string().optional() }),
  z.object({ type: z.literal("events"), event_dates: z.array(z.string()), restrict_to_events: z.boolean().optional() }),
  z.object({ type: z.literal("once") }),
  z.object({ type: z.literal("continuous") }),
  z.object({ type: z.literal("none") }),
]);
export type ScheduleInput = z.infer<typeof SCHEDULE>;

/**
 * The stored form of a schedule, made as a DAG file makes it.
 * @throws DagsmithError what the SDK throws; NotSupported for a kind that it has not
 */
export function specOf(input: ScheduleInput): ScheduleSpec {
  const [named] = describeSchedules(scheduleOf(input), "timezone" in input ? input.timezone : "UTC");
  return named?.schedule ?? { type: "none" };
}

function scheduleOf(input: ScheduleInput): Schedule {
  switch (input.type) {
    case "cron_data_interval":
      return input.cron;
    case "cron_trigger":
      if (input.run_immediately !== undefined) throw new NotSupported("a trigger that runs immediately");
      return trigger(input.cron, input.interval ? { interval: lengthOf(input.interval) } : {});
    case "delta_data_interval":
      return every(lengthOf(input.delta));
    case "once":
      return "@once";
    case "none":
      return null;
    default:
      throw new NotSupported(`a schedule of the type ${input.type}`);
  }
}

/** A length in ISO 8601, which tells a calendar unit from a fixed length. */
function lengthOf({ years, months, weeks, days, hours, minutes, seconds }: Delta): Duration {
  const part = (amount: number | undefined, unit: string): string => (amount === undefined ? "" : `${amount}${unit}`);
  const date = part(years, "Y") + part(months, "M") + part(weeks, "W") + part(days, "D");
  const time = part(hours, "H") + part(minutes, "M") + part(seconds, "S");
  const length: Duration = `P${date}${time && `T${time}`}`;
  durationMs(length);
  return length;
}

/** A run as cases write it. */
export function runFields({ logicalDate, dataInterval, runAfter }: RunInfo): Answer {
  return { logical_date: logicalDate, ...intervalFields(dataInterval), run_after: runAfter };
}

export function intervalFields({ start, end }: Interval): Answer {
  return { data_interval_start: start, data_interval_end: end };
}

/** Instants are compared to the millisecond, which is as fine as a Date is. Rows of runs may leave fields out, as a single run may. */
export function sameRuns(expect: Answer, got: Answer): boolean {
  return Object.entries(expect).every(([field, value]) => sameInstants(value, got[field]));
}

function sameInstants(expected: unknown, got: unknown): boolean {
  if (Array.isArray(expected)) {
    return Array.isArray(got) && expected.length === got.length && expected.every((row, index) => sameInstants(row, got[index]));
  }
  if (typeof expected === "object" && expected !== null)
    return typeof got === "object" && got !== null && sameRuns(expected as Answer, got as Answer);
  if (got instanceof Date) return typeof expected === "string" && new Date(expected).getTime() === got.getTime();
  return expected === got;
}
