import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSecret } from "../../../runtime/access/token.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { putHeldRendered } from "../../../runtime/store/values/rendered_fields.ts";
import { startWeb, type WebServer } from "../../../runtime/web/index.ts";
import { OpenStreams, openStream } from "../../../runtime/web/live/event_stream.ts";
import { collectGarbage } from "../../support/memory.ts";
import { dagSpec } from "../../support/rows.ts";
import { signIn } from "../../support/signed_in.ts";
import { until } from "../../support/until.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let version: number;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  version = await web.rows.dag(dagSpec("d"));
});
afterAll(() => web.close());

/**
 * Bytes that are in use, without garbage that is not collected yet: how much garbage
 * there is depends on how busy the machine is.
 */
function heldMemory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
}

/** The events of a stream, one by one, as a browser would read them. */
async function* events(
  path: string,
  headers: Record<string, string> = {},
): AsyncGenerator<Event, void> {
  const abort = new AbortController();
  const answer = await fetch(web.url + path, { headers, signal: abort.signal });
  expect(answer.headers.get("content-type")).toContain("text/event-stream");
  expect(answer.headers.get("x-accel-buffering")).toBe("no");
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const bytes of answer.body!) {
      text += decoder.decode(bytes, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const fields = new Map(
          text
            .slice(0, end)
            .split("\n")
            .map((line) => [line.split(": ")[0]!, line.slice(line.indexOf(": ") + 2)]),
        );
        text = text.slice(end + 2);
        if (fields.has("event"))
          yield {
            event: fields.get("event")!,
            id: fields.get("id")!,
            data: JSON.parse(fields.get("data")!),
          };
      }
    }
  } finally {
    abort.abort();
  }
}

async function next(stream: AsyncGenerator<Event, void>): Promise<Event | undefined> {
  const { value, done } = await stream.next();
  return done ? undefined : (value as Event);
}

describe("changes", () => {
  test("a page's stream tells of a change to what it shows, and not of the state that the page already has", async () => {
    const run = await web.rows.run("d", version, { state: "running" });
    const html = await (await fetch(`${web.url}/runs/${run}`)).text();
    const mark = /data-mark="([^"]+)"/.exec(html)![1]!;
    const stream = events(`/events?topic=run:${run}&since=${mark}`);
    const first = next(stream);
    const id = await web.rows.instance(run, "only", { state: "running" });
    const change = await first;
    expect(change).toMatchObject({ event: "changed", data: { topic: `run:${run}` } });
    expect(change?.id).not.toBe(mark);
    const second = next(stream);
    await web.rows.sql("update dagsmith.task_instance set reason = 'x' where id = $1", [id]);
    expect((await second)?.id).not.toBe(change?.id);
    await stream.return();
  });

  test("the page of a task hears of fields that its running try reports, and of each further report", async () => {
    const run = await web.rows.run("d", version, { state: "running" });
    const instanceId = await web.rows.instance(run, "only", { state: "running", workerId: "w" });
    const html = await (await fetch(`${web.url}/runs/${run}/tasks/only`)).text();
    const mark = /data-mark="([^"]+)"/.exec(html)![1]!;
    const stream = events(`/events?topic=task:${run}:only&since=${mark}`);
    const first = next(stream);
    const held = { instanceId, tryNumber: 1, workerId: "w" };
    await putHeldRendered(web.db, [{ name: "sql", value: "select 1", characters: 8 }], held);
    const reported = await first;
    expect(reported).toMatchObject({ event: "changed", data: { topic: `task:${run}:only` } });
    const second = next(stream);
    await putHeldRendered(web.db, [{ name: "sql", value: "select 2", characters: 8 }], held);
    expect((await second)?.id).not.toBe(reported?.id);
    await stream.return();
  });

  test("a watcher that comes back after a change hears of it at once", async () => {
    const stream = events("/events?topic=home", { "Last-Event-ID": "long ago" });
    expect(await next(stream)).toMatchObject({ event: "changed" });
    await stream.return();
  });

  test("a page that did not change is not sent again", async () => {
    const first = await fetch(`${web.url}/dags/d`, { headers: { "X-Live": "1" } });
    const etag = first.headers.get("etag") ?? "";
    const again = (): Promise<Response> =>
      fetch(`${web.url}/dags/d`, { headers: { "X-Live": "1", "If-None-Match": etag } });
    expect((await again()).status).toBe(304);
    await web.rows.sql("update dagsmith.dag set is_paused = true where dag_id = 'd'");
    expect((await again()).status).toBe(200);
  });
});

