/** Input about the tasks of a run, their instances and the logs of their tries. */
import { z } from "zod";
import { MARKS, TASK_STATES } from "../../../state/task_state.ts";
import { filled, MAX_INT, mapIndex, optional, rowId, smallNumber, taskId, text } from "./fields.ts";
import { cancelBody } from "./runs.ts";

export const taskParams = z.object({ id: rowId, taskId });
export const instanceParams = z.object({ id: rowId, taskId, mapIndex: smallNumber });
export const locateParams = z.object({ instanceId: rowId });
export const logParams = z.object({ instanceId: rowId, tryNumber: smallNumber });

/** `after`: the cursor of the last instance shown, as rank.index. */
export const instancesQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,2}\.\d{1,10}$/, "is not a cursor of the list")
    .default("0.-1")
    .transform((cursor) => {
      const [rank = 0, mapIndex = -1] = cursor.split(".").map(Number);
      return { rank, mapIndex };
    })
    .refine(({ mapIndex }) => mapIndex <= MAX_INT, "is too large"),
  state: filled(optional(z.enum(TASK_STATES))),
  try: smallNumber.optional(),
});
/** `try`: absent for the current try. */
export const tryQuery = z.object({ try: smallNumber.optional() });
/** `callbacks`: the last callback shown. */
export const taskQuery = instancesQuery.extend({ callbacks: optional(rowId) });

export const logQuery = z.object({
  after: z
    .string()
    .regex(/^-?\d{1,10}$/)
    .transform(Number)
    .refine((value) => value >= -1 && value <= MAX_INT)
    .optional(),
});

export const cancelTaskBody = cancelBody.extend({ mapIndex: mapIndex.optional() });

const place = z
  .string()
  .regex(/^\d{1,10}\.\d{1,10}$/, "is not a place in a log")
  .transform((at) => {
    const [seq = 0, index = 0] = at.split(".").map(Number);
    return { seq, index };
  })
  .refine(({ seq }) => seq <= MAX_INT, "is too large");
const levels = z.union([text(20).transform((level) => [level]), z.array(text(20)).max(10)]);

/**
 * `from` and `lines`: the stored part, and the count of lines, after which to search.
 * `next`: the first line of that level after `at` is looked for.
 */
export const logFindQuery = z.object({
  q: text(500).default(""),
  level: levels.default([]),
  from: smallNumber.default(-1),
  lines: smallNumber.default(0),
  at: optional(place),
  next: optional(z.literal("error")),
  line: optional(smallNumber.refine((number) => number >= 1, "must be at least 1")),
});

export const fileParams = z.object({ instanceId: rowId, object: z.uuid() });

/** `mapIndex`: one instance of a mapped task. Default: all. */
export const markQuery = z.object({ to: z.enum(MARKS), mapIndex: filled(optional(smallNumber)) });
