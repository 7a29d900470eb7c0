/** Reads a topic in a consumer group. Loaded by open.ts only: its package may be absent. */
import { once } from "node:events";
import { Consumer, type Message, type MessagesStream } from "@platformatic/kafka";
import type { QueueContext, QueueReader, ReceivedMessage } from "dagsmith";
import { kafkaError } from "./kafka_error.ts";
import { sentAt } from "./sent_at.ts";
import type { KafkaOptions } from "./session.ts";

/** A message with its place in the topic. */
export interface KafkaReceived extends ReceivedMessage {
  readonly partition: number;
  readonly offset: bigint;
  readonly leaderEpoch: number;
}

/**
 * The broker gives the partitions of a dead reader to others after this time: the least
 * that brokers allow is 6 s.
 */
const SESSION_MS = 10_000;
const TIMES = { sessionTimeout: SESSION_MS, heartbeatInterval: 3_000, rebalanceTimeout: 30_000 };
/** A fetch is in memory as a whole, and its messages wait there. */
const FETCH = { maxBytes: 4 * 1024 * 1024, maxWaitTime: 1_000, highWaterMark: 500 };

export class KafkaReader implements QueueReader<KafkaReceived> {
  readonly #options: KafkaOptions;
  readonly #topic: string;
  readonly #consumer: Consumer;
  #stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> | undefined;
  /** A topic that is deleted and made again has other messages at the same offsets. */
  #topicId = "";

  constructor(options: KafkaOptions, { settings, reader }: QueueContext) {
    this.#options = options;
    this.#topic = String(settings.topic);
    const groupId = String(settings.group ?? reader);
    this.#consumer = new Consumer({ ...options, ...TIMES, groupId, autocommit: false });
  }

  /** Joins the group. */
  async open(start: "earliest" | "latest"): Promise<void> {
    await this.#run(async () => {
      const topics = [this.#topic];
      const found = await this.#consumer.metadata({ topics, forceUpdate: true });
      this.#topicId = found.topics.get(this.#topic)?.id ?? this.#topic;
      const mode = { mode: "committed", fallbackMode: start } as const;
      this.#stream = await this.#consumer.consume({ topics, ...mode, ...FETCH, autocommit: false });
      // Its errors reach the next call, which finds the stream destroyed.
      this.#stream.on("error", () => undefined);
      if (start === "latest") await this.#keepStart();
      // Without a listener the stream fetches nothing.
      this.#stream.on("readable", () => undefined);
    });
  }

  receive(wanted: { readonly max: number; readonly waitMs: number }): Promise<KafkaReceived[]> {
    return this.#run(async () => {
      const first = this.#take(wanted.max);
      if (first.length > 0) return first;
      await this.#arrival(wanted.waitMs);
      return this.#take(wanted.max);
    });
  }

  async confirm(messages: readonly KafkaReceived[]): Promise<void> {
    const last = new Map<number, KafkaReceived>();
    for (const message of messages)
      if (message.offset >= (last.get(message.partition)?.offset ?? 0n))
        last.set(message.partition, message);
    const offsets = [...last.values()].map(({ partition, offset, leaderEpoch }) => ({
      ...{ topic: this.#topic, partition, leaderEpoch },
      offset: offset + 1n,
    }));
    await this.#run(() => this.#consumer.commit({ offsets }));
  }

  async close(): Promise<void> {
    this.#stream?.destroy();
    await this.#consumer.close(true).catch(() => undefined);
  }

  #take(max: number): KafkaReceived[] {
    const stream = this.#stream;
    // A stream that ended without an error would be silent for ever.
    if (stream?.destroyed) throw stream.errored ?? new Error("the consumer has ended");
    const taken: KafkaReceived[] = [];
    while (taken.length < max) {
      const message = stream?.read() as Message<Buffer, Buffer, Buffer, Buffer> | null | undefined;
      if (!message) break;
      taken.push(this.#received(message));
    }
    return taken;
  }

  #received({ partition, offset, ...message }: Message): KafkaReceived {
    const { key, value, headerEntries = [], timestamp, leaderEpoch } = message;
    return {
      ...{ id: `${this.#topicId}/${partition}/${offset}`, partition, offset, leaderEpoch },
      ...{ body: value ?? null, key: key === undefined || key === null ? null : String(key) },
      headers: Object.fromEntries(
        headerEntries.map(([name, header]) => [String(name), String(header ?? "")]),
      ),
      at: sentAt(timestamp),
    };
  }

  async #arrival(waitMs: number): Promise<void> {
    if (!this.#stream) return;
    const signal = AbortSignal.timeout(waitMs);
    await once(this.#stream, "readable", { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** Messages that come before the first commit must not be missed by the next reader. */
  async #keepStart(): Promise<void> {
    const topics = this.#consumer.assignments ?? [];
    const partitions = topics.find(({ topic }) => topic === this.#topic)?.partitions ?? [];
    if (partitions.length === 0) return;
    const committed = await this.#consumer.listCommittedOffsets({ topics });
    const ends = await this.#consumer.listOffsets({ topics: [this.#topic] });
    const offsets = partitions.flatMap((partition) => {
      const offset = ends.get(this.#topic)?.[partition];
      const isNew = (committed.get(this.#topic)?.[partition] ?? -1n) < 0n;
      return isNew && offset !== undefined
        ? [{ topic: this.#topic, partition, offset, leaderEpoch: -1 }]
        : [];
    });
    if (offsets.length > 0) await this.#consumer.commit({ offsets });
  }

  async #run<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw kafkaError(this.#options.bootstrapBrokers, this.#topic, error);
    }
  }
}
