/** Opens Kafka, whose package may be absent. */
import { loadPackage } from "dagsmith";
import type { Kafka, KafkaOptions } from "./session.ts";

/** Connects when the first message is sent. `signal` ends whatever is sent. */
export async function openKafka(options: KafkaOptions, signal: AbortSignal): Promise<Kafka> {
  await loadPackage("kafkaHook()", "@platformatic/kafka", () => import("@platformatic/kafka"));
  const { KafkaClient } = await import("./client.ts");
  return new KafkaClient(options, signal);
}
