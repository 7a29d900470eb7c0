/** SQS: the hook, the operator that sends, and the source of messages that start runs. */
import {
  defineHook,
  type EventSource,
  type FromContext,
  type Json,
  type MessageBatches,
  type MessageQueue,
  messages,
  type QueueMessage,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import { awsConnection } from "../connection.ts";
import { withSqs } from "../load_sdk.ts";
import type { AwsMessage } from "./message.ts";
import type { Sqs } from "./session.ts";
import type { SqsReceived } from "./sqs_reader.ts";

/**
 * SQS through a connection of type `aws`. Needs the package @aws-sdk/client-sqs.
 * @throws DagsmithError PACKAGE_MISSING
 * @example
 * const sqs = await hook(sqsHook("aws"));
 * await sqs.send("orders", [{ body: { id: 12 } }]);
 */
export const sqsHook = defineHook<Sqs>({
  types: awsConnection.ids,
  open: async (connection, { signal }) => {
    const { services } = awsConnection.read(connection);
    const { openSqs } = await withSqs(() => import("./sqs_client.ts"));
    return openSqs(services, signal);
  },
  close: ({ client }) => client.destroy(),
});

/** Options of {@link sqsSend}. */
export interface SqsSendOptions<Context extends TaskContext> {
  /** Id of a connection of type `aws`. */
  readonly aws: FromContext<string, Context>;
  /** The name of the queue, or its URL. */
  readonly queue: FromContext<string, Context>;
  /** What is sent: a list, or a stream of any length. */
  readonly messages: FromContext<Iterable<AwsMessage> | AsyncIterable<AwsMessage>, Context>;
}

/**
 * Sends messages to a queue of SQS. A task that is tried again sends all of them again.
 * @returns `count`, how many were sent
 * @example d.task("tell", { inputs: { rows } }, sqsSend({ aws: "aws", queue: "orders", messages: ({ inputs }) => inputs.rows.map((row) => ({ body: row })) }));
 */
export function sqsSend<Context extends TaskContext>(
  options: SqsSendOptions<Context>,
): TaskBody<{ readonly count: number }, Context> {
  return async function sqsSend(context) {
    const sqs = await context.hook(sqsHook(await resolveField(options.aws, context)));
    const queue = await resolveField(options.queue, context);
    return sqs.send(queue, await resolveField(options.messages, context));
  };
}

/** Options of {@link sqsQueue}. */
export interface SqsQueueOptions extends MessageBatches {
  /** Id of a connection of type `aws`. */
  readonly aws: string;
  /** The name of the queue, or its URL. */
  readonly queue: string;
}

/**
 * Messages of a queue of SQS. Each starts one run; it is deleted after the run exists.
 * @throws DagsmithError INVALID_OPTION
 * @example
 * const orders = sqsQueue<{ id: number }>({ aws: "aws", queue: "orders", batch: 100 });
 * const d = dag("take_orders", { on: [orders] });
 * d.task("take", ({ triggeredBy }) => triggeredBy(orders).map(({ value }) => value.id));
 */
export function sqsQueue<Value = Json>({
  aws,
  queue,
  ...batches
}: SqsQueueOptions): EventSource<QueueMessage<Value>> {
  const name = String(queue).split("/").at(-1)?.replaceAll(".", "_").slice(0, 50) ?? "";
  return messages<Value>({
    ...{ name, ...batches },
    ...{ queue: sqs.id, connection: aws, settings: { queue } },
  });
}

/** The queue of `sqsQueue`. */
export const sqs: MessageQueue<SqsReceived> = {
  id: "sqs",
  types: awsConnection.ids,
  open: async (connection, context) => {
    const { services } = awsConnection.read(connection);
    const { SqsReader } = await withSqs(() => import("./sqs_reader.ts"));
    const reader = new SqsReader(services, context);
    await reader.open();
    return reader;
  },
};
