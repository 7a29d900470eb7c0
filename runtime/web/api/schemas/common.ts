/**
 * The parts that answers of every theme share. Schemas describe the answers in the
 * OpenAPI document, and tests check the answers against them.
 */
import { z } from "zod";
import { RUN_STATES } from "../../../state/run_state.ts";

/** Answers are made from dates too, which JSON writes as texts. */
export const when = z.iso.datetime({ offset: true }) as z.ZodType as z.ZodType<
  string,
  Date | string
>;

export const runState = z.enum(RUN_STATES);

export const errorAnswer = z
  .object({ error: z.object({ code: z.string(), message: z.string() }) })
  .meta({ id: "Error" });

export const done = z.object({ done: z.literal(true) });
