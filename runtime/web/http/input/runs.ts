/** Input about runs: which run, and the actions on it. */
import { z } from "zod";
import { RUN_STATES } from "../../../state/run_state.ts";
import { MARKS } from "../../../state/task_state.ts";
import {
  code,
  dagId,
  day,
  filled,
  folded,
  labels,
  limit,
  mapIndex,
  optional,
  rowId,
  taskId,
  text,
} from "./fields.ts";

/** `with`: the other run. Default: the run before. */
export const compareQuery = z.object({ with: filled(optional(rowId)) });
export const runParams = z.object({ id: rowId });
export const namedRunParams = z.object({ dagId, runId: text(300) });

export const runsQuery = z.object({
  before: optional(rowId),
  limit: limit(200, 50),
  state: filled(optional(z.enum(RUN_STATES))),
  label: filled(
    optional(
      text(264)
        .regex(/^[\w.-]{1,63}=/, "must be key=value")
        .transform((label) => ({
          key: label.slice(0, label.indexOf("=")),
          value: label.slice(label.indexOf("=") + 1),
        })),
    ),
  ),
});

/** `callbacks`: the last callback shown. */
export const runQuery = z.object({ folded, callbacks: optional(rowId) });
export const whyQuery = z.object({ task: taskId.optional() });

export const cancelBody = z.object({ reason: text(500).optional() });

export const eventParams = z.object({
  id: rowId,
  event: z
    .string()
    .regex(/^[\w.-]{1,200}$/, "is not a name")
    .meta({ description: "Name of an event", example: "approved" }),
});
export const eventBody = z.object({
  value: z.json().optional().meta({ description: "Output of the tasks that wait; default: null" }),
});

const clearedTasks = {
  taskId: taskId.optional(),
  mapIndex: mapIndex.optional(),
  upstream: z.boolean().optional(),
  downstream: z.boolean().optional(),
  onlyFailed: z.boolean().optional(),
  code,
};
export const clearBody = z.object(clearedTasks);
export const clearRangeBody = z.object({
  ...clearedTasks,
  from: day.optional(),
  to: day.optional(),
});

export const markBody = z.object({
  state: z.enum(MARKS),
  taskId: taskId.optional(),
  mapIndex: mapIndex.optional(),
});

export const noteBody = z.object({
  note: text(10_000),
  noteWas: text(10_000)
    .optional()
    .meta({ description: "The note as it was read, empty for none; another one is refused" }),
});
export const labelsBody = z.object({
  labels: labels.default({}),
  remove: z.array(z.string().max(63)).max(100).default([]),
});
