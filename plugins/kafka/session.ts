/** What tasks see of Kafka: the contract between the hook and its client. */

import type { ProducerOptions } from "@platformatic/kafka";
import type { Json } from "dagsmith";

/**
 * A message for a topic.
 * @example const message: KafkaMessage = { key: "order-12", value: { total: 3 } };
 */
export interface KafkaMessage {
  /** A text is sent as it is, null as a tombstone, any other value as its JSON. */
  readonly value: Json | Uint8Array;
  /** Messages with the same key go to the same partition, in their order. */
  readonly key?: string;
  /** Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: by the key; without a key, one after the other. */
  readonly partition?: number;
}

/**
 * The topics of a Kafka cluster.
 * @example
 * const kafka: Kafka = await hook(kafkaHook("events"));
 * await kafka.send("orders", [{ key: "12", value: { total: 3 } }]);
 */
export interface Kafka {
  /**
   * Sends messages, in requests of at most half a megabyte, and waits until all replicas
   * in sync have them. A request that is repeated writes no message twice. When it throws,
   * the messages of earlier requests are in the topic.
   * @param messages a list, or a stream of any length
   * @returns how many were sent
   */
  send(
    topic: string,
    messages: Iterable<KafkaMessage> | AsyncIterable<KafkaMessage>,
  ): Promise<{ readonly count: number }>;
  /** The number of brokers, and of the partitions of a topic if one is named. */
  describe(topic?: string): Promise<{ readonly brokers: number; readonly partitions: number }>;
  /** The options of a client of @platformatic/kafka, for everything else. */
  readonly options: KafkaOptions;
  /** Called by the hook. */
  close(): Promise<void>;
}

/** Brokers, login, TLS and times of a client. */
export type KafkaOptions = Pick<
  ProducerOptions<Buffer, Buffer, Buffer, Buffer>,
  | "clientId"
  | "bootstrapBrokers"
  | "sasl"
  | "tls"
  | "connectTimeout"
  | "requestTimeout"
  | "timeout"
  | "retries"
  | "retryDelay"
>;
