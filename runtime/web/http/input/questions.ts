/** Input about questions: which to list, and answers. */
import { z } from "zod";
import { filled, limit, mapIndex, optional, rowId, smallNumber, taskId, text } from "./fields.ts";

export const questionsQuery = z.object({
  after: optional(rowId),
  run: optional(rowId),
  limit: limit(200, 50),
});

export const inboxQuery = z.object({ after: optional(rowId) });

export const answerParams = z.object({ id: rowId, taskId });
export const answerBody = z.object({
  value: z.json().meta({
    description: "The option that is chosen, the fields of the form, or {option, form}",
  }),
  mapIndex: mapIndex.optional().meta({ description: "The instance of a mapped question" }),
});

/** The fields of a form that are not those of the question. `-1`: it is not mapped. */
export const answerForm = z.object({
  mapIndex: z.union([z.literal("-1").transform(() => -1), smallNumber]),
  option: filled(optional(text(200))),
  back: z.enum(["inbox", "task"]).catch("task"),
});
