/** The event source of a topic: its messages start runs. */
import {
  type EventSource,
  type Json,
  type MessageBatches,
  type MessageQueue,
  messages,
  type QueueMessage,
} from "dagsmith";
import { kafkaConnection } from "./connection.ts";
import type { KafkaReceived } from "./reader.ts";

/** Options of {@link kafkaTopic}. */
export interface KafkaTopicOptions extends MessageBatches {
  /** Id of a connection of type `kafka`. */
  readonly kafka: string;
  /** The topic, which must exist. */
  readonly topic: string;
  /**
   * The consumer group. Two deployments that read one topic need different groups.
   * Default: `dagsmith.<dag>.<source>`.
   */
  readonly group?: string;
  /** Where a new group begins: at the oldest message, or at the next one. Default `earliest`. */
  readonly start?: "earliest" | "latest";
}

/**
 * Messages of a topic of Kafka. Each starts one run; the offset is committed after the
 * run exists.
 * @throws DagsmithError INVALID_OPTION
 * @example
 * const orders = kafkaTopic<{ id: number }>({ kafka: "events", topic: "orders", batch: 100 });
 * const d = dag("take_orders", { on: [orders] });
 * d.task("take", ({ triggeredBy }) => triggeredBy(orders).map(({ value }) => value.id));
 */
export function kafkaTopic<Value = Json>({
  kafka,
  topic,
  group,
  start,
  ...batches
}: KafkaTopicOptions): EventSource<QueueMessage<Value>> {
  const settings = { topic, ...(group && { group }), ...(start && { start }) };
  return messages<Value>({ ...batches, queue: kafkaQueue.id, connection: kafka, settings });
}

/** The queue of `kafkaTopic`. */
export const kafkaQueue: MessageQueue<KafkaReceived> = {
  id: "kafka",
  types: kafkaConnection.ids,
  open: async (connection, context) => {
    const { openReader } = await import("./open.ts");
    return openReader(kafkaConnection.read(connection), context);
  },
};
