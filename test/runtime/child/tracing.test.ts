/** Spans of a task process: what they hold, and what they leave of a client. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { trace } from "@opentelemetry/api";
import { Octokit } from "octokit";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { SpanRecord } from "../../../runtime/child/span_record.ts";
import { startTracing, tracedClient, withinTry } from "../../../runtime/child/tracing.ts";
import { parseTaskMessage } from "../../../runtime/executor/task_message.ts";

const TRACEPARENT = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
const sent: SpanRecord[] = [];
const tracer = startTracing((span) => sent.push(span));
beforeEach(() => void sent.splice(0));

const names = () => sent.map(({ name }) => name);

/** As the worker reads it. */
const received = (span: unknown) =>
  parseTaskMessage(JSON.stringify({ type: "span", try: 1, span }));

test("a span of any size and with any number fits into a message", () => {
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`key${at}`, at]));
  const attributes = {
    ...{ nan: Number.NaN, endless: Number.POSITIVE_INFINITY, list: [1], long: "x".repeat(1e6) },
    ...{ ["k".repeat(5_000)]: true, ...many },
  };
  const span = tracer.startSpan("n".repeat(5_000), { attributes });
  span.setStatus({ code: 2, message: "e".repeat(1e6) }).end();
  const [record] = sent;
  expect(record?.name).toBe("n".repeat(1_000));
  expect(record?.error).toBe("e".repeat(4_000));
  expect(record?.attributes).toMatchObject({ long: "x".repeat(4_000), key0: 0 });
  expect(record?.attributes).not.toHaveProperty("nan");
  expect(record?.attributes).not.toHaveProperty("endless");
  expect(Object.keys(record?.attributes ?? {}).length).toBe(100);
  expect(received(record)).toEqual({ type: "span", try: 1, span: record });
});

test("a span that cannot be read is left out, and the process goes on", () => {
  tracer.startSpan("one").end();
  const [record] = sent;
  for (const odd of [{ startMs: null }, { name: "n".repeat(1_001) }, { attributes: { a: null } }])
    expect(received({ ...record, ...odd })).toEqual({ type: "span", try: 1, span: null });
  expect(received("no span")).toEqual({ type: "span", try: 1, span: null });
});

class Lake {
  #rows = ["first"];
  #name = "lake";
  readonly list = Object.assign((count: number) => count, { all: () => "all" });
  read(): number {
    return this.#rows.length;
  }
  async fails(): Promise<never> {
    throw new Error(`no ${this.#name}`);
  }
  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
  }
  async *[Symbol.asyncIterator]() {
    yield* this.#rows;
  }
}

test("a traced client keeps private members, iterators, setters and properties of functions", async () => {
  const lake = new Lake();
  const client = tracedClient(tracer, lake, "lake");
  expect(client).toBeInstanceOf(Lake);
  expect([client.read(), client.list(3), client.list.all()]).toEqual([1, 3, "all"]);
  await expect(client.fails()).rejects.toThrow("no lake");
  client.name = "pond";
  expect([client.name, lake.name]).toEqual(["pond", "pond"]);
  const read: string[] = [];
  for await (const row of client) read.push(row);
  expect(read).toEqual(["first"]);
  expect(names()).toEqual(["lake.read", "lake.list", "lake.fails"]);
});

test("a traced client keeps its classes and its constant methods", () => {
  const constant = () => "same";
  const client = tracedClient(tracer, Object.freeze({ Lake, constant }), "lake");
  expect(new client.Lake()).toBeInstanceOf(client.Lake);
  expect(new client.Lake().read()).toBe(1);
  expect(client.constant).toBe(constant);
  const held = Object.defineProperty({}, "read", { value: () => 2, writable: true });
  expect(tracedClient(tracer, held as Lake, "held").read()).toBe(2);
  expect(names()).toEqual(["held.read"]);
});

test("the client of GitHub works while its calls are spans", () => {
  const client = tracedClient(tracer, new Octokit(), "github");
  expect(client.paginate.iterator).toBeTypeOf("function");
  expect(client.request.defaults).toBeTypeOf("function");
  expect(client.hook.before).toBeTypeOf("function");
  client.hook.before("request", () => undefined);
});

test("a request has one traceparent: its own, else that of its span", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer(({ headers }, response) => {
    seen.push(headers);
    response.end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  await withinTry(TRACEPARENT, async () => {
    await (await fetch(url, { headers: { Traceparent: "own" } })).text();
    await (await fetch(url)).text();
  });
  expect(seen[0]?.traceparent).toBe("own");
  expect(seen[1]?.traceparent).toMatch(`00-${"a".repeat(32)}-`);
  expect(trace.getActiveSpan()).toBeUndefined();
});
