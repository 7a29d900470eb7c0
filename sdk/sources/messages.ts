/** Messages of a queue or a topic that start runs. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Duration, durationMs } from "../duration.ts";
import type { Json } from "../json.ts";
import { invalidOption, refuseUnknownOptions, wrongValue } from "../option_values.ts";
import { checkedName, type EventSource, nameFrom, source, whenOf } from "./event.ts";

/**
 * A message of a queue or a topic, as tasks read it.
 * @typeParam Value the type of its value
 * @example
 * triggeredBy(orders).map(({ value }: QueueMessage<{ total: number }>) => value.total);
 */
export interface QueueMessage<Value = Json> {
  /** A message that is delivered twice has the same id. */
  readonly id: string;
  /** The key of the message; null for none. */
  readonly key: string | null;
  /** The JSON of the message; its text, when it is not JSON; null for no body. */
  readonly value: Value;
  /** Headers or attributes by name. */
  readonly headers: Readonly<Record<string, string>>;
  /** When the message was sent: ISO 8601 in UTC; null when the queue does not say. */
  readonly at: string | null;
}

/**
 * The parts of a message that `when` of {@link messages} may look at.
 * @example const big: WhenMessage = { key: "eu", value: { kind: "order" } };
 */
export interface WhenMessage {
  /** The key of the message; null for none. */
  readonly key?: string | null | undefined;
  /** The JSON of the message, or its text. */
  readonly value?: unknown;
  /** Headers or attributes by name. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * How messages become runs: the options that all queues share.
 * @example const batches: MessageBatches = { batch: 100, window: "10s" };
 */
export interface MessageBatches {
  /** At most this many messages make one run. From 1 to 1000. Default 1. */
  readonly batch?: number;
  /**
   * How long messages are collected: a run is made when `batch` messages are there, or
   * this long after the first of them. At most 5 minutes. Default: no wait; the messages
   * that are there make the run.
   */
  readonly window?: Duration;
  /**
   * A schema of `key`, `value` and `headers`: a message that does not fit it makes no
   * run, and `dag decisions` says so. It is data, because the scheduler loads no code of
   * DAGs. Default: each message counts.
   */
  readonly when?: StandardSchemaV1<WhenMessage>;
  /**
   * The name of the source, unique within the DAG. Default: the name of
   * the topic or queue, with `_` for characters that a name cannot have.
   */
  readonly name?: string;
}

/**
 * Options of {@link messages}.
 * @example
 * const options: MessagesOptions = {
 *   queue: "kafka",
 *   connection: "events",
 *   settings: { topic: "orders" },
 * };
 */
export interface MessagesOptions extends MessageBatches {
  /** The id of a message queue of a plugin, such as `kafka`. */
  readonly queue: string;
  /** The id of the connection. */
  readonly connection: string;
  /** What the queue needs besides, such as its topic. Default: nothing. */
  readonly settings?: Readonly<Record<string, Json>>;
}

const OPTIONS = ["queue", "connection", "settings", "batch", "window", "when", "name"];
const MAX_BATCH = 1_000;
/** A queue shows a message to other readers again when nothing confirms it. */
const MAX_WINDOW_MS = 5 * 60_000;

/**
 * Messages of a queue. Each message makes one run, however often the queue delivers it,
 * and is confirmed after the run exists: none is lost. Plugins wrap it, as
 * `kafkaTopic` does.
 * @throws DagsmithError INVALID_OPTION, UNKNOWN_OPTION
 * @example
 * const orders = messages({
 *   queue: "kafka",
 *   connection: "events",
 *   settings: { topic: "orders" },
 * });
 * dag("take_orders", { on: [orders] });
 */
export function messages<Value = Json>(options: MessagesOptions): EventSource<QueueMessage<Value>> {
  const { queue, connection, settings = {}, batch = 1, window, when } = options;
  const name = checkedName("messages", options.name ?? nameFrom([firstText(settings) ?? queue]));
  const where = `messages "${name}"`;
  refuseUnknownOptions("event source", options, OPTIONS, where);
  for (const [option, value] of Object.entries({ queue, connection }))
    if (typeof value !== "string" || !/^[^\s\0]{1,200}$/.test(value))
      throw wrongValue(where, option, value, "a text of 1 to 200 characters without spaces");
  if (!Number.isInteger(batch) || batch < 1 || batch > MAX_BATCH)
    throw wrongValue(where, "batch", batch, `a whole number from 1 to ${MAX_BATCH}`);
  const plain = { name, queue, connection, settings: plainSettings(settings, where), batch };
  const windowMs = window === undefined ? 0 : windowOf(window, where);
  return source({ ...plain, type: "messages", windowMs, ...whenOf(when, where) });
}

function windowOf(window: Duration, where: string): number {
  const ms = durationMs(window);
  if (ms <= MAX_WINDOW_MS) return ms;
  throw invalidOption(where, "window", JSON.stringify(window), "at most 5 minutes");
}

/** A wrong value is refused later, with the name in the message. */
function firstText(settings: unknown): string | undefined {
  const values = Object.values(settings ?? {});
  return values.find((value): value is string => typeof value === "string" && value !== "");
}

/** Without the settings that are undefined, which JSON does not have. */
function plainSettings(settings: unknown, where: string): Readonly<Record<string, Json>> {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    throw wrongValue(where, "settings", settings, "an object of JSON values");
  return JSON.parse(JSON.stringify(settings)) as Readonly<Record<string, Json>>;
}
