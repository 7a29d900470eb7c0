/** When runs exist: `timetable.*` and `cron.preset`. */
import { z } from "zod";
import {
  checkSchedule,
  type Interval,
  manualInterval,
  nextRun,
  type Restriction,
  type RunInfo,
} from "../../../runtime/timetable/index.ts";
import { describeSchedules } from "../../../sdk/describe/describe_schedules.ts";
import { isDagsmithError } from "../../../sdk/errors.ts";
import { type Answer, area } from "../area.ts";
import {
  INSTANT,
  INTERVAL,
  intervalFields,
  runFields,
  SCHEDULE,
  sameRuns,
  specOf,
} from "./schedule.ts";

const NEXT = z.object({
  schedule: SCHEDULE,
  catchup: z.boolean(),
  start_date: INSTANT.nullable(),
  end_date: INSTANT.nullable(),
  last_data_interval: INTERVAL.nullable().optional(),
  last_run_after: INSTANT.nullable().optional(),
  now: INSTANT.nullable(),
});
type NextInput = z.infer<typeof NEXT>;

/**
 * Without a clock in the case, the answer must not depend on one: it is asked with clocks
 * far apart.
 */
const ANY_CLOCK = [new Date("1990-01-01T00:00:00Z"), new Date("2090-01-01T00:00:00Z")];

function steps({ now, ...input }: NextInput, count: number): readonly RunInfo[] {
  const [runs = [], ...others] = (now ? [now] : ANY_CLOCK).map((clock) =>
    stepsAt(input, clock, count),
  );
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(runs)))
    throw new Error("the answer depends on the clock");
  return runs;
}

function stepsAt(input: Omit<NextInput, "now">, clock: Date, count: number): readonly RunInfo[] {
  const schedule = specOf(input.schedule);
  const bounds: Restriction = {
    earliest: input.start_date,
    latest: input.end_date,
    catchup: input.catchup ? "all" : "last",
  };
  const runs: RunInfo[] = [];
  for (let last: Interval | null = lastOf(input); runs.length < count; ) {
    const run = nextRun(schedule, last, bounds, clock);
    if (run === null) break;
    runs.push(run);
    last = run.dataInterval;
  }
  return runs;
}

function lastOf({
  last_data_interval,
  last_run_after,
}: Pick<NextInput, "last_data_interval" | "last_run_after">): Interval | null {
  return (
    last_data_interval ?? (last_run_after ? { start: last_run_after, end: last_run_after } : null)
  );
}

export const timetableNext = area(
  NEXT,
  (input): Answer => {
    const [run] = steps(input, 1);
    return run ? runFields(run) : { none: true };
  },
  sameRuns,
);

export const timetableSequence = area(
  NEXT.extend({ steps: z.int().min(1) }),
  (input) => ({ runs: steps(input, input.steps).map(runFields) }),
  sameRuns,
);

export const timetableManual = area(
  z.object({ schedule: SCHEDULE, run_after: INSTANT }),
  ({ schedule, run_after }) => intervalFields(manualInterval(specOf(schedule), run_after)),
  sameRuns,
);

export const timetableValidate = area(z.object({ schedule: SCHEDULE }), ({ schedule }) => {
  try {
    checkSchedule(specOf(schedule));
    return { valid: true };
  } catch (error) {
    if (isDagsmithError(error)) return { valid: false };
    throw error;
  }
});

export const cronPreset = area(z.object({ preset: z.string() }), ({ preset }) => {
  const [named] = describeSchedules(preset, "UTC");
  return { cron: named?.schedule.type === "cron_data_interval" ? named.schedule.cron : null };
});
