/** What the API answers about backfills. */
import { z } from "zod";
import { BACKFILL_STATES, CODE_CHOICES } from "../../../store/backfills/backfill.ts";
import { runState, when } from "./common.ts";

const progress = z.object({
  total: z.int(),
  waiting: z.int(),
  queued: z.int(),
  running: z.int(),
  success: z.int(),
  failed: z.int(),
  skipped: z.int(),
});

export const backfill = z
  .object({
    id: z.int(),
    dagId: z.string(),
    schedule: z
      .string()
      .meta({ description: "Name of the schedule; empty for a DAG's only schedule" }),
    scheduleSpec: z
      .looseObject({ type: z.string() })
      .meta({ description: "The schedule when the backfill was created" }),
    state: z.enum(BACKFILL_STATES),
    from: when,
    to: when,
    reprocess: z.string(),
    backwards: z.boolean(),
    maxActiveRuns: z.int(),
    params: z.json(),
    labels: z.record(z.string(), z.string()),
    code: z.enum(CODE_CHOICES),
    createdBy: z.string(),
    createdAt: when,
    endedAt: when.nullable(),
    progress,
  })
  .meta({ id: "Backfill" });

const plannedRun = z.object({
  ordinal: z.int(),
  logicalDate: when,
  dataIntervalStart: when,
  dataIntervalEnd: when,
  decision: z.enum(["run", "skip"]),
  reason: z.string().nullable(),
});

export const backfills = z.object({ backfills: z.array(backfill) });

export const backfillRuns = z.object({
  runs: z.array(
    plannedRun.extend({
      run: z.int().nullable(),
      runId: z.string().nullable(),
      runState: runState.nullable(),
    }),
  ),
  next: z.int().nullable(),
});

export const createdBackfill = z
  .object({ id: z.int(), runs: z.int(), skipped: z.int() })
  .meta({ id: "CreatedBackfill" });

export const backfillPreview = z
  .object({
    dagId: z.string(),
    schedule: z.string(),
    runs: z.array(
      plannedRun.extend({
        run: z.object({ id: z.int(), runId: z.string(), state: runState }).nullable(),
      }),
    ),
  })
  .meta({ id: "BackfillPreview" });
