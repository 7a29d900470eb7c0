/**
 * Messages of a queue: each makes one run, whatever dies in between. The queue is that of
 * a user's package, read in a process of its own.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { pauseDag, unpauseDag } from "../../../runtime/actions/index.ts";
import { Collector } from "../../../runtime/child/collector.ts";
import { messageOf } from "../../../runtime/child/queue_message.ts";
import { type ListenerService, startListener } from "../../../runtime/listener/service.ts";
import { getDag } from "../../../runtime/store/reads/dags.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { ReceivedMessage } from "../../../sdk/message_queue.ts";
import {
  type MessagesOptions,
  messages,
  type QueueMessage,
} from "../../../sdk/sources/messages.ts";
import { type LineQueue, lineQueue } from "../../support/line_queue.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { childrenOf, isAlive } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase();
let queues: LineQueue;
const listeners: ListenerService[] = [];
const said: { event: string; detail: unknown }[] = [];

beforeAll(async () => {
  queues = await lineQueue();
});
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
  await rows(postgres.db, "update dagsmith.dag set is_paused = true");
});
afterAll(() => queues[Symbol.asyncDispose]());

const listen = (): void =>
  void listeners.push(
    startListener({
      db: postgres.db,
      connection: async (id) => ({
        ...{ id, type: "lines", host: null, port: null, login: null, schema: null },
        ...{ password: "hunter2", extra: {} },
      }),
      mask: (text) => text.replaceAll("hunter2", "***"),
      log: (event, detail) => void said.push({ event, detail }),
      readers: queues.readers,
    }),
  );

/** A DAG that reads the queue of its name. */
async function reading(dagId: string, more: Partial<MessagesOptions> = {}): Promise<void> {
  const settings = { file: await queues.queue(dagId) };
  const on = [messages({ queue: "lines", connection: "l", settings, name: "lines", ...more })];
  const d = dag(dagId, { on }) as unknown as Dag<unknown>;
  d.task("t", async () => null);
  await known(postgres.db, describeDag(d));
}

type Run = { id: number; trigger: { events: readonly QueueMessage[] } };
const runsOf = async (dagId: string): Promise<(readonly unknown[])[]> =>
  (
    await rows<Run>(
      postgres.db,
      "select id, trigger from dagsmith.dag_run where dag_id = $1 order by id",
      [dagId],
    )
  ).map(({ trigger }) => trigger.events.map(({ value }) => value));
const confirmed = (dagId: string, count: number): Promise<unknown> =>
  until(`${count} messages of ${dagId} are confirmed`, async () =>
    (await queues.confirmed(dagId)) >= count ? true : undefined,
  );
const stateOf = async (dagId: string) => (await getDag(postgres.db, dagId))?.messageSources[0];
const errorOf = (dagId: string): Promise<string> =>
  until("the error", async () => (await stateOf(dagId))?.error ?? undefined);
const request = (dagId: string) => ({ dagId, actor: "ann" });

describe("no message is lost, and none makes two runs", () => {
  test("when the process dies between the run and the confirmation", async () => {
    await reading("dies");
    await queues.fault("dies", "exits", true);
    await queues.send("dies", "1", "2");
    listen();
    expect(await errorOf("dies")).toBe(
      "The queue of lines cannot be read: the process that reads it ended with 7",
    );
    expect([await runsOf("dies"), await queues.confirmed("dies")]).toEqual([[[1], [2]], 0]);
    await queues.fault("dies", "exits", false);
    await queues.send("dies", "3");
    await confirmed("dies", 3);
    expect(await runsOf("dies")).toEqual([[1], [2], [3]]);
    await until("no error", async () => (await stateOf("dies"))?.error === null || undefined);
  });

  test("when the process is killed while it waits, and while two schedulers read", async () => {
    await reading("killed");
    listen();
    await queues.send("killed", "1");
    await confirmed("killed", 1);
    const [pid] = childrenOf(process.pid).filter(isAlive);
    for (const child of childrenOf(process.pid)) process.kill(-child, "SIGKILL");
    await until("its end", async () => !isAlive(pid ?? 0));
    listen();
    await queues.send("killed", "2", "3");
    await confirmed("killed", 3);
    expect(await runsOf("killed")).toEqual([[1], [2], [3]]);
  });

  test("when the scheduler is killed: the process that reads dies with it", async () => {
    await reading("orphan");
    const scheduler = await startService("listener", {
      ...{ DATABASE_URL: postgres.db.url, CONNECTION: "lines://host" },
      READERS: JSON.stringify(queues.readers),
    });
    await queues.send("orphan", "1");
    await confirmed("orphan", 1);
    const [pid] = childrenOf(scheduler.pid);
    await scheduler.end("SIGKILL");
    await until("the end of its reader", async () => !isAlive(pid ?? 0));
    await queues.send("orphan", "2");
    listen();
    await confirmed("orphan", 2);
    expect(await runsOf("orphan")).toEqual([[1], [2]]);
  });

  test("while the DAG is paused: nothing is read, and the process ends", async () => {
    await reading("paused");
    listen();
    await queues.send("paused", "1");
    await confirmed("paused", 1);
    await pauseDag(postgres.db, request("paused"));
    await until("no process", async () => childrenOf(process.pid).length === 0);
    await queues.send("paused", "2");
    await unpauseDag(postgres.db, request("paused"));
    await confirmed("paused", 2);
    expect(await runsOf("paused")).toEqual([[1], [2]]);
  });

  test("while the DAG has as many runs as it may have", async () => {
    await reading("full");
    await queues.send("full", ...Array.from({ length: 1_003 }, (_, n) => String(n)));
    listen();
    await confirmed("full", 1_000);
    const passes = () => listeners[0]?.loops().find(({ name }) => name === "read_messages")?.totals;
    const before = passes()?.passes ?? 0;
    await until("two more looks", async () => (passes()?.passes ?? 0) > before + 1);
    expect(await queues.confirmed("full")).toBe(1_000);
    await rows(postgres.db, "delete from dagsmith.dag_run where dag_id = 'full'");
    await confirmed("full", 1_003);
  });
});

