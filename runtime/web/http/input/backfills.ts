/** Input about backfills. */
import { z } from "zod";
import { REPROCESS } from "../../../scheduler/decisions/plan_backfill.ts";
import { code, day, labels, limit, rowId, smallNumber, text } from "./fields.ts";

export const backfillParams = z.object({ id: rowId });
export const backfillsQuery = z.object({ limit: limit(200, 50) });
/** `after`: the ordinal of the last run shown. */
export const backfillRunsQuery = z.object({
  after: smallNumber.default(0),
  limit: limit(1_000, 200),
});

export const backfillBody = z.object({
  from: day,
  to: day,
  schedule: text(50)
    .optional()
    .meta({ description: "Name of a schedule; needed when the DAG has several" }),
  reprocess: z.enum(REPROCESS).optional(),
  backwards: z.boolean().optional(),
  maxActiveRuns: z.int().min(1).max(10_000).optional(),
  params: z.record(z.string(), z.json()).optional(),
  labels: labels.optional(),
  code,
});
