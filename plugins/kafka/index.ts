/**
 * dagsmith/plugins/kafka: messages sent to topics of Kafka, and topics that start runs.
 * On @platformatic/kafka, an optional package.
 */
import type { ConnectionType, MessageQueue } from "dagsmith";
import { kafkaConnection } from "./connection.ts";
import { kafkaQueue } from "./topic.ts";

export { kafkaHook } from "./hook.ts";
export { type KafkaProduceOptions, kafkaProduce } from "./produce.ts";
export type { Kafka, KafkaMessage } from "./session.ts";
export { type KafkaTopicOptions, kafkaTopic } from "./topic.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [kafkaConnection];

/** The message queues of this plugin. */
export const messageQueues: readonly MessageQueue[] = [kafkaQueue];