describe("a message that cannot be read", () => {
  test("is reported once, and holds up no other", async () => {
    await reading("poison");
    await queues.send("poison", "1", "hex ff00fe", `"${"x".repeat(1 << 20)}"`, "2");
    listen();
    await confirmed("poison", 4);
    expect(await runsOf("poison")).toEqual([[1], [2]]);
    const about = said.filter(({ event }) => event === "message_unreadable");
    expect(about.map(({ detail }) => detail)).toEqual([
      { dag: "poison", source: "lines", message: "1", reason: "it is not UTF-8" },
      expect.objectContaining({ message: "2", reason: expect.stringContaining("1 MiB") }),
    ]);
    expect(await stateOf("poison")).toMatchObject({
      unreadable: 2,
      lastUnreadable: expect.stringMatching(/^2: it is larger than 1 MiB/),
    });
  });

  test("is one without UTF-8, with NUL, or without an id; JSON that no database takes is a text", () => {
    const value = (body: ReceivedMessage["body"]) =>
      messageOf({ id: "1", body, key: "a\0b", headers: { h: "\ud800" }, at: null });
    expect(value(Buffer.from("ff", "hex"))).toEqual({ id: "1", reason: "it is not UTF-8" });
    expect(value("a\0")).toEqual({ id: "1", reason: "it has a NUL character" });
    expect(messageOf({ id: "", body: "1", key: null, headers: {}, at: null })).toMatchObject({
      reason: expect.stringContaining("its id"),
    });
    const [nul, half, deep] = ['{"a":"\\u0000"}', '["\\ud800"]', "[".repeat(200) + "]".repeat(200)];
    expect([nul, half, deep, "no JSON"].map((text) => value(text))).toMatchObject([
      ...[{ value: nul }, { value: half }, { value: deep }, { value: "no JSON" }],
    ]);
    expect(value('{"a":"\\\\u0000"}')).toMatchObject({ value: { a: "\\u0000" } });
    expect(value(null)).toEqual({
      ...{ id: "1", key: "a\uFFFDb", value: null, headers: { h: "\uFFFD" }, at: null },
    });
  });
});

