/** The operator that sends messages to a topic. */
import { type FromContext, resolveField, type TaskBody, type TaskContext } from "dagsmith";
import { kafkaHook } from "./hook.ts";
import type { KafkaMessage } from "./session.ts";

/** Options of {@link kafkaProduce}. */
export interface KafkaProduceOptions<Context extends TaskContext> {
  /** Id of a connection of type `kafka`. */
  readonly kafka: FromContext<string, Context>;
  /** The topic, which must exist. */
  readonly topic: FromContext<string, Context>;
  /** What is sent: a list, or a stream of any length. */
  readonly messages: FromContext<Iterable<KafkaMessage> | AsyncIterable<KafkaMessage>, Context>;
}

/**
 * Sends messages to a topic of Kafka. A task that is tried again sends all of them again.
 * @returns `count`, how many were sent
 * @example d.task("tell", { inputs: { rows } }, kafkaProduce({ kafka: "events", topic: "orders", messages: ({ inputs }) => inputs.rows.map((row) => ({ key: row.id, value: row })) }));
 */
export function kafkaProduce<Context extends TaskContext>(
  options: KafkaProduceOptions<Context>,
): TaskBody<{ readonly count: number }, Context> {
  return async function kafkaProduce(context) {
    const kafka = await context.hook(kafkaHook(await resolveField(options.kafka, context)));
    const topic = await resolveField(options.topic, context);
    return kafka.send(topic, await resolveField(options.messages, context));
  };
}
