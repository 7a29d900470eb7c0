/**
 * Parses the messages of a task process. User code runs there and can write anything to
 * the channel, so code behind this file only sees parsed messages.
 */
import { z } from "zod";
import { DagsmithError } from "../../sdk/errors.ts";
import { type Json, MAX_OUTPUT_BYTES } from "../../sdk/json.ts";
import type { FromChild } from "../child/protocol.ts";
import { MAX_SPAN_NAME } from "../child/span_record.ts";

/** Errors, labels and asset updates, which come in addition to the output. Characters. */
const OTHER_TEXT = 8 * 1024 * 1024;

/** Most characters of a line: an output is text inside JSON, where a quote takes two. */
export function longestLine(maxOutputBytes: number = MAX_OUTPUT_BYTES): number {
  return 2 * maxOutputBytes + OTHER_TEXT;
}

const text = z.string();
const flag = z.boolean();
const milliseconds = z.number().nonnegative();
const json = z.custom<Json>((value) => value !== undefined);
const instant = text.refine((iso) => !Number.isNaN(Date.parse(iso)), "it is not a date");
const jsonText = text.refine((value) => isJson(value), "it is not JSON");

const limit = { timeoutMs: milliseconds, softFail: flag };
const wait = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("time"), at: instant }),
  z.strictObject({ type: z.literal("duration"), ms: milliseconds }),
  z.strictObject({
    ...{ type: z.literal("run"), dagId: text, taskId: text.nullable(), ...limit },
    logicalDate: instant.nullable(),
  }),
  z.strictObject({ type: z.literal("event"), name: text, ...limit }),
  z.strictObject({
    ...{ type: z.literal("call"), dagId: text, params: jsonText, waits: flag },
    version: z.int().positive().nullable(),
    rerun: z.enum(["failed", "all"]),
    timeoutMs: milliseconds.nullable(),
  }),
  z.strictObject({
    ...{ type: z.literal("ask"), subject: text, body: text.nullable() },
    ...{ timeoutMs: milliseconds.nullable(), otherwise: jsonText.nullable() },
    reminderMs: milliseconds.nullable(),
  }),
]);

const label = { label: text.exactOptional() };
const result = z.discriminatedUnion("outcome", [
  z.strictObject({
    outcome: z.literal("success"),
    output: text.nullable(),
    assets: z
      .array(z.strictObject({ uri: text, alias: text.nullable(), extra: json }))
      .exactOptional(),
    state: z
      .array(z.strictObject({ scope: text, key: text, json: text.nullable() }))
      .exactOptional(),
    again: flag.exactOptional(),
    ...label,
  }),
  z.strictObject({
    ...{ outcome: z.literal("skipped"), reason: text, ...label },
    filteredOut: flag.exactOptional(),
  }),
  z.strictObject({ outcome: z.literal("not_yet"), ...label }),
  z.strictObject({
    ...{ outcome: z.literal("asleep"), step: text, ...label },
    ...{ at: instant.nullable(), inMs: milliseconds.nullable() },
  }),
  z.strictObject({
    ...{ outcome: z.literal("keys"), ...label },
    keys: z.strictObject({ concurrency: text.nullable(), rate: text.nullable() }),
  }),
  z.strictObject({ outcome: z.literal("deferred"), wait, ...label }),
  z.strictObject({
    ...{ outcome: z.literal("failed"), retryable: flag, ...label },
    error: z.strictObject({
      ...{ name: text, message: text, stack: text },
      code: text.exactOptional(),
    }),
    retryAfterMs: milliseconds.exactOptional(),
  }),
]);

const counter = z.int().positive();
const span = z.strictObject({
  traceId: text.regex(/^[0-9a-f]{32}$/),
  spanId: text.regex(/^[0-9a-f]{16}$/),
  parentSpanId: text.regex(/^[0-9a-f]{16}$/).nullable(),
  name: text.max(MAX_SPAN_NAME),
  kind: z.enum(["internal", "client"]),
  ...{ startMs: milliseconds, endMs: milliseconds },
  attributes: z.record(text, z.union([text, z.number(), flag])),
  error: text.nullable(),
});
const message = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("loaded"), try: counter }),
  z.strictObject({
    ...{ type: z.literal("log"), try: counter, text },
    level: z.enum(["debug", "info", "warn", "error"]),
    source: z.enum(["task", "stdout", "stderr", "dagsmith"]),
  }),
  z.strictObject({
    ...{ type: z.literal("call"), try: counter, call: counter, args: z.array(text) },
    method: z.enum([
      ...["connection", "variable", "pullXCom"],
      ...["pullPage", "pushXCom", "assetEvents"],
      ...["readState", "listState", "writeState"],
      ...["readSteps", "beginStep", "writeStep"],
      ...["labelRun", "noteRun", "writeRendered", "folder", "fileAccess"],
    ] as const),
  }),
  // A span is left out rather than trusted: it must not end the try that made it.
  z.strictObject({ type: z.literal("span"), try: counter, span: span.nullable().catch(null) }),
  z.strictObject({
    ...{ type: z.literal("done"), try: counter, result, isSpoilt: flag, ms: milliseconds },
    rss: z.number().nonnegative().exactOptional(),
  }),
]);

/**
 * One line of the channel as a message.
 * @throws DagsmithError INVALID_TASK_MESSAGE
 */
export function parseTaskMessage(line: string): FromChild {
  const parsed = message.safeParse(jsonOf(line));
  if (parsed.success) return parsed.data;
  throw invalidMessage(z.prettifyError(parsed.error).replace(/\s+/g, " ").slice(0, 200));
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw invalidMessage("it is not JSON");
  }
}

/** What was sent is not repeated: it may hold a secret. */
export function invalidMessage(problem: string): DagsmithError {
  return new DagsmithError("INVALID_TASK_MESSAGE", { problem });
}
