/** The client of the Kafka hook. Loaded by open.ts only: its package may be absent. */
import { Producer } from "@platformatic/kafka";
import { batchesOf } from "./batches.ts";
import { kafkaError } from "./kafka_error.ts";
import type { Kafka, KafkaMessage, KafkaOptions } from "./session.ts";

const ALL_REPLICAS = -1;

export class KafkaClient implements Kafka {
  readonly options: KafkaOptions;
  readonly #producer: Producer;
  readonly #signal: AbortSignal;

  constructor(options: KafkaOptions, signal: AbortSignal) {
    this.options = options;
    this.#signal = signal;
    // A topic that a misspelt name creates would keep the messages from their readers.
    this.#producer = new Producer({
      ...options,
      ...{ idempotent: true, acks: ALL_REPLICAS, autocreateTopics: false },
    });
  }

  async send(
    topic: string,
    messages: Iterable<KafkaMessage> | AsyncIterable<KafkaMessage>,
  ): Promise<{ readonly count: number }> {
    let count = 0;
    for await (const batch of batchesOf(topic, messages)) {
      await this.#run(topic, () => this.#producer.send({ messages: batch }));
      count += batch.length;
    }
    return { count };
  }

  async describe(
    topic?: string,
  ): Promise<{ readonly brokers: number; readonly partitions: number }> {
    const topics = topic === undefined ? [] : [topic];
    const found = await this.#run(topic, () =>
      this.#producer.metadata({ topics, forceUpdate: true }),
    );
    const partitions = found.topics.get(topic ?? "")?.partitionsCount ?? 0;
    return { brokers: found.brokers.size, partitions };
  }

  async close(): Promise<void> {
    await this.#producer.close(true).catch(() => undefined);
  }

  /** Ends with the try: the connections are closed, and the call rejects. */
  async #run<Result>(topic: string | undefined, work: () => Promise<Result>): Promise<Result> {
    this.#signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = (): void => {
      void this.close();
      reject(this.#signal.reason);
    };
    this.#signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([work(), aborted]);
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw kafkaError(this.options.bootstrapBrokers, topic, error);
    } finally {
      this.#signal.removeEventListener("abort", stop);
    }
  }
}
