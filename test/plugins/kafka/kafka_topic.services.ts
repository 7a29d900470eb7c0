/** Topics of Kafka that start runs, on a broker of Apache Kafka. */
import { Admin, Producer } from "@platformatic/kafka";
import { parseConnection } from "dagsmith";
import { kafkaProduce, kafkaTopic } from "dagsmith/plugins/kafka";
import { runTask } from "dagsmith/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ListenerService, startListener } from "../../../runtime/listener/service.ts";
import { getDag } from "../../../runtime/store/reads/dags.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { QueueMessage } from "../../../sdk/sources/messages.ts";
import { describeWith } from "../../support/counterpart.ts";
import { findKafka, type KafkaServer, startKafka } from "../../support/kafka.ts";
import { READERS } from "../../support/line_queue.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { childrenOf, isAlive } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

describeWith("topics of Kafka", await findKafka(), (classes) => {
  const postgres = migratedDatabase();
  let server: KafkaServer;
  let address: string;
  const listeners: ListenerService[] = [];

  beforeAll(async () => {
    server = await startKafka(classes);
  });
  beforeEach(() => {
    address = `kafka://127.0.0.1:${server.port}`;
  });
  afterEach(async () => {
    await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
    await rows(postgres.db, "update dagsmith.dag set is_paused = true");
  });
  afterAll(() => server.stop());

  const listen = (): void =>
    void listeners.push(
      startListener({
        ...{ db: postgres.db, mask: (text) => text, log: () => undefined, readers: READERS },
        connection: async (id) => parseConnection(id, address),
      }),
    );
  const topic = (name: string, partitions = 1) =>
    server.admin.createTopics({ topics: [name], partitions, replicas: 1 });
  async function reading(
    name: string,
    more: Partial<Parameters<typeof kafkaTopic>[0]> = {},
  ): Promise<void> {
    const on = [kafkaTopic({ kafka: "events", topic: name, ...more })];
    const d = dag(name, { on }) as unknown as Dag<unknown>;
    d.task("t", async () => null);
    await known(postgres.db, describeDag(d));
  }
  const send = (name: string, ...values: readonly number[]) =>
    runTask(
      kafkaProduce({
        ...{ kafka: "events", topic: name },
        messages: values.map((value) => ({ value: { value }, key: `k${value}` })),
      }),
      { connections: { events: `kafka://127.0.0.1:${server.port}` } },
    );
  type Run = { trigger: { events: readonly QueueMessage<{ value: number }>[] } };
  const messagesOf = async (dagId: string) =>
    (
      await rows<Run & Record<string, unknown>>(
        postgres.db,
        "select trigger from dagsmith.dag_run where dag_id = $1 order by id",
        [dagId],
      )
    ).flatMap(({ trigger }) => trigger.events);
  const valuesOf = async (dagId: string) =>
    (await messagesOf(dagId)).map(({ value }) => value.value).toSorted((a, b) => a - b);
  const taken = (dagId: string, count: number) =>
    until(`${count} messages of ${dagId}`, async () => (await messagesOf(dagId)).length >= count);
  /** The offsets of the group, summed over the partitions. */
  async function committed(dagId: string): Promise<number> {
    const admin = new Admin({
      ...{ clientId: "tests", bootstrapBrokers: [`127.0.0.1:${server.port}`] },
    });
    try {
      const groups = await admin.listConsumerGroupOffsets({
        groups: [`dagsmith.${dagId}.${dagId}`],
      });
      const partitions = groups.flatMap((group) => group.topics.flatMap((one) => one.partitions));
      return partitions.reduce((sum, { committedOffset }) => sum + Number(committedOffset), 0);
    } finally {
      await admin.close();
    }
  }
  const errorOf = (dagId: string) =>
    until(
      "the error",
      async () => (await getDag(postgres.db, dagId))?.messageSources[0]?.error ?? false,
    );

  describe("what is refused", () => {
    test("a topic that is not there, until it is made", async () => {
      await reading("later");
      listen();
      expect(await errorOf("later")).toMatch(
        /^The queue of later cannot be read: Kafka at 127\.0\.0\.1:\d+ \(topic later\): .*create the topic.*\(UNKNOWN_TOPIC_OR_PARTITION\)$/,
      );
      await topic("later");
      await send("later", 1);
      await taken("later", 1);
    });

    test("a wrong password", async () => {
      await topic("closed");
      address = `kafka://etl:wrong@127.0.0.1:${server.loginPort}?security.protocol=SASL_PLAINTEXT`;
      await reading("closed");
      listen();
      const error = await errorOf("closed");
      expect(error).toContain("check login, password and extra[sasl.mechanism]");
      expect(error).not.toContain("wrong@");
    });

    test("a broker that is away, until it is back", async () => {
      await topic("away");
      address = "kafka://127.0.0.1:1";
      await reading("away");
      listen();
      expect(await errorOf("away")).toContain("(ECONNREFUSED)");
      address = `kafka://127.0.0.1:${server.port}`;
      await send("away", 1);
      await taken("away", 1);
    });
  });

  test("a message whose producer gave nanoseconds makes a run without a time", async () => {
    await topic("nanoseconds");
    await reading("nanoseconds");
    const bootstrapBrokers = [`127.0.0.1:${server.port}`];
    const producer = new Producer({ clientId: "tests", bootstrapBrokers });
    const value = Buffer.from('{"value":1}');
    const timestamp = 1_764_590_400_000_000_000n;
    await producer.send({ messages: [{ topic: "nanoseconds", value, timestamp }] });
    await producer.close();
    await send("nanoseconds", 2);
    listen();
    await taken("nanoseconds", 2);
    expect((await messagesOf("nanoseconds")).map(({ at }) => at)).toEqual([
      null,
      expect.stringMatching(/Z$/),
    ]);
  });

  test("each message makes one run, with its key and time, and is committed then", async () => {
    await topic("orders", 3);
    await reading("orders");
    await send("orders", 1, 2, 3, 4);
    listen();
    await taken("orders", 4);
    expect(await valuesOf("orders")).toEqual([1, 2, 3, 4]);
    const first = (await messagesOf("orders")).find(({ value }) => value.value === 1);
    expect(first).toMatchObject({ key: "k1", headers: {}, at: expect.stringMatching(/Z$/) });
    expect(first?.id).toMatch(/^[0-9a-f-]{36}\/[0-2]\/\d+$/);
    await until("the commits", async () => (await committed("orders")) === 4);
  });

  test("batches of a window make one run each", async () => {
    await topic("windows");
    await reading("windows", { batch: 100, window: "2s" });
    listen();
    await send("windows", 1, 2);
    await taken("windows", 2);
    const runs = await rows(postgres.db, "select from dagsmith.dag_run where dag_id = 'windows'");
    expect(runs).toHaveLength(1);
  });

  test("a new group can begin at the next message, and misses none from then on", async () => {
    await topic("latest");
    await send("latest", 1, 2);
    await reading("latest", { start: "latest" });
    listen();
    await until("the start", async () => (await committed("latest")) === 2);
    await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
    await send("latest", 3);
    listen();
    await taken("latest", 1);
    expect(await valuesOf("latest")).toEqual([3]);
  });

  test("a topic that is deleted and made again has new messages at old offsets", async () => {
    await topic("again");
    await reading("again");
    listen();
    await send("again", 1);
    await until("the commit", async () => (await committed("again")) === 1);
    await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
    await server.admin.deleteTopics({ topics: ["again"] });
    await until("its end", async () => !(await server.admin.listTopics()).includes("again"));
    await topic("again");
    await send("again", 2);
    listen();
    await taken("again", 2);
  });

  test("none is lost or makes two runs while readers and schedulers are killed", async () => {
    await topic("killed", 2);
    await reading("killed", { batch: 7 });
    const env = {
      DATABASE_URL: postgres.db.url,
      CONNECTION: address,
      READERS: JSON.stringify(READERS),
    };
    for (let round = 0; round < 3; round += 1) {
      const scheduler = await startService("listener", env);
      await send("killed", ...Array.from({ length: 40 }, (_, n) => round * 40 + n));
      await taken("killed", round * 40 + 5);
      const [reader] = await until("its reader", async () => {
        const children = childrenOf(scheduler.pid);
        return children.length > 0 && children;
      });
      if (round === 0) process.kill(-(reader ?? 0), "SIGKILL");
      else await scheduler.end("SIGKILL");
      await until("the end of the reader", async () => !isAlive(reader ?? 0));
      if (round === 0) await taken("killed", 40);
    }
    listen();
    await taken("killed", 120);
    await until("the commits", async () => (await committed("killed")) === 120);
    expect(await valuesOf("killed")).toEqual(Array.from({ length: 120 }, (_, n) => n));
  });
});
