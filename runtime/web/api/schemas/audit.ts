/** What the API answers about the audit. */
import { z } from "zod";
import { when } from "./common.ts";

export const audit = z.object({
  entries: z.array(
    z.object({
      id: z.int(),
      at: when,
      actor: z.string(),
      action: z.string(),
      dagId: z.string().nullable(),
      runId: z.string().nullable(),
      detail: z.json(),
    }),
  ),
  next: z.int().nullable(),
});
