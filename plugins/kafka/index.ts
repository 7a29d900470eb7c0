/**
 * dagsmith/plugins/kafka: messages sent to topics of Kafka. On @platformatic/kafka, an
 * optional package.
 */
import type { ConnectionType } from "dagsmith";
import { kafkaConnection } from "./connection.ts";

export { kafkaHook } from "./hook.ts";
export { type KafkaProduceOptions, kafkaProduce } from "./produce.ts";
export type { Kafka, KafkaMessage } from "./session.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [kafkaConnection];
