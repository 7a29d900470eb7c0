/** The schemas of what a task waits for: times, runs, events, calls, people. */
import { z } from "zod";
import {
  type AskSpec,
  type CallSpec,
  type QuestionSpec,
  ROLES,
  type SensorSpec,
  type WaitSpec,
} from "../../sdk/spec/index.ts";
import { amount, checksAllOf, id, json, optionalText, storedCount, text } from "./fields.ts";

export const sensor = checksAllOf<SensorSpec>()(
  z.strictObject({
    ...{ intervalMs: amount, timeoutMs: amount, backoff: amount, maxIntervalMs: amount },
    softFail: z.boolean(),
  }),
);

export const question = checksAllOf<QuestionSpec>()(
  z.strictObject({
    ...{ formSchema: json.nullable(), options: z.array(text), assignees: z.array(text) },
    role: z.enum(ROLES).nullable(),
  }),
);

const limit = { timeoutMs: amount, softFail: z.boolean() };

const call = z.strictObject({
  ...{ type: z.literal("call"), dagId: id, params: text, version: storedCount.nullable() },
  ...{ waits: z.boolean(), rerun: z.enum(["failed", "all"]), timeoutMs: amount.nullable() },
});

const ask = z.strictObject({
  ...{ type: z.literal("ask"), subject: text, body: optionalText },
  ...{ timeoutMs: amount.nullable(), otherwise: optionalText, reminderMs: amount.nullable() },
});

checksAllOf<CallSpec>()(call);
checksAllOf<AskSpec>()(ask);

export const waitSpec = checksAllOf<WaitSpec>()(
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("time"), at: text }),
    z.strictObject({ type: z.literal("duration"), ms: amount }),
    z.strictObject({
      ...{ type: z.literal("run"), dagId: id, taskId: id.nullable(), logicalDate: optionalText },
      ...limit,
    }),
    z.strictObject({ type: z.literal("event"), name: text, ...limit }),
    call,
    ask,
  ]),
);
