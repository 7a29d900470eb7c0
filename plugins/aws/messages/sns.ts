/** SNS: the hook, and the operator that publishes. */
import {
  defineHook,
  type FromContext,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { awsConnection } from "../connection.ts";
import { withSns } from "../load_sdk.ts";
import type { AwsMessage } from "./message.ts";
import type { Sns } from "./session.ts";

/**
 * SNS through a connection of type `aws`. Needs the package @aws-sdk/client-sns.
 * @throws DagsmithError PACKAGE_MISSING
 * @example
 * const sns = await hook(snsHook("aws"));
 * await sns.publish("arn:aws:sns:eu-west-1:123456789012:orders", [{ body: { id: 12 } }]);
 */
export const snsHook = defineHook<Sns>({
  types: awsConnection.ids,
  open: async (connection, { signal }) => {
    const { services } = awsConnection.read(connection);
    const { openSns } = await withSns(() => import("./sns_client.ts"));
    return openSns(services, signal);
  },
  close: ({ client }) => client.destroy(),
});

/** Options of {@link snsPublish}. */
export interface SnsPublishOptions<Context extends TaskContext> {
  /** Id of a connection of type `aws`. */
  readonly aws: FromContext<string, Context>;
  /** The ARN of the topic. */
  readonly topic: FromContext<string, Context>;
  /** What is published: a list, or a stream of any length. */
  readonly messages: FromContext<Iterable<AwsMessage> | AsyncIterable<AwsMessage>, Context>;
}

/**
 * Publishes messages to a topic of SNS. A task that is tried again publishes all of them
 * again.
 * @returns `count`, how many were published
 * @example d.task("tell", snsPublish({ aws: "aws", topic: "arn:aws:sns:eu-west-1:123456789012:orders", messages: [{ body: "done" }] }));
 */
export function snsPublish<Context extends TaskContext>(
  options: SnsPublishOptions<Context>,
): TaskBody<{ readonly count: number }, Context> {
  return async function snsPublish(context) {
    const sns = await context.hook(snsHook(await resolveField(options.aws, context)));
    const topic = await resolveField(options.topic, context);
    return sns.publish(topic, await resolveField(options.messages, context));
  };
}