describe("messages", () => {
  test("make runs of at most a batch, and those that do not fit make none", async () => {
    const when = z.object({ value: z.object({ n: z.number() }) });
    await reading("batches", { batch: 3, when });
    const fitting = Array.from({ length: 7 }, (_, n) => JSON.stringify({ n }));
    await queues.send("batches", "other", ...fitting);
    listen();
    await confirmed("batches", 8);
    expect((await runsOf("batches")).map((events) => events.length)).toEqual([3, 3, 1]);
    expect(
      await rows(
        postgres.db,
        "select schedule, reason, count from dagsmith.schedule_decision where dag_id = 'batches'",
      ),
    ).toEqual([{ schedule: "messages lines", reason: "when", count: 1 }]);
  });

  test("are collected until the batch is full or the window ends", async () => {
    let at = 0;
    const waiting = ["1", "2", "3"].map((id) => ({
      id,
      body: id,
      key: null,
      headers: {},
      at: null,
    }));
    const held: number[] = [];
    const collector = new Collector(
      {
        receive: async ({ max, waitMs }) => {
          held.push(waitMs);
          return waiting.splice(0, Math.min(max, 1));
        },
        confirm: async () => undefined,
        close: async () => undefined,
      },
      () => at,
    );
    const receive = async () =>
      (await collector.receive({ max: 2, waitMs: 10, windowMs: 100 })).messages.map(({ id }) => id);
    expect([await receive(), await receive()]).toEqual([[], ["1", "2"]]);
    expect(await receive()).toEqual([]);
    at = 95.5;
    expect(await receive()).toEqual([]);
    at = 100;
    expect(await receive()).toEqual(["3"]);
    expect(held).toEqual([10, 10, 10, 5, 0]);
  });

  test("larger together than an answer all make runs", async () => {
    await reading("large");
    const body = JSON.stringify("x".repeat(1_000_000));
    await queues.send("large", ...Array.from({ length: 80 }, () => body));
    listen();
    await confirmed("large", 80);
    expect(await runsOf("large")).toHaveLength(80);
  });

  test("beyond 4 MiB, with their headers, are kept for the next answer", async () => {
    const one = { body: "1", key: null, at: null };
    const all = Array.from({ length: 5 }, (_, n) => {
      return { ...one, id: String(n), headers: { h: "x".repeat(3 << 20) } };
    });
    const nothing = async () => undefined;
    const receive = async () => all.splice(0);
    const collector = new Collector({ receive, confirm: nothing, close: nothing });
    const wanted = { max: 9, waitMs: 0, windowMs: 0 };
    const answers = [];
    for (let n = 0; n < 3; n++)
      answers.push((await collector.receive(wanted)).messages.map(({ id }) => id));
    expect(answers).toEqual([["0", "1"], ["2", "3"], ["4"]]);
  });

  test("of a queue that delivers one again while it is held are one message", async () => {
    const one = { id: "1", body: "1", key: null, headers: {}, at: null };
    const [receive, confirm] = [async () => [one, one], async () => undefined];
    const collector = new Collector({ receive, confirm, close: confirm }, () => 0);
    const { messages: found } = await collector.receive({ max: 9, waitMs: 0, windowMs: 0 });
    expect(found).toHaveLength(1);
  });
});

describe("a queue that cannot be read", () => {
  test("is one clear error without its password, is tried again, and holds up no other", async () => {
    await reading("absent", { settings: { file: "/nowhere" } });
    await reading("broken");
    await reading("unknown", { queue: "pigeons" });
    await reading("sound");
    await queues.fault("broken", "broken", true);
    await queues.send("broken", "1");
    await queues.send("sound", "1");
    listen();
    await confirmed("sound", 1);
    expect([await errorOf("absent"), await errorOf("broken"), await errorOf("unknown")]).toEqual([
      "The queue of lines cannot be read: there is no file /nowhere for ***",
      "The queue of lines cannot be read: the file is broken",
      'The queue of lines cannot be read: no plugin has the queue "pigeons"; there are: sqs, kafka, lines. DAG_CONNECTION_TYPES names the packages of other plugins',
    ]);
    expect(JSON.stringify(said)).not.toContain("hunter2");
    await queues.fault("broken", "broken", false);
    await confirmed("broken", 1);
  });
});

test("a password at the end of a long error is masked before the error is cut", async () => {
  const room = 500 - "there is no file ".length - " for hunt".length;
  await reading("cut", { settings: { file: `/${"x".repeat(room - 1)}` } });
  listen();
  const error = await errorOf("cut");
  expect(error).not.toContain("hunt");
  expect(error.length).toBeLessThanOrEqual(500);
});

// The time limit is below the minute that a queue may take to open.
test("a queue that does not answer while it is opened holds up neither a stop nor others", {
  timeout: 30_000,
}, async () => {
  await reading("silent");
  await queues.fault("silent", "silent", true);
  listen();
  await until("its process", async () => childrenOf(process.pid).length > 0 || undefined);
  await pauseDag(postgres.db, request("silent"));
  await reading("later");
  await queues.send("later", "1");
  await confirmed("later", 1);
  await reading("silent_again", { settings: { file: await queues.queue("silent") } });
  await until("its process", async () => childrenOf(process.pid).length > 1 || undefined);
  await listeners.splice(0)[0]?.stop();
  expect(childrenOf(process.pid)).toEqual([]);
});

test("a listener that stops leaves no process behind", async () => {
  await reading("stops");
  listen();
  await queues.send("stops", "1");
  await confirmed("stops", 1);
  await listeners.splice(0)[0]?.stop();
  expect(childrenOf(process.pid)).toEqual([]);
});
