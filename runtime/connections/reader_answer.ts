/** Checks the answers of a process that loads users' packages. */
import { z } from "zod";
import type { Json } from "../../sdk/json.ts";
import type { ReaderAnswer } from "../child/reader_request.ts";

const text = z.string();
const json = z.custom<Json>((value) => value !== undefined);

const message = z.object({
  ...{ id: text, key: text.nullable(), value: json },
  ...{ headers: z.record(text, text), at: text.nullable() },
});

const answer = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("received"),
    messages: z.array(message),
    unreadable: z.array(z.object({ id: text, reason: text })),
  }),
  z.object({ type: z.literal("done") }),
  z.object({ type: z.literal("failed"), reason: text }),
]);

/** @throws Error when the line is no answer */
export function parseReaderAnswer(line: string): ReaderAnswer {
  return answer.parse(JSON.parse(line));
}
