/** Input about the tasks of a run, their instances and the logs of their tries. */
import { z } from "zod";
import { TASK_STATES } from "../../../state/task_state.ts";
import { filled, MAX_INT, mapIndex, optional, rowId, smallNumber, taskId } from "./fields.ts";
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
