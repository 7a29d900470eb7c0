/**
 * Parses what an inspector process sends. DAG files run there and can write anything to
 * the channel, so nothing behind this file sees a line that was not parsed.
 */
import { z } from "zod";
import type { ErrorCode } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import type { InspectAnswer } from "../child/inspect.ts";

/** Most characters of an answer: 5,000 tasks take about 3 million. */
export const LONGEST_ANSWER = 64 * 1024 * 1024;

const text = z.string();
const amount = z.number().nonnegative();
/** What is read of a spec before it is stored. */
const spec = z.looseObject({
  dagId: text,
  tasks: z.array(z.looseObject({ taskId: text })),
  schedules: z.array(z.looseObject({ name: text })),
}) as unknown as z.ZodType<DagSpec>;

const answer = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("started") }),
  z.strictObject({
    ...{ type: z.literal("described"), specs: z.array(spec) },
    ...{ importMs: amount, heapMegabytes: amount, isWorn: z.boolean() },
  }),
  z.strictObject({
    ...{ type: z.literal("failed"), reason: text, stack: text.nullable() },
    code: z.custom<ErrorCode>((code) => typeof code === "string"),
    ...{ uncaught: z.boolean(), isWorn: z.boolean() },
  }),
]);

/**
 * One line of the channel as an answer.
 * @throws Error saying what is wrong with it
 */
export function parseAnswer(line: string): InspectAnswer {
  const parsed = answer.safeParse(jsonOf(line));
  if (parsed.success) return parsed.data;
  throw new Error(z.prettifyError(parsed.error).replace(/\s+/g, " ").slice(0, 200));
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error("it is not JSON");
  }
}
