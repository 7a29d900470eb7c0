/** Checks the answer of a process that loads users' packages. */
import { z } from "zod";
import type { Json } from "../../sdk/json.ts";
import type { TypesAnswer } from "../child/types_request.ts";

const MAX_TEXT = 2_000;
const text = z.string().max(MAX_TEXT);

const answer = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("described"),
    types: z.array(
      z.object({
        ids: z.array(text).min(1),
        ...{ title: text, description: text, example: text },
        schema: z.custom<Json>((value) => typeof value === "object" && value !== null),
        package: text.nullable(),
      }),
    ),
    problems: z.array(text),
  }),
  z.object({ type: z.literal("tried"), ok: z.boolean(), line: text }),
  z.object({ type: z.literal("unknown"), known: z.array(text) }),
]);

/** @throws Error when the line is no answer */
export function parseAnswer(line: string): TypesAnswer {
  return answer.parse(JSON.parse(line));
}
