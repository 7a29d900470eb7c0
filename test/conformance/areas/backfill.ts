/** Which runs a backfill covers, and what becomes of each. */
import { z } from "zod";
import { backfillDates, planSlots, REPROCESS } from "../../../runtime/scheduler/plan_backfill.ts";
import { RUN_STATES } from "../../../runtime/state/run_state.ts";
import { DagsmithError, type ErrorCode } from "../../../sdk/errors.ts";
import { type Answer, area, sameWhereExpected } from "../area.ts";
import { INSTANT, runFields, SCHEDULE, sameRuns, specOf } from "./schedule.ts";

const RANGE = z.object({ schedule: SCHEDULE, from_date: INSTANT, to_date: INSTANT, run_backwards: z.boolean(), now: INSTANT });
const CREATE = RANGE.extend({
  reprocess: z.enum(REPROCESS),
  existing_runs: z.array(z.object({ logical_date: INSTANT, state: z.enum(RUN_STATES) })),
  depends_on_past: z.boolean(),
  another_backfill_active: z.boolean(),
});
type Create = z.infer<typeof CREATE>;

/** A refusal of the product, and the words by which cases name it. */
const REFUSALS: Readonly<Partial<Record<ErrorCode, RegExp>>> = {
  BACKFILL_NO_SCHEDULE: /no_schedule|without_schedule|not_scheduled/,
  BACKFILL_ACTIVE: /active|already_running/,
  BACKFILL_BACKWARDS: /backwards/,
  BACKFILL_DEPENDS_ON_PAST: /reprocess/,
  BACKFILL_IN_FUTURE: /future/,
  BACKFILL_RANGE: /range|after_to|order/,
  BACKFILL_EMPTY: /nothing|no_runs|no_dates|empty/,
};

function planned(input: Create): ReturnType<typeof planSlots> {
  const range = {
    ...{ dagId: "case", schedule: specOf(input.schedule), from: input.from_date, to: input.to_date, now: input.now },
    ...{ reprocess: input.reprocess, backwards: input.run_backwards, dependsOnPast: input.depends_on_past },
    activeBackfill: input.another_backfill_active ? 1 : null,
  };
  const states = new Map(input.existing_runs.map((run) => [run.logical_date.getTime(), run.state]));
  return planSlots(backfillDates(range), input.reprocess, (date) => states.get(date.getTime()));
}

export const backfillDatesArea = area(
  RANGE,
  (input): Answer => {
    const more: Pick<Create, "reprocess" | "existing_runs" | "depends_on_past" | "another_backfill_active"> = {
      ...{ reprocess: "none", existing_runs: [], depends_on_past: false, another_backfill_active: false },
    };
    try {
      return { runs: planned({ ...input, ...more }).map(runFields) };
    } catch (error) {
      // A backfill of no runs is refused; it covers none.
      if (error instanceof DagsmithError && ["BACKFILL_EMPTY", "BACKFILL_IN_FUTURE"].includes(error.code)) return { runs: [] };
      throw error;
    }
  },
  sameRuns,
);

export const backfillCreate = area(
  CREATE,
  (input): Answer => {
    try {
      const items = planned(input).map(({ ordinal, logicalDate, decision, reason }) => ({
        ...{ ordinal, logical_date: logicalDate, action: decision },
        ...(reason === null ? {} : { reason }),
      }));
      return { items };
    } catch (error) {
      if (error instanceof DagsmithError && error.code in REFUSALS) return { error: error.code };
      throw error;
    }
  },
  (expect, got) => {
    if (typeof expect.error !== "string") return got.error === undefined && sameRuns(expect, got) && sameReasons(expect, got);
    return REFUSALS[got.error as ErrorCode]?.test(expect.error) ?? false;
  },
);

/** A reason that no case speaks of must not be given either. */
function sameReasons(expect: Answer, got: Answer): boolean {
  const reasons = (answer: Answer): unknown =>
    (answer.items as readonly { readonly reason?: string }[] | undefined)?.map(({ reason }) => reason ?? null);
  return sameWhereExpected({ reasons: reasons(expect) }, { reasons: reasons(got) });
}