describe("many streams", () => {
  test("of a session that has expired all end at their next heartbeat, and none is left", async () => {
    const streams = new OpenStreams();
    let hasExpired = false;
    const server = express()
      .get("/", (_, response) =>
        openStream(streams, response, `${streams.size}`, async () => hasExpired),
      )
      .listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const clients = await Promise.all(
      Array.from({ length: 500 }, () => fetch(`http://127.0.0.1:${port}/`)),
    );
    expect(streams.size).toBe(500);
    hasExpired = true;
    const texts = await Promise.all(clients.map((client) => client.text()));
    for (const text of texts) expect(text).toMatch(/^retry: 2000\n\n(: still here\n\n)*$/);
    expect(streams.size).toBe(0);
    server.close();
    await once(server, "close");
  });

  test("of 200 idle clients let the page answer, and end with their clients", async () => {
    const abort = new AbortController();
    // A page that is too busy to ask its database says 503, and is asked again.
    const open = () =>
      until("the page is not busy", async () => {
        const client = await fetch(`${web.url}/events?topic=home`, { signal: abort.signal });
        return client.status === 503 ? undefined : client;
      });
    const clients: Response[] = [];
    while (clients.length < 200)
      clients.push(...(await Promise.all(Array.from({ length: 20 }, open))));
    expect(new Set(clients.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await fetch(web.url)).status).toBe(200);
    abort.abort();
  });
});

describe("a log's tail", () => {
  test("sends chunks as they come, also one that is stored in the moment the try ends, then says that it is complete", async () => {
    const run = await web.rows.run("d", version, { state: "running" });
    const id = await web.rows.instance(run, "only", { state: "running" });
    await web.rows.log(id, 0, ["first s3cret"]);
    const stream = events(`/logs/${id}/1/stream`);
    expect(await next(stream)).toMatchObject({
      event: "lines",
      id: "0",
      data: [{ text: "first ***" }],
    });
    const second = next(stream);
    await web.rows.log(id, 1, ["second"]);
    expect(await second).toMatchObject({ event: "lines", id: "1", data: [{ text: "second" }] });
    const third = next(stream);
    await web.rows.log(id, 2, ["last words"]);
    await web.rows.sql(
      "update dagsmith.task_instance set state = 'success', finished_at = now() where id = $1",
      [id],
    );
    expect(await third).toMatchObject({ event: "lines", id: "2" });
    expect(await next(stream)).toMatchObject({ event: "end" });
    expect(await next(stream)).toBeUndefined();
  });

  test("goes on behind the last chunk that the client has, and a former try is complete at once", async () => {
    const run = await web.rows.run("d", version, { state: "running" });
    const id = await web.rows.instance(run, "only", { state: "running", tryNumber: 2 });
    for (const seq of [0, 1, 2]) await web.rows.log(id, seq, [`chunk ${seq}`], 1);
    const stream = events(`/logs/${id}/1/stream?after=0`, { "Last-Event-ID": "1" });
    expect(await next(stream)).toMatchObject({ event: "lines", id: "2" });
    expect(await next(stream)).toMatchObject({ event: "end" });
    expect((await fetch(`${web.url}/logs/${id}/3/stream`)).status).toBe(404);
  });

  test("of 60 MB is downloaded whole, with flat memory", async () => {
    const run = await web.rows.run("d", version);
    const id = await web.rows.instance(run, "only", { state: "success" });
    const line = `${JSON.stringify({ time: "", level: "info", source: "task", text: "x".repeat(1_000) })}\n`;
    await web.rows.sql(
      "insert into dagsmith.log_chunk (task_instance_id, try_number, seq, lines) select $1, 1, n, repeat($2, 120) from generate_series(1, 500) n",
      [id, line],
    );
    const before = heldMemory();
    let [bytes, most, looked] = [0, 0, 0];
    const answer = await fetch(`${web.url}/logs/${id}/1/download`);
    for await (const part of answer.body!) {
      bytes += part.length;
      if (bytes - looked < 2_000_000 && looked > 0) continue;
      looked = bytes;
      most = Math.max(most, heldMemory() - before);
    }
    expect(bytes).toBe(60_000 * 1_008);
    expect(most / 1e6).toBeLessThan(30);
  });
});

