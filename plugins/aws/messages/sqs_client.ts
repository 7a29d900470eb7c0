/** The client of the SQS hook, on the AWS SDK, which is slow to load. */
import { GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { awsError } from "../aws_error.ts";
import { clientOptions } from "../client_options.ts";
import type { ServiceConfig } from "../config.ts";
import { type AwsMessage, refuse, requestsOf } from "./message.ts";
import type { Sqs } from "./session.ts";

/** Where requests go, and what ends them. */
export interface SqsCall {
  readonly client: SQSClient;
  readonly host: string;
  readonly signal: AbortSignal;
}

/** Opens a client. The signal ends every request. */
export function openSqs(config: ServiceConfig, signal: AbortSignal): Sqs {
  return new SdkSqs(sqsCall(config, signal));
}

export function sqsCall(config: ServiceConfig, signal: AbortSignal): SqsCall {
  const host = config.endpoint ? new URL(config.endpoint).host : "Amazon SQS";
  return { client: new SQSClient(clientOptions(config)), host, signal };
}

class SdkSqs implements Sqs {
  readonly client: SQSClient;
  readonly #call: SqsCall;

  constructor(call: SqsCall) {
    this.client = call.client;
    this.#call = call;
  }

  async send(queue: string, messages: Iterable<AwsMessage> | AsyncIterable<AwsMessage>) {
    const QueueUrl = await urlOf(this.#call, queue);
    const place = `SQS SendMessageBatch ${queue}`;
    let count = 0;
    for await (const entries of requestsOf(messages)) {
      const Entries = entries.map(({ text, ...entry }) => ({ ...entry, MessageBody: text }));
      const command = new SendMessageBatchCommand({ QueueUrl, Entries });
      const { Failed } = await named(this.#call, place, ({ client, signal: abortSignal }) =>
        client.send(command, { abortSignal }),
      );
      refuse(place, Failed);
      count += entries.length;
    }
    return { count };
  }
}

/** The URL of a queue by its name; a URL as it is. */
export async function urlOf(call: SqsCall, queue: string): Promise<string> {
  if (URL.canParse(queue)) return queue;
  const command = new GetQueueUrlCommand({ QueueName: queue });
  const { QueueUrl = queue } = await named(call, `SQS GetQueueUrl ${queue}`, ({ client, signal }) =>
    client.send(command, { abortSignal: signal }),
  );
  return QueueUrl;
}

/** @throws Error or FailTask with the place, the host and the reason */
export async function named<Result>(
  call: SqsCall,
  place: string,
  work: (call: SqsCall) => Promise<Result>,
): Promise<Result> {
  call.signal.throwIfAborted();
  try {
    return await work(call);
  } catch (error) {
    throw awsError(place, call.host, error);
  }
}
