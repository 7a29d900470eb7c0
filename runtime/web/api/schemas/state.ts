/** What the API answers about state and steps. */
import { z } from "zod";
import { when } from "./common.ts";

const value = z
  .object({
    scope: z.string().meta({ description: "dag:<dag>, task:<dag>/<task> or shared:<name>" }),
    key: z.string(),
    value: z.string().meta({ description: "JSON text, cut at 20,000 characters" }),
    bytes: z.int(),
    revision: z.int(),
    updatedAt: when,
    writer: z
      .object({
        run: z.int(),
        runId: z.string(),
        taskId: z.string(),
        mapIndex: z.int(),
        tryNumber: z.int(),
      })
      .nullable()
      .meta({ description: "The try that set it; null for a person, or when the run is gone" }),
  })
  .meta({ id: "StateValue" });

export const state = z.object({
  state: z.array(value),
  next: z.string().nullable().meta({ description: "`after` of the next page" }),
});

export const stateDeleted = z.object({ deleted: z.boolean() });

const step = z
  .object({
    name: z.string(),
    state: z
      .enum(["running", "sleeping", "done", "unfinished"])
      .meta({ description: "unfinished: its try ended before it; a later try runs it again" }),
    result: z.string().nullable().meta({ description: "JSON text, cut at 20,000 characters" }),
    bytes: z.int(),
    tryNumber: z.int(),
    startedAt: when
      .nullable()
      .meta({ description: "Null for a step that an earlier version of dagsmith stored" }),
    finishedAt: when.nullable().meta({
      description: "Null until the step has ended; the wake-up time of a step that sleeps",
    }),
  })
  .meta({ id: "Step" });

const renderedField = z
  .object({
    name: z.string(),
    value: z.string().meta({
      description: "Masked, and cut at 20,000 characters; of JSON above 200,000, its length",
    }),
    characters: z.int().meta({ description: "Length of the whole masked value" }),
  })
  .meta({ id: "RenderedField" });

export const rendered = z.object({ rendered: z.array(renderedField) });

export const steps = z.object({ steps: z.array(step) });
