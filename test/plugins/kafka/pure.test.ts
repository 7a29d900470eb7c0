/** What the Kafka plugin decides without a broker: batches, connections, words of errors. */
import { type Connection, parseConnection } from "dagsmith";
import { describe, expect, test } from "vitest";
import { batchesOf } from "../../../plugins/kafka/batches.ts";
import { kafkaConnection } from "../../../plugins/kafka/connection.ts";
import { kafkaError } from "../../../plugins/kafka/kafka_error.ts";
import { sentAt } from "../../../plugins/kafka/sent_at.ts";
import type { KafkaMessage } from "../../../plugins/kafka/session.ts";

async function batches(messages: Iterable<KafkaMessage>) {
  const made = [];
  for await (const batch of batchesOf("orders", messages)) made.push(batch);
  return made;
}

describe("messages", () => {
  test("without a value are refused: they would delete their key", async () => {
    const none = [{ key: "a", value: undefined as never }];
    await expect(batches(none)).rejects.toMatchObject({
      name: "FailTask",
      message: "A message for the topic orders has no value; null marks a key as deleted",
    });
  });

  test("are texts as they are, JSON, bytes, or a tombstone", async () => {
    const values = ["ä", { n: 1 }, new Uint8Array([1, 255]), null, 0];
    const [batch = []] = await batches(values.map((value) => ({ value })));
    expect(batch.map(({ value }) => value?.toString("latin1"))).toEqual([
      Buffer.from("ä").toString("latin1"),
      '{"n":1}',
      "\x01\xff",
      undefined,
      "0",
    ]);
  });

  test("go in batches of at most half a megabyte, in their order; a larger one goes alone", async () => {
    const sizes = [300_000, 300_000, 900_000, 10, 10];
    const made = await batches(
      sizes.map((size, n) => ({ key: String(n), value: "x".repeat(size) })),
    );
    expect(made.map((batch) => batch.map(({ key }) => String(key)))).toEqual([
      ["0"],
      ["1"],
      ["2"],
      ["3", "4"],
    ]);
  });

  test("of headers and keys count, too", async () => {
    const large = { key: "k".repeat(300_000), headers: { h: "x".repeat(200_000) }, value: "" };
    expect(await batches([large, large])).toHaveLength(2);
  });
});

test("a message was sent at its time; without one, or in nanoseconds, at no known time", () => {
  expect([0n, 1_764_590_400_000n].map(sentAt)).toEqual([
    "1970-01-01T00:00:00.000Z",
    "2025-12-01T12:00:00.000Z",
  ]);
  expect([-1n, 1_764_590_400_000_000_000n].map(sentAt)).toEqual([null, null]);
});

describe("a connection", () => {
  const read = (uri: string) => kafkaConnection.read(parseConnection("events", uri));
  const extra = (given: Connection["extra"]) => ({
    ...{ id: "events", type: "kafka", host: null, port: null, login: null, password: null },
    ...{ schema: null, extra: given },
  });

  test("without a broker is refused", () => {
    expect(() => read("kafka://")).toThrow("names no broker: set the host, or bootstrap.servers");
  });

  test("takes the settings of librdkafka, as Airflow does", () => {
    const settings = {
      "bootstrap.servers": "a:1, b",
      "security.protocol": "SASL_SSL",
      ...{ "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": "u", "sasl.password": "p" },
    };
    expect(kafkaConnection.read(extra(settings))).toMatchObject({
      bootstrapBrokers: ["a:1", "b:9092"],
      sasl: { mechanism: "SCRAM-SHA-256", username: "u", password: "p" },
      tls: {},
    });
  });

  test("sends no password in the clear unless it says so", () => {
    expect(read("kafka://u:p@a")).toMatchObject({ sasl: { username: "u" }, tls: {} });
    const plain = read("kafka://u:p@a?security.protocol=SASL_PLAINTEXT");
    expect(plain).not.toHaveProperty("tls");
    const open = read("kafka://a");
    expect(open).not.toHaveProperty("tls");
    expect(open).not.toHaveProperty("sasl");
  });
});

describe("an error", () => {
  const thrown = (code: string, more: object = {}) =>
    Object.assign(new Error("words"), { code }, more);
  const nested = (inner: Error) =>
    Object.assign(new AggregateError([new Error("first"), inner], "Produce failed 4 times."), {
      code: "PLT_KFK_MULTIPLE",
    });
  const wordsOf = (error: unknown) => kafkaError(["a:9092"], "orders", error) as Error;

  test.each([
    ["UNKNOWN_TOPIC_OR_PARTITION", true, "create the topic, or check its name"],
    ["TOPIC_AUTHORIZATION_FAILED", false, "give the login the right to the topic"],
    ["MESSAGE_TOO_LARGE", false, "the broker takes no message of this size"],
  ])("%s fails the task, with advice", (apiId, canRetry, advice) => {
    const error = wordsOf(nested(thrown("PLT_KFK_PROTOCOL", { apiId, canRetry })));
    expect(error).toMatchObject({ name: "FailTask", code: apiId });
    expect(error.message).toContain("Kafka at a:9092 (topic orders): words; ");
    expect(error.message).toContain(advice);
  });

  test("of a topic that the client does not find has the code of the protocol", () => {
    const absent = Object.assign(new Error("Unknown topic nope."), { code: "PLT_KFK_USER" });
    expect(wordsOf(absent)).toMatchObject({ name: "FailTask", code: "UNKNOWN_TOPIC_OR_PARTITION" });
    expect(wordsOf(absent).message).toContain("; create the topic, or check its name (UNKNOWN_");
  });

  test("of a broker that is away can pass", () => {
    const away = thrown("PLT_KFK_NETWORK", { cause: thrown("ECONNREFUSED") });
    expect(wordsOf(nested(away))).toMatchObject({ name: "Error", code: "ECONNREFUSED" });
    const busy = thrown("PLT_KFK_PROTOCOL", { apiId: "NOT_ENOUGH_REPLICAS", canRetry: true });
    expect(wordsOf(busy)).toMatchObject({ name: "Error", code: "NOT_ENOUGH_REPLICAS" });
  });

  test("of a certificate or a login fails the task", () => {
    const refused = thrown("PLT_KFK_NETWORK", { cause: thrown("SELF_SIGNED_CERT_IN_CHAIN") });
    expect(wordsOf(refused)).toMatchObject({ name: "FailTask" });
    expect(wordsOf(refused).message).toContain("check extra[security.protocol]");
    const login = nested(thrown("PLT_KFK_AUTHENTICATION"));
    expect(wordsOf(login).message).toContain("check login, password and extra[sasl.mechanism]");
  });

  test("of the task's own code stays as it is", () => {
    const own = new TypeError("rows is undefined");
    expect(kafkaError(["a:9092"], "orders", own)).toBe(own);
  });
});
