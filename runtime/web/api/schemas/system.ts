/** What the API answers about the deployment itself. */
import { z } from "zod";
import { when } from "./common.ts";

const importError = z
  .object({
    file: z.string(),
    line: z.int().nullable(),
    code: z.string(),
    message: z.string(),
    stack: z.string(),
    happenedAt: when,
  })
  .meta({ id: "ImportError" });

export const importErrors = z.object({ importErrors: z.array(importError) });

export const health = z
  .object({
    schedulers: z.int(),
    workers: z.int(),
    slots: z.int(),
    schedulerAgeSeconds: z.number().nullable(),
    lateLoops: z.array(z.string()),
  })
  .meta({ id: "Health" });
