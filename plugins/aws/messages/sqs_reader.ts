/** Reads a queue of SQS for the runs of a source. */
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import type { QueueContext, QueueReader, ReceivedMessage } from "dagsmith";
import type { ServiceConfig } from "../config.ts";
import { refuse } from "./message.ts";
import { named, type SqsCall, sqsCall, urlOf } from "./sqs_client.ts";

/** A message with the handle by which it is deleted. */
export interface SqsReceived extends ReceivedMessage {
  readonly handle: string;
}

/** As many messages as a request of SQS gives or deletes. */
const MOST = 10;
/** As long as SQS waits for a message. */
const LONGEST_WAIT_MS = 20_000;
/** Further requests are left for later from here on: these messages are in memory. */
const MANY_CHARACTERS = 4 * 1024 * 1024;

export class SqsReader implements QueueReader<SqsReceived> {
  readonly #call: SqsCall;
  readonly #queue: string;
  readonly #holdSeconds: number;
  #url = "";

  constructor(config: ServiceConfig, { settings, holdMs, signal }: QueueContext) {
    this.#call = sqsCall(config, signal);
    this.#queue = String(settings.queue);
    this.#holdSeconds = Math.ceil(holdMs / 1_000);
  }

  async open(): Promise<void> {
    this.#url = await urlOf(this.#call, this.#queue);
  }

  async receive({ max, waitMs }: { readonly max: number; readonly waitMs: number }) {
    const received = await this.#request(max, waitMs);
    let page = received;
    while (page.length === MOST && received.length < max && !isMuch(received)) {
      page = await this.#request(max - received.length, 0);
      received.push(...page);
    }
    return received;
  }

  async confirm(messages: readonly SqsReceived[]): Promise<void> {
    for (let from = 0; from < messages.length; from += MOST)
      await this.#delete(messages.slice(from, from + MOST));
  }

  async close(): Promise<void> {
    this.#call.client.destroy();
  }

  async #request(max: number, waitMs: number): Promise<SqsReceived[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url,
      MaxNumberOfMessages: Math.min(MOST, max),
      WaitTimeSeconds: waitSeconds(waitMs),
      VisibilityTimeout: this.#holdSeconds,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["SentTimestamp", "MessageGroupId"],
    });
    const { Messages = [] } = await named(
      this.#call,
      `SQS ReceiveMessage ${this.#queue}`,
      ({ client, signal }) => client.send(command, { abortSignal: signal }),
    );
    return Messages.map(receivedOf);
  }

  async #delete(messages: readonly SqsReceived[]): Promise<void> {
    const place = `SQS DeleteMessageBatch ${this.#queue}`;
    const Entries = messages.map(({ handle }, index) => ({
      ...{ Id: String(index), ReceiptHandle: handle },
    }));
    const command = new DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries });
    const { Failed } = await named(this.#call, place, ({ client, signal }) =>
      client.send(command, { abortSignal: signal }),
    );
    refuse(place, Failed);
  }
}

const isMuch = (messages: readonly SqsReceived[]): boolean =>
  messages.reduce((sum, { body }) => sum + (body?.length ?? 0), 0) >= MANY_CHARACTERS;

/**
 * Rounded up: with 0 SQS answers at once, and the last second of a window would be a
 * flood of requests.
 */
export function waitSeconds(waitMs: number): number {
  return Math.ceil(Math.min(waitMs, LONGEST_WAIT_MS) / 1_000);
}

function receivedOf({
  MessageId = "",
  ReceiptHandle = "",
  Body = "",
  Attributes = {},
  MessageAttributes = {},
}: Message): SqsReceived {
  const { SentTimestamp, MessageGroupId } = Attributes;
  return {
    ...{ id: MessageId, handle: ReceiptHandle, body: Body, key: MessageGroupId ?? null },
    headers: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue = "" }]) => [name, StringValue]),
    ),
    at: SentTimestamp ? new Date(Number(SentTimestamp)).toISOString() : null,
  };
}
