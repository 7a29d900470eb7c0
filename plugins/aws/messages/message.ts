/** Messages for SQS and SNS, in requests of the size that both take. Pure. */
import { FailTask, type Json } from "dagsmith";

/**
 * A message for a queue of SQS or a topic of SNS.
 * @example const message: AwsMessage = { body: { order: 12 }, attributes: { kind: "order" } };
 */
export interface AwsMessage {
  /** A text is sent as it is, any other value as its JSON. */
  readonly body: Json;
  /** Default: none. At most 10. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Messages of a group keep their order. Only for queues and topics of type FIFO. */
  readonly groupId?: string;
  /** A second message with this id within 5 minutes is dropped. Only for FIFO. */
  readonly deduplicationId?: string;
}

/** A message as both services take it. */
export interface Entry {
  readonly Id: string;
  readonly text: string;
  readonly MessageAttributes?: Record<string, { DataType: "String"; StringValue: string }>;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

const MOST_ENTRIES = 10;
/** Both services refuse a request of more than 256 KiB, if they are not set otherwise. */
const MOST_BYTES = 256 * 1024;

/**
 * The messages in requests of at most 10; a message that is too large is alone.
 * @throws FailTask for a message without a body
 */
export async function* requestsOf(
  messages: Iterable<AwsMessage> | AsyncIterable<AwsMessage>,
): AsyncGenerator<Entry[]> {
  let entries: Entry[] = [];
  let bytes = 0;
  for await (const message of messages) {
    const entry = entryOf(message, String(entries.length));
    const size = sizeOf(entry);
    if (entries.length === MOST_ENTRIES || (entries.length > 0 && bytes + size > MOST_BYTES)) {
      yield entries;
      [entries, bytes] = [[], 0];
    }
    entries.push({ ...entry, Id: String(entries.length) });
    bytes += size;
  }
  if (entries.length > 0) yield entries;
}

function entryOf(
  { body, attributes = {}, groupId, deduplicationId }: AwsMessage,
  Id: string,
): Entry {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  if (!text) throw new FailTask("A message has no body; give it a text, or a value of JSON");
  const named = Object.entries(attributes).map(([name, StringValue]) => {
    return [name, { DataType: "String" as const, StringValue }] as const;
  });
  return {
    ...{ Id, text },
    ...(named.length > 0 && { MessageAttributes: Object.fromEntries(named) }),
    ...(groupId !== undefined && { MessageGroupId: groupId }),
    ...(deduplicationId !== undefined && { MessageDeduplicationId: deduplicationId }),
  };
}

function sizeOf({ text, MessageAttributes = {} }: Entry): number {
  return Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(MessageAttributes));
}

/** An entry of a request that the service refused. */
export interface RefusedEntry {
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
  readonly SenderFault?: boolean | undefined;
}

/** @throws FailTask or Error when the service refused one of the messages of a request */
export function refuse(place: string, failed: readonly RefusedEntry[] = []): void {
  const [first] = failed;
  if (!first) return;
  const words = [first.Code, first.Message].filter(Boolean).join(": ");
  const message = `${place}: ${failed.length} messages of a request were refused; ${words}`;
  throw first.SenderFault ? new FailTask(message) : new Error(message);
}
