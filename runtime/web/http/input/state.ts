/** Input about state: a page of a DAG's values, and the value to delete. */
import { z } from "zod";
import { limit, optional, taskId, text } from "./fields.ts";

/** `after`: the last value shown, as its scope, a space, and its key. */
export const stateQuery = z.object({
  after: optional(
    text(1_000)
      .regex(/^(dag|task):\S+ ./s, "is not a cursor of the list")
      .transform((cursor) => {
        const space = cursor.indexOf(" ");
        return { scope: cursor.slice(0, space), key: cursor.slice(space + 1) };
      }),
  ),
  limit: limit(500, 100),
});

export const deleteStateBody = z.object({
  key: text(200).min(1),
  task: taskId.optional().meta({ description: "The task that owns it; default: the DAG" }),
});
