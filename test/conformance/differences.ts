/**
 * Where the product decides otherwise on purpose. Each is a rule that docs/semantics.md states (a test holds that), and says which inputs it
 * speaks of: a case is set apart only when it does not match and the rule speaks of its input.
 */
import { z } from "zod";
import { cronExpression } from "../../runtime/timetable/cron_expression.ts";
import { nearestMatch } from "../../runtime/timetable/cron_step.ts";
import type { Case } from "./case_file.ts";

export interface Difference {
  /** Areas it may explain. */
  readonly areas: readonly string[];
  /** The sentence of docs/semantics.md, as it stands there. */
  readonly rule: string;
  readonly speaksOf: (input: Case["input"]) => boolean;
}

const CRON = z.object({ schedule: z.object({ cron: z.string() }) }).transform(({ schedule }) => schedule.cron);

const AFTER_PAUSE = z.object({
  schedule: z.object({ type: z.literal("delta_data_interval"), delta: z.object({ seconds: z.number().positive() }) }),
  catchup: z.literal(false),
  last_data_interval: z.object({ end: z.string() }),
});

const TIMETABLES = ["timetable.next", "timetable.sequence", "timetable.manual", "timetable.validate"];

export const DIFFERENCES: readonly Difference[] = [
  {
    areas: [...TIMETABLES, "backfill.dates", "backfill.create"],
    rule: "With six fields, cron begins with seconds.",
    speaksOf: (input) => CRON.safeParse(input).data?.trim().split(/\s+/).length === 6,
  },
  {
    areas: ["timetable.validate"],
    rule: "A cron expression that can never match is refused when the DAG is deployed.",
    speaksOf: (input) => neverMatches(CRON.safeParse(input).data),
  },
  {
    areas: ["timetable.next", "timetable.sequence"],
    rule: '`every("1d")` keeps the grid of the last run across a pause.',
    speaksOf: (input) => {
      const { data } = AFTER_PAUSE.safeParse(input);
      return data !== undefined && Date.parse(data.last_data_interval.end) % (data.schedule.delta.seconds * 1_000) !== 0;
    },
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
export function explained({ area, input }: Case, differences: readonly Difference[] = DIFFERENCES): Difference | undefined {
  return differences.find(({ areas, speaksOf }) => areas.includes(area) && speaksOf(input));
}
