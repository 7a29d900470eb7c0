/** Queues of SQS that start runs, and topics of SNS, on moto. */

import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { parseConnection, type TaskBody } from "dagsmith";
import { snsPublish, sqsQueue, sqsSend } from "dagsmith/plugins/aws";
import { runTask } from "dagsmith/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ListenerService, startListener } from "../../../runtime/listener/service.ts";
import { getDag } from "../../../runtime/store/reads/dags.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { QueueMessage } from "../../../sdk/sources/messages.ts";
import { describeWith } from "../../support/counterpart.ts";
import { READERS } from "../../support/line_queue.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { findMoto, startMoto } from "../../support/moto.ts";
import { childrenOf } from "../../support/processes.ts";
import type { ServerProcess } from "../../support/server_process.ts";
import { until } from "../../support/until.ts";

describeWith("SQS and SNS", await findMoto(), (program) => {
  const postgres = migratedDatabase();
  let server: ServerProcess;
  let sqs: SQSClient;
  let sns: SNSClient;
  const listeners: ListenerService[] = [];
  const connection = (url: string) =>
    `aws://AKIA:s3cret@?region_name=eu-west-1&endpoint_url=${encodeURIComponent(url)}`;

  beforeAll(async () => {
    server = await startMoto(program);
    const credentials = { accessKeyId: "AKIA", secretAccessKey: "s3cret" };
    const at = { endpoint: server.url, region: "eu-west-1", credentials };
    [sqs, sns] = [new SQSClient(at), new SNSClient(at)];
  });
  afterEach(async () => {
    await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
    await rows(postgres.db, "update dagsmith.dag set is_paused = true");
  });
  afterAll(async () => {
    sqs.destroy();
    sns.destroy();
    await server.stop();
  });

  const listen = (): void =>
    void listeners.push(
      startListener({
        ...{ db: postgres.db, mask: (text) => text, log: () => undefined, readers: READERS },
        connection: async (id) => parseConnection(id, connection(server.url)),
      }),
    );
  const queue = async (QueueName: string, Attributes = {}): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? "";
  const run = (body: TaskBody<unknown>, url = server.url) =>
    runTask(body, { connections: { aws: connection(url) } });
  async function reading(name: string, batch = 1): Promise<void> {
    const d = dag(name, { on: [sqsQueue({ aws: "aws", queue: name, batch })] });
    d.task("t", async () => null);
    await known(postgres.db, describeDag(d as unknown as Dag<unknown>));
  }
  type Run = { trigger: { events: readonly QueueMessage[] } } & Record<string, unknown>;
  const runsOf = async (dagId: string) =>
    (
      await rows<Run>(
        postgres.db,
        "select trigger from dagsmith.dag_run where dag_id = $1 order by id",
        [dagId],
      )
    ).map(({ trigger }) => trigger.events);
  const taken = (dagId: string, count: number) =>
    until(`${count} messages`, async () => (await runsOf(dagId)).flat().length >= count);
  async function left(QueueUrl: string): Promise<number> {
    const AttributeNames = [
      "ApproximateNumberOfMessages" as const,
      "ApproximateNumberOfMessagesNotVisible" as const,
    ];
    const found = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    return Object.values(found.Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
  }

  describe("what is refused", () => {
    test("a queue or a topic that is not there", async () => {
      const send = run(sqsSend({ aws: "aws", queue: "nope", messages: [{ body: "a" }] }));
      await expect(send).rejects.toMatchObject({
        ...{
          name: "FailTask",
          message: expect.stringMatching(/^SQS GetQueueUrl nope: .*create it/),
        },
      });
      const topic = "arn:aws:sns:eu-west-1:123456789012:nope";
      await expect(
        run(snsPublish({ aws: "aws", topic, messages: [{ body: "a" }] })),
      ).rejects.toMatchObject({ message: expect.stringContaining(`SNS PublishBatch ${topic}: `) });
    });

    test("a service that is away, which can be tried again", async () => {
      const messages = [{ body: "a" }];
      const away = run(sqsSend({ aws: "aws", queue: "q", messages }), "http://127.0.0.1:1");
      await expect(away).rejects.toMatchObject({
        ...{ name: "Error", message: expect.stringContaining("no answer from 127.0.0.1:1") },
      });
    });

    test("a source whose queue is not there, until it is made", async () => {
      await reading("later");
      listen();
      const error = await until(
        "the error",
        async () => (await getDag(postgres.db, "later"))?.messageSources[0]?.error ?? false,
      );
      expect(error).toMatch(
        /^The queue of later cannot be read: SQS GetQueueUrl later: .*create it/,
      );
      await queue("later");
      await run(sqsSend({ aws: "aws", queue: "later", messages: [{ body: "a" }] }));
      await taken("later", 1);
    });
  });

  test("each message starts one run and is deleted then, also when its reader is killed", async () => {
    const url = await queue("orders");
    await reading("orders", 5);
    const messages = Array.from({ length: 23 }, (_, n) => ({
      body: { n },
      attributes: { k: "v" },
    }));
    await run(sqsSend({ aws: "aws", queue: "orders", messages }));
    const before = childrenOf(process.pid);
    listen();
    await taken("orders", 1);
    const others = new Set(before);
    for (const child of childrenOf(process.pid))
      if (!others.has(child)) process.kill(-child, "SIGKILL");
    await run(sqsSend({ aws: "aws", queue: url, messages: [{ body: "last" }] }));
    await taken("orders", 24);
    await until("the deletes", async () => (await left(url)) === 0);
    const all = (await runsOf("orders")).flat();
    expect(all).toHaveLength(24);
    expect(new Set(all.map(({ id }) => id)).size).toBe(24);
    expect(all.find(({ value }) => value !== "last")).toMatchObject({
      ...{ headers: { k: "v" }, key: null, at: expect.stringMatching(/Z$/) },
    });
  });

  test("a topic gives its messages to the queue that subscribes", async () => {
    const url = await queue("copies");
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "orders" }));
    const Endpoint = "arn:aws:sqs:eu-west-1:123456789012:copies";
    const Attributes = { RawMessageDelivery: "true" };
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint, Attributes }));
    const messages = Array.from({ length: 12 }, (_, n) => ({ body: { n } }));
    const { output } = await run(snsPublish({ aws: "aws", topic: TopicArn ?? "", messages }));
    expect(output).toEqual({ count: 12 });
    expect(await left(url)).toBe(12);
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
    expect(JSON.parse(Messages?.[0]?.Body ?? "")).toHaveProperty("n");
  });
});
