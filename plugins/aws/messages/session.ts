/** What tasks see of SQS and SNS: the contract between the hooks and their clients. */
import type { SNSClient } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { AwsMessage } from "./message.ts";

/**
 * The queues of SQS.
 * @example
 * const sqs: Sqs = await hook(sqsHook("aws"));
 * await sqs.send("orders", [{ body: { id: 12 } }]);
 */
export interface Sqs {
  /**
   * Sends messages, in requests of at most 10. When it throws, the messages of earlier
   * requests are in the queue.
   * @param queue its name or its URL
   * @returns how many were sent
   */
  send(
    queue: string,
    messages: Iterable<AwsMessage> | AsyncIterable<AwsMessage>,
  ): Promise<{ readonly count: number }>;
  /** The client of the AWS SDK, for everything else. */
  readonly client: SQSClient;
}

/**
 * The topics of SNS.
 * @example
 * const sns: Sns = await hook(snsHook("aws"));
 * await sns.publish("arn:aws:sns:eu-west-1:123456789012:orders", [{ body: { id: 12 } }]);
 */
export interface Sns {
  /**
   * Publishes messages, in requests of at most 10. When it throws, the messages of
   * earlier requests are published.
   * @param topic its ARN
   * @returns how many were published
   */
  publish(
    topic: string,
    messages: Iterable<AwsMessage> | AsyncIterable<AwsMessage>,
  ): Promise<{ readonly count: number }>;
  /** The client of the AWS SDK, for everything else. */
  readonly client: SNSClient;
}
