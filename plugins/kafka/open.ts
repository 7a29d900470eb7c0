/** Opens Kafka, whose package may be absent. */
import { loadPackage, type QueueContext } from "dagsmith";
import type { KafkaReader } from "./reader.ts";
import type { Kafka, KafkaOptions } from "./session.ts";

/** Connects when the first message is sent. `signal` ends whatever is sent. */
export async function openKafka(options: KafkaOptions, signal: AbortSignal): Promise<Kafka> {
  await load("kafkaHook()");
  const { KafkaClient } = await import("./client.ts");
  return new KafkaClient(options, signal);
}

/** Joins the consumer group of a source. */
export async function openReader(
  options: KafkaOptions,
  context: QueueContext,
): Promise<KafkaReader> {
  await load("kafkaTopic()");
  const { KafkaReader } = await import("./reader.ts");
  const reader = new KafkaReader(options, context);
  try {
    await reader.open(context.settings.start === "latest" ? "latest" : "earliest");
    return reader;
  } catch (error) {
    await reader.close();
    throw error;
  }
}

const load = (what: string): Promise<unknown> =>
  loadPackage(what, "@platformatic/kafka", () => import("@platformatic/kafka"));
