/** The filters of the list of runs over all DAGs, and the selection to act on. */
import { z } from "zod";
import { RUN_STATES } from "../../../state/run_state.ts";
import { RUN_TYPES } from "../../../store/runs/dag_run.ts";
import { dagId, dayStart, filled, optional, rowId, smallNumber, text } from "./fields.ts";
import { runsQuery } from "./runs.ts";

export const runFilters = z.object({
  ...runsQuery.shape,
  state: filled(optional(z.enum(RUN_STATES))),
  dag: filled(optional(dagId)),
  tag: filled(optional(text(200))),
  type: filled(optional(z.enum(RUN_TYPES))),
  version: filled(optional(smallNumber)),
  from: filled(optional(dayStart)),
  to: filled(optional(dayStart)),
});

/** One value of a form comes as a text, several as a list. */
const many = <Value extends z.ZodType>(value: Value, most: number) =>
  z.preprocess((one) => (typeof one === "string" ? [one] : one), z.array(value).min(1).max(most));

/** Most rows of one bulk action: those of the longest page. */
const MOST = 200;

export const RUN_VERBS = ["clear", "success", "failed", "cancel", "annotate"] as const;
export const DAG_VERBS = ["pause", "unpause", "trigger"] as const;

export const bulkRuns = z.object({ do: z.enum(RUN_VERBS), run: many(rowId, MOST) });
export const bulkDags = z.object({ do: z.enum(DAG_VERBS), dag: many(dagId, MOST) });

/** What the sheet sends besides the selection. */
export const bulkBody = z.object({
  reason: filled(optional(text(500))),
  note: filled(optional(text(10_000))),
  labels: filled(optional(text(1_000))),
});

export const searchQuery = z.object({ q: filled(optional(text(200))) });
