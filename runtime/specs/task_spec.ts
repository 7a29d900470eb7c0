/** The schema of tasks. */
import { z } from "zod";
import {
  type EachSpec,
  TASK_EVENTS,
  type TaskKind,
  type TaskSpec,
  TRIGGER_RULES,
  WEIGHT_RULES,
} from "../../sdk/spec/index.ts";
import { outlet } from "./event_spec.ts";
import {
  amount,
  checksAllOf,
  count,
  id,
  instant,
  json,
  optionalText,
  storedCount,
  storedInt,
  text,
  yes,
} from "./fields.ts";
import { question, sensor, waitSpec } from "./wait_spec.ts";

const each: z.ZodType<EachSpec> = z.lazy(() =>
  z.union([
    z.strictObject({ taskId: id, field: text.exactOptional() }),
    z.strictObject({ items: z.array(json) }),
    z.strictObject({ entriesOf: id }),
    z.strictObject({ cross: z.array(z.strictObject({ name: text, list: each })) }),
    z.strictObject({ zip: z.array(each), fillValue: json.exactOptional() }),
    z.strictObject({ concat: z.array(each) }),
    z.strictObject({
      loop: z.strictObject({
        maxIterations: count,
        initial: json.exactOptional(),
        result: id.exactOptional(),
      }),
    }),
  ]),
);

const kind = checksAllOf<TaskKind>()(
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("setup") }),
    z.strictObject({ type: z.literal("teardown"), failsRun: z.boolean() }),
    z.strictObject({ type: z.literal("branch") }),
    z.strictObject({ type: z.literal("switch"), cases: z.record(text, z.array(id)) }),
    z.strictObject({ type: z.literal("short_circuit"), directOnly: z.boolean() }),
    z.strictObject({ type: z.literal("latest_only") }),
    z.strictObject({ type: z.literal("group") }),
  ]),
);

const limit = { key: optionalText, limit: storedCount };
const routing = z.strictObject({
  ...{ pool: optionalText, poolSlots: storedCount, queue: optionalText },
  ...{ priorityWeight: storedInt, weightRule: z.enum(WEIGHT_RULES) },
  maxActiveAcrossRuns: storedCount.nullable(),
  concurrency: z.strictObject(limit).nullable(),
  rate: z.strictObject({ ...limit, perMs: amount }).nullable(),
});

export const taskSpec = checksAllOf<TaskSpec>()(
  z.strictObject({
    ...{ taskId: id, operator: text, doc: optionalText, upstream: z.array(id) },
    ...{ inputs: z.record(text, id), group: id.exactOptional(), parentGroup: id.exactOptional() },
    ...{ lazyInputs: z.array(text).exactOptional(), picks: z.record(text, text).exactOptional() },
    ...{ each: each.nullable(), maxItems: count.exactOptional(), maxActive: count.nullable() },
    ...{ startDate: instant, endDate: instant, triggerRule: z.enum(TRIGGER_RULES) },
    ...{ retries: count, retryDelayMs: amount, retryBackoff: amount },
    ...{ maxRetryDelayMs: amount.nullable(), executionTimeoutMs: amount.nullable() },
    ...{ freshProcess: z.boolean(), outlets: z.array(outlet), inlets: z.array(text) },
    ...{ routing: routing.exactOptional(), retryLinear: yes.exactOptional() },
    ...{ retryJitterMs: amount.exactOptional(), retryTotalMs: amount.exactOptional() },
    ...{ totalTimeoutMs: amount.exactOptional(), queueTimeoutMs: amount.exactOptional() },
    ...{ sensor: sensor.exactOptional(), wait: waitSpec.exactOptional() },
    call: z.strictObject({ dagId: id, waits: z.boolean() }).exactOptional(),
    ask: question.exactOptional(),
    callbacks: z.array(z.enum(TASK_EVENTS)).exactOptional(),
    ...{ kind: kind.exactOptional(), allowFailure: yes.exactOptional() },
    ...{ dependsOnPast: yes.exactOptional(), waitForDownstream: yes.exactOptional() },
  }),
);
