/** The schema of schedules. */
import { z } from "zod";
import type { CalendarLength, NamedSchedule, ScheduleSpec } from "../../sdk/spec/index.ts";
import { checksAllOf, json, text } from "./fields.ts";

const length: z.ZodType<CalendarLength> = z.strictObject({ months: z.number(), days: z.number() });
const zoned = { timezone: text };
const jittered = {
  jitter: z.strictObject({ seed: text, maxMs: z.number() }).exactOptional(),
};
const tick = {
  ...zoned,
  ...jittered,
  runImmediately: z.union([z.boolean(), z.number()]).exactOptional(),
};
const triggerInterval = {
  ...zoned,
  intervalMs: z.number(),
  calendarInterval: length.exactOptional(),
};

const schedule = checksAllOf<ScheduleSpec>()(
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("cron_data_interval"), cron: text, ...zoned, ...jittered }),
    z.strictObject({ type: z.literal("cron_trigger"), cron: text, ...triggerInterval, ...tick }),
    z.strictObject({
      ...{ type: z.literal("multi_cron_trigger"), crons: z.array(text) },
      ...triggerInterval,
      ...tick,
    }),
    z.strictObject({
      ...{ type: z.literal("cron_partition"), cron: text, offset: z.int() },
      ...{ keyFormat: text, keyTimezone: text },
      ...tick,
    }),
    z.strictObject({ type: z.literal("delta_data_interval"), deltaMs: z.number() }),
    z.strictObject({ type: z.literal("delta_trigger"), deltaMs: z.number(), ...triggerInterval }),
    z.strictObject({ type: z.literal("calendar_data_interval"), length, ...zoned }),
    z.strictObject({ type: z.literal("calendar_trigger"), length, ...triggerInterval }),
    z.strictObject({
      ...{ type: z.literal("instants"), instants: z.array(z.iso.datetime()) },
      restrictToInstants: z.boolean(),
    }),
    z.strictObject({ type: z.literal("continuous") }),
    z.strictObject({ type: z.literal("once") }),
    z.strictObject({ type: z.literal("none") }),
  ]),
);

/** Names are short: they are part of the ids of runs. */
export const namedSchedule = checksAllOf<NamedSchedule>()(
  z.strictObject({ name: z.string().regex(/^[\w-]{0,50}$/), schedule, params: json }),
);
