/** The documents of commands about backfills. */
import { z } from "zod";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import {
  backfillPreview,
  backfillRuns,
  createdBackfill,
  backfills as listed,
} from "../../web/api/schemas/backfills.ts";

// The type of a schedule has no index signature, which a loose object asks for.
const schedule = z.looseObject({ type: z.string() }) as unknown as z.ZodType<ScheduleSpec>;

const backfill = listed.shape.backfills.element.extend({ scheduleSpec: schedule });

export const changed = z.object({ backfill });

/** With `--dry-run` its runs, with `--wait` the backfill at its end. */
export const created = z.union([
  createdBackfill.extend({ dagId: z.string(), state: z.literal("running") }),
  backfillPreview.extend({ dryRun: z.boolean() }),
  changed,
]);

/** With `--id`: the runs of one. */
export const backfills = z.union([
  z.object({ backfills: z.array(backfill) }),
  z.object({ backfill, runs: backfillRuns.shape.runs }),
]);
