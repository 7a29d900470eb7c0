/** What a backfill covers, in which order, and what is refused: `backfill.*`. */
import { z } from "zod";
import {
  type BackfillRange,
  backfillDates,
  planRuns,
  REPROCESS,
} from "../../../runtime/scheduler/decisions/plan_backfill.ts";
import { type ErrorCode, isDagsmithError } from "../../../sdk/errors.ts";
import { type Answer, area } from "../area.ts";
import { INSTANT, runFields, SCHEDULE, sameRuns, specOf } from "./schedule.ts";

const RANGE = z.object({
  schedule: SCHEDULE,
  from_date: INSTANT,
  to_date: INSTANT,
  run_backwards: z.boolean(),
  now: INSTANT,
});

const CREATE = RANGE.extend({
  reprocess: z.enum(REPROCESS),
  existing_runs: z.array(
    z.object({ logical_date: INSTANT, state: z.enum(["queued", "running", "success", "failed"]) }),
  ),
  depends_on_past: z.boolean(),
  another_backfill_active: z.boolean(),
});

/** The cases' words for a refusal, the first that fits. */
const REFUSALS: readonly (readonly [words: RegExp, code: ErrorCode])[] = [
  [/backwards|reverse/, "BACKFILL_BACKWARDS"],
  [/depends_on_past/, "BACKFILL_DEPENDS_ON_PAST"],
  [/future/, "BACKFILL_IN_FUTURE"],
  [/active|running|another/, "BACKFILL_ACTIVE"],
  [/schedule/, "BACKFILL_NO_SCHEDULE"],
  [/nothing|empty|no_runs|no_dates/, "BACKFILL_EMPTY"],
];

function rangeOf(input: z.infer<typeof RANGE>, more: Partial<BackfillRange> = {}): BackfillRange {
  return {
    ...{
      dagId: "case",
      schedule: specOf(input.schedule),
      from: input.from_date,
      to: input.to_date,
      now: input.now,
    },
    ...{
      reprocess: "none",
      backwards: input.run_backwards,
      dependsOnPast: false,
      activeBackfill: null,
      ...more,
    },
  };
}

export const backfillDatesArea = area(
  RANGE,
  (input): Answer => ({ runs: backfillDates(rangeOf(input)).map(runFields) }),
  sameRuns,
);

export const backfillCreate = area(
  CREATE,
  (input): Answer => {
    const {
      reprocess,
      depends_on_past: dependsOnPast,
      another_backfill_active: isActive,
      existing_runs: existing,
    } = input;
    try {
      const runs = backfillDates(
        rangeOf(input, { reprocess, dependsOnPast, activeBackfill: isActive ? 1 : null }),
      );
      const planned = planRuns(
        runs,
        reprocess,
        (date) => existing.find((run) => run.logical_date.getTime() === date.getTime())?.state,
      );
      return { items: planned.map(itemFields) };
    } catch (error) {
      if (isDagsmithError(error)) return { error: error.code };
      throw error;
    }
  },
  (expect, got) =>
    "error" in expect ? codeOf(String(expect.error)) === got.error : sameRuns(expect, got),
);

function itemFields({
  ordinal,
  logicalDate,
  decision,
  reason,
}: ReturnType<typeof planRuns>[number]): Answer {
  return {
    ordinal,
    logical_date: logicalDate,
    action: decision,
    ...(reason !== null && { reason }),
  };
}

function codeOf(words: string): ErrorCode | undefined {
  return REFUSALS.find(([pattern]) => pattern.test(words))?.[1];
}
