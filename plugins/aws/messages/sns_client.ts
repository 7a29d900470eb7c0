/** The client of the SNS hook, on the AWS SDK, which is slow to load. */
import { PublishBatchCommand, SNSClient } from "@aws-sdk/client-sns";
import { awsError } from "../aws_error.ts";
import { clientOptions } from "../client_options.ts";
import type { ServiceConfig } from "../config.ts";
import { type AwsMessage, type Entry, refuse, requestsOf } from "./message.ts";
import type { Sns } from "./session.ts";

/** Opens a client. The signal ends every request. */
export function openSns(config: ServiceConfig, signal: AbortSignal): Sns {
  return new SdkSns(config, signal);
}

class SdkSns implements Sns {
  readonly client: SNSClient;
  readonly #host: string;
  readonly #signal: AbortSignal;

  constructor(config: ServiceConfig, signal: AbortSignal) {
    this.client = new SNSClient(clientOptions(config));
    this.#host = config.endpoint ? new URL(config.endpoint).host : "Amazon SNS";
    this.#signal = signal;
  }

  async publish(topic: string, messages: Iterable<AwsMessage> | AsyncIterable<AwsMessage>) {
    let count = 0;
    for await (const entries of requestsOf(messages)) {
      await this.#publish(topic, entries);
      count += entries.length;
    }
    return { count };
  }

  async #publish(topic: string, entries: readonly Entry[]): Promise<void> {
    const place = `SNS PublishBatch ${topic}`;
    const command = new PublishBatchCommand({
      TopicArn: topic,
      PublishBatchRequestEntries: entries.map(({ text, ...entry }) => ({
        ...entry,
        Message: text,
      })),
    });
    this.#signal.throwIfAborted();
    try {
      const { Failed } = await this.client.send(command, { abortSignal: this.#signal });
      refuse(place, Failed);
    } catch (error) {
      throw awsError(place, this.#host, error);
    }
  }
}