/** Stands between the page and its database, and can be cut. */
class Cable {
  readonly #sockets = new Set<Socket>();
  readonly #target: URL;
  #server: Server;
  port = 0;

  constructor(url: string) {
    this.#target = new URL(url);
    this.#server = this.#make();
  }

  #make(): Server {
    return createServer((socket) => {
      const onward = connect(Number(this.#target.port), this.#target.hostname);
      for (const end of [socket, onward]) {
        this.#sockets.add(end);
        end.on("error", () => undefined);
        end.on("close", () => this.#sockets.delete(end));
      }
      socket.pipe(onward).pipe(socket);
    });
  }

  async plug(): Promise<void> {
    this.#server = this.#make().listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as { port: number }).port;
  }

  async cut(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }
}

/** Another page, to which the test has signed in. */
async function signedIn(db: Database): Promise<WebServer> {
  const link = { secret: newSecret(), user: "tester" };
  const server = await startWeb({ db, link, port: 0, log: () => undefined });
  await signIn(server.url, link.secret);
  return server;
}

describe("health and faults", () => {
  test("a lost database is a 503 in words, and the next request after its return is served", async () => {
    const cable = new Cable(web.db.url);
    await cable.plug();
    const db = openDatabase(cable.url, { poolSize: 3 });
    const server = await signedIn(db);
    const status = async (path: string): Promise<number> => (await fetch(server.url + path)).status;
    await web.rows.sql(
      "insert into dagsmith.scheduler (id, hostname, pid) values ('s', 'h', 1) on conflict do nothing",
    );
    expect([await status("/"), await status("/readyz")]).toEqual([200, 200]);
    await cable.cut();
    const lost = await fetch(server.url);
    expect([lost.status, lost.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await lost.text()).toContain("The database does not answer");
    expect([
      await status("/api/v1/dags"),
      await status("/readyz"),
      await status("/healthz"),
    ]).toEqual([503, 503, 200]);
    await cable.plug();
    expect([await status("/"), await status("/readyz")]).toEqual([200, 200]);
    await server.stop();
    await db.close();
    await cable.cut();
  });

  test("it is ready only while a scheduler's heartbeat is fresh", async () => {
    await web.rows.sql(
      "update dagsmith.scheduler set heartbeat_at = now() - interval '31 seconds'",
    );
    const answer = await fetch(`${web.url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([503, { status: "no scheduler" }]);
  });

  test("it is ready with late loops, and says that there are some; the API says which", async () => {
    await web.rows.sql(
      "update dagsmith.scheduler set heartbeat_at = now(), late_loops = '{end_waits,create_runs}'",
    );
    const answer = await fetch(`${web.url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: "late loops" }]);
    const health = await (await fetch(`${web.url}/api/v1/health`)).json();
    expect(health.lateLoops).toEqual([
      "create_runs (scheduler h, process 1)",
      "end_waits (scheduler h, process 1)",
    ]);
    await web.rows.sql("update dagsmith.scheduler set late_loops = '{}'");
  });

  test("stop ends open streams, may be called twice, and leaves nothing listening", async () => {
    const db = openDatabase(web.db.url, { poolSize: 2 });
    const server = await signedIn(db);
    const stream = await fetch(`${server.url}/events?topic=home`);
    expect(stream.status).toBe(200);
    await Promise.all([server.stop(), server.stop()]);
    await expect(stream.text().catch(() => "ended")).resolves.toBeDefined();
    await expect(fetch(server.url)).rejects.toThrow();
    await db.close();
  });
});
