/** Messages as bytes, in batches that a broker takes. Pure. */
import { FailTask } from "dagsmith";
import type { KafkaMessage } from "./session.ts";

/** Brokers refuse a batch of more than 1 MiB, if they are not set otherwise. */
const BATCH_BYTES = 512 * 1024;
const BATCH_COUNT = 5_000;
/** About what the form of a record adds to its key, value and headers. */
const RECORD_BYTES = 64;

/** A message as the client sends it. */
export interface KafkaRecord {
  readonly topic: string;
  readonly key?: Buffer;
  readonly value?: Buffer;
  readonly headers: Map<Buffer, Buffer>;
  readonly partition?: number;
}

/**
 * The messages in batches of at most half a megabyte; a larger message is alone.
 * @throws FailTask for a message that has no value
 */
export async function* batchesOf(
  topic: string,
  messages: Iterable<KafkaMessage> | AsyncIterable<KafkaMessage>,
): AsyncGenerator<KafkaRecord[]> {
  let batch: KafkaRecord[] = [];
  let bytes = 0;
  for await (const message of messages) {
    const record = recordOf(topic, message);
    const size = sizeOf(record);
    if (batch.length > 0 && (bytes + size > BATCH_BYTES || batch.length >= BATCH_COUNT)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function recordOf(
  topic: string,
  { key, value, headers = {}, partition }: KafkaMessage,
): KafkaRecord {
  const bytes = bytesOf(topic, value);
  return {
    ...{ topic, headers: headerBytes(headers) },
    ...(key !== undefined && { key: Buffer.from(key) }),
    ...(bytes && { value: bytes }),
    ...(partition !== undefined && { partition }),
  };
}

/** Undefined for null, which marks the key as deleted. */
function bytesOf(topic: string, value: KafkaMessage["value"]): Buffer | undefined {
  if (value === null) return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text !== undefined) return Buffer.from(text);
  throw new FailTask(`A message for the topic ${topic} has no value; null marks a key as deleted`);
}

function headerBytes(headers: Readonly<Record<string, string>>): Map<Buffer, Buffer> {
  return new Map(
    Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
  );
}

function sizeOf({ key, value, headers }: KafkaRecord): number {
  const parts = [...headers].flat();
  const all = [...(key ? [key] : []), ...(value ? [value] : []), ...parts];
  return all.reduce((sum, { length }) => sum + length, RECORD_BYTES);
}
