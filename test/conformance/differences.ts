/**
 * Where the product decides otherwise on purpose. Each is a rule that docs/semantics.md
 * states (a test holds that), and says which inputs it speaks of: a case is set apart
 * only when it does not match and the rule speaks of its input.
 */
import { z } from "zod";
import { cronExpression } from "../../runtime/timetable/cron/cron_expression.ts";
import { nearestMatch } from "../../runtime/timetable/cron/cron_step.ts";
import { manualInterval } from "../../runtime/timetable/index.ts";
import { specOf } from "./areas/schedule.ts";
import type { Case } from "./case_file.ts";

export interface Difference {
  /** Areas it may explain. */
  readonly areas: readonly string[];
  /** The sentence of docs/semantics.md, as it stands there. */
  readonly rule: string;
  readonly speaksOf: (input: Case["input"]) => boolean;
}

const CRON = z
  .object({ schedule: z.object({ cron: z.string() }) })
  .transform(({ schedule }) => schedule.cron);
const INSTANT = z.iso.datetime().transform((text) => new Date(text));
const LAST = z.object({ start: INSTANT, end: INSTANT });

const EDITED = z.object({
  schedule: z.object({
    type: z.literal("cron_data_interval"),
    cron: z.string(),
    timezone: z.string(),
  }),
  last_data_interval: LAST,
});

const AFTER_PAUSE = z.object({
  schedule: z.object({
    type: z.enum(["delta_data_interval", "delta_trigger"]),
    delta: z.object({ seconds: z.number().positive() }),
  }),
  catchup: z.literal(false),
  last_data_interval: LAST,
  now: INSTANT,
});

const PARTITION = z.object({
  schedule: z.object({ type: z.literal("cron_partition"), timezone: z.string() }),
});
const CONTINUOUS = z.object({
  schedule: z.object({ type: z.literal("continuous") }),
  start_date: z.null(),
  last_data_interval: z.null(),
});

const NEXT = ["timetable.next", "timetable.sequence"];

export const DIFFERENCES: readonly Difference[] = [
  {
    areas: [...NEXT, "timetable.manual", "timetable.validate", "backfill.dates", "backfill.create"],
    rule: "With six fields, cron begins with seconds.",
    speaksOf: (input) => CRON.safeParse(input).data?.trim().split(/\s+/).length === 6,
  },
  {
    areas: ["timetable.validate"],
    rule: "A cron expression that can never match is refused when the DAG is deployed.",
    speaksOf: (input) => neverMatches(CRON.safeParse(input).data),
  },
  {
    areas: NEXT,
    rule: "A schedule that is edited goes on from the last run's end, moved back onto the new grid.",
    speaksOf: (input) => {
      const { data } = EDITED.safeParse(input);
      if (!data) return false;
      const { schedule, last_data_interval: last } = data;
      // The last tick at or before the last run's end: where an edited schedule would go
      // on.
      const tick = manualInterval(
        specOf({ ...schedule, type: "cron_data_interval" }),
        last.end,
      ).end;
      return last.start < last.end && tick <= last.start;
    },
  },
  {
    areas: NEXT,
    rule: '`every("1d")` keeps the grid of the last run across a pause.',
    speaksOf: (input) => {
      const { data } = AFTER_PAUSE.safeParse(input);
      if (data?.schedule.type !== "delta_data_interval") return false;
      return data.last_data_interval.end.getTime() % (data.schedule.delta.seconds * 1_000) !== 0;
    },
  },
  {
    areas: NEXT,
    rule: '`deltaTrigger("1h")` that is late by less than its length keeps its place.',
    speaksOf: (input) => {
      const { data } = AFTER_PAUSE.safeParse(input);
      if (data?.schedule.type !== "delta_trigger") return false;
      const late =
        data.now.getTime() -
        data.last_data_interval.end.getTime() -
        data.schedule.delta.seconds * 1_000;
      return late > 0 && late < data.schedule.delta.seconds * 1_000;
    },
  },
  {
    areas: NEXT,
    rule: "`@continuous` begins now when it has no start date",
    speaksOf: (input) => CONTINUOUS.safeParse(input).success,
  },
  {
    areas: NEXT,
    rule: "The key of a partition is written on the wall clock of the DAG's timezone.",
    speaksOf: (input) => (PARTITION.safeParse(input).data?.schedule.timezone ?? "UTC") !== "UTC",
  },
];

function neverMatches(cron: string | undefined): boolean {
  try {
    return cron !== undefined && nearestMatch(cronExpression(cron), 0, 1) === null;
  } catch {
    return false;
  }
}

/** The rule that explains why a case comes out otherwise; undefined when none does. */
export function explained(
  { area, input }: Case,
  differences: readonly Difference[] = DIFFERENCES,
): Difference | undefined {
  return differences.find(({ areas, speaksOf }) => areas.includes(area) && speaksOf(input));
}
