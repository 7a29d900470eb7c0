/** Kafka against a broker of Apache Kafka: messages, refusals, a login, a cancel. */
import { Consumer } from "@platformatic/kafka";
import { parseConnection, type TaskBody } from "dagsmith";
import {
  connectionTypes,
  type KafkaMessage,
  kafkaHook,
  kafkaProduce,
} from "dagsmith/plugins/kafka";
import { type ConnectionValue, runTask } from "dagsmith/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith } from "../../support/counterpart.ts";
import { findKafka, type KafkaServer, startKafka } from "../../support/kafka.ts";

describeWith("Kafka", await findKafka(), (classes) => {
  let server: KafkaServer;
  const open = () => `kafka://127.0.0.1:${server.port}`;
  const login = (password: string) =>
    `kafka://etl:${password}@127.0.0.1:${server.loginPort}?security.protocol=SASL_PLAINTEXT`;
  const run = async <Output>(body: TaskBody<Output>, events: ConnectionValue = open()) =>
    (await runTask(body, { connections: { events } })).output as Output;
  const produce = (topic: string, messages: Iterable<KafkaMessage>, at?: ConnectionValue) =>
    run(kafkaProduce({ kafka: "events", topic, messages }), at ?? open());
  const topic = (name: string, partitions = 1) =>
    server.admin.createTopics({ topics: [name], partitions, replicas: 1 });
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.unreachable("it succeeded"),
      (error: Error) => error,
    );
  /** The first messages of a topic. */
  async function read(name: string, count: number) {
    const brokers = { bootstrapBrokers: [`127.0.0.1:${server.port}`] };
    const consumer = new Consumer({ clientId: "reader", groupId: `of-${name}`, ...brokers });
    const stream = await consumer.consume({ topics: [name], mode: "earliest" });
    const found = await stream.take(count).toArray();
    await stream.close();
    await consumer.close(true);
    return found;
  }

  beforeAll(async () => {
    server = await startKafka(classes);
  });
  afterAll(() => server.stop());

  describe("what is refused", () => {
    test("a topic that is not there, which no message creates", async () => {
      const error = await failure(produce("nope", [{ value: "a" }]));
      expect(error).toMatchObject({ name: "FailTask" });
      expect(error.message).toMatch(
        /^Kafka at 127\.0\.0\.1:\d+ \(topic nope\): .*create the topic, .*\(UNKNOWN_TOPIC_OR_PARTITION\)$/,
      );
      expect(await server.admin.listTopics()).not.toContain("nope");
    });

    test("a wrong password, which is not shown", async () => {
      await topic("closed");
      const error = await failure(produce("closed", [{ value: "a" }], login("s3cretX")));
      expect(error).toMatchObject({ name: "FailTask" });
      expect(error.message).toContain("check login, password and extra[sasl.mechanism]");
      expect(error.message).not.toContain("s3cretX");
    });

    test("a message that is too large for the broker, after the messages before it", async () => {
      await topic("large");
      const messages = [{ value: "small" }, { value: "x".repeat(2 << 20) }];
      const error = await failure(produce("large", messages));
      expect(error).toMatchObject({ name: "FailTask" });
      expect(error.message).toContain("(MESSAGE_TOO_LARGE)");
      expect((await read("large", 1)).map(({ value }) => String(value))).toEqual(["small"]);
    });

    test("a broker that is away can be tried again", async () => {
      const error = await failure(produce("any", [{ value: "a" }], "kafka://127.0.0.1:1"));
      expect(error).toMatchObject({ name: "Error" });
      expect(error.message).toContain("(ECONNREFUSED)");
    });
  });

  test("messages arrive with their keys and headers, those of a key in their order", async () => {
    await topic("orders", 3);
    const messages = Array.from({ length: 30 }, (_, n) => ({
      ...{ key: `k${n % 5}`, value: { n }, headers: { kind: "order" } },
    }));
    expect(await produce("orders", messages)).toEqual({ count: 30 });
    const found = await read("orders", 30);
    const ofKey = found.filter(({ key }) => String(key) === "k2");
    expect(ofKey.map(({ value }) => JSON.parse(String(value)).n)).toEqual([2, 7, 12, 17, 22, 27]);
    expect(new Set(ofKey.map(({ partition }) => partition)).size).toBe(1);
    const [[name, value] = []] = found[0]?.headerEntries ?? [];
    expect([String(name), String(value)]).toEqual(["kind", "order"]);
  });

  test("a login is taken, and the connection is tried", async () => {
    await topic("private");
    expect(await produce("private", [{ value: null, key: "gone" }], login("secret"))).toEqual({
      count: 1,
    });
    const [type] = connectionTypes;
    const quiet = { debug() {}, info() {}, warn() {}, error() {} };
    const context = { signal: new AbortController().signal, log: quiet };
    const tried = type?.test(parseConnection("events", login("secret")), context);
    expect(await tried).toBe(`Kafka at 127.0.0.1:${server.loginPort}, brokers: 1`);
  });

  test("a stream of any length is sent, and a cancel ends it", async () => {
    await topic("endless");
    const abort = new AbortController();
    function* endless() {
      for (let n = 0; ; n += 1) {
        if (n === 12_000) abort.abort(new Error("cancelled"));
        yield { value: { n } };
      }
    }
    const body: TaskBody<unknown> = async ({ hook }) =>
      (await hook(kafkaHook("events"))).send("endless", endless());
    const ended = runTask(body, { connections: { events: open() }, signal: abort.signal });
    expect((await failure(ended)).message).toBe("cancelled");
  });
});
