/**
 * The sources of a new plugin: a client of a small HTTP service, which its author replaces.
 * `__id__` and `__Name__` stand for the name of the system.
 */

const CONNECTION = `/** The connection type: its fields, for hooks, forms and "dag connections". */
import { connectionType } from "dagsmith";
import { z } from "zod";
import { __Name__Client } from "./client.ts";

const fields = z.object({
  host: z.url("is not a URL").meta({ title: "Address", description: "The root of the service." }),
  password: z.string().meta({ title: "Token", writeOnly: true }),
});

export const __id__Connection = connectionType({
  id: "__id__",
  title: "__Name__",
  example: "__id__://:secret@https%3A%2F%2F__id__.example.com",
  fields,
  test: async ({ host, password }, context) => {
    const messages = await new __Name__Client(host, password, context).messages();
    return "__Name__ answers, with " + messages.length + " messages";
  },
});
`;

const CLIENT = `/** The client that tasks get from the hook. */
import { FailTask, type HookContext } from "dagsmith";

/** These stay the same, however often the task is retried. */
const LASTING = [400, 401, 403, 404];

export class __Name__Client {
  readonly #root: string;
  readonly #token: string;
  readonly #context: HookContext;

  constructor(root: string, token: string, context: HookContext) {
    this.#root = root;
    this.#token = token;
    this.#context = context;
  }

  /** @throws FailTask when a retry cannot help; Error for any other refusal */
  async send(text: string): Promise<void> {
    await this.#request("POST", JSON.stringify({ text }));
  }

  async messages(): Promise<readonly { readonly text: string }[]> {
    return (await (await this.#request("GET")).json()) as { text: string }[];
  }

  async #request(method: string, body: string | null = null): Promise<Response> {
    const answer = await fetch(new URL("/messages", this.#root), {
      method,
      body,
      headers: { authorization: "Bearer " + this.#token, "content-type": "application/json" },
      // A cancelled try ends its requests; a silent server may take 30 seconds.
      signal: AbortSignal.any([this.#context.signal, AbortSignal.timeout(30_000)]),
    });
    if (answer.ok) return answer;
    // The message names system, verb and status, and no secret.
    const message = "__Name__ " + method + " /messages: status " + answer.status;
    throw LASTING.includes(answer.status) ? new FailTask(message) : new Error(message);
  }
}
`;

const HOOK = `/** The hook: opens the client from a connection. */
import { defineHook } from "dagsmith";
import { __Name__Client } from "./client.ts";
import { __id__Connection } from "./connection.ts";

/** @example const __id__ = await hook(__id__Hook("my_connection")); */
export const __id__Hook = defineHook<__Name__Client>({
  types: __id__Connection.ids,
  open: (connection, context) => {
    const { host, password } = __id__Connection.read(connection);
    return new __Name__Client(host, password, context);
  },
});
`;

const TASKS = `/** The operator, the sensor, the notifier and the event source. */
import {
  type Callback,
  type FromContext,
  resolveField,
  type SensorBody,
  type TaskBody,
  type TaskContext,
  webhook,
} from "dagsmith";
import { notification, notificationText } from "dagsmith/plugins/notify";
import { z } from "zod";
import { __id__Hook } from "./hook.ts";

/** @example d.task("tell", __id__Send({ __id__: "my_connection", text: "done" })); */
export function __id__Send<Context extends TaskContext = TaskContext>(options: {
  readonly __id__: FromContext<string, Context>;
  readonly text: FromContext<string, Context>;
}): TaskBody<null, Context> {
  return async function __id__Send(context) {
    const client = await context.hook(__id__Hook(await resolveField(options.__id__, context)));
    await client.send(await resolveField(options.text, context));
    return null;
  };
}

/** Waits until the service has a message with this text. */
export function __id__Sensor<Context extends TaskContext = TaskContext>(options: {
  readonly __id__: FromContext<string, Context>;
  readonly text: FromContext<string, Context>;
}): SensorBody<null, Context> {
  return async function __id__Sensor(context) {
    const client = await context.hook(__id__Hook(await resolveField(options.__id__, context)));
    const wanted = await resolveField(options.text, context);
    return (await client.messages()).some(({ text }) => text === wanted);
  };
}

/** @example dag("report", { onFailure: __id__Message({ __id__: "my_connection" }) }); */
export function __id__Message(options: { readonly __id__: string }): Callback {
  return async function __id__Message(context) {
    const client = await context.hook(__id__Hook(options.__id__));
    await client.send(notificationText(notification(context)));
  };
}

/** Calls of the service start runs: dag("answer", { on: [__id__Calls("my_secret_variable")] }) */
export const __id__Calls = (secret: string) =>
  webhook({ name: "__id__", secret, schema: z.object({ text: z.string() }) });
`;

const INDEX = `/** What DAG files import. */
import type { ConnectionType } from "dagsmith";
import { __id__Connection } from "./connection.ts";

export { __Name__Client } from "./client.ts";
export { __id__Hook } from "./hook.ts";
export { __id__Calls, __id__Message, __id__Send, __id__Sensor } from "./tasks.ts";

/** DAG_CONNECTION_TYPES names this package, and the page then knows its connections. */
export const connectionTypes: readonly ConnectionType[] = [__id__Connection];
`;

const TEST = `import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { dag } from "dagsmith";
import { runDag, runTask } from "dagsmith/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { __id__Message, __id__Send, __id__Sensor } from "../src/index.ts";

// A real server. For a system that has one, start its own server or its emulator.
const messages: { text: string }[] = [];
const server = createServer(async (request, response) => {
  if (request.headers.authorization !== "Bearer right") return response.writeHead(401).end();
  if (request.method === "POST") messages.push((await json(request)) as { text: string });
  return response.end(JSON.stringify(messages));
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  messages.length = 0;
});

const connections = (password = "right") => ({
  mine: {
    type: "__id__",
    host: "http://127.0.0.1:" + (server.address() as AddressInfo).port,
    password,
  },
});

test("a wrong token fails the task for good, and is not in the message", async () => {
  const sent = runTask(__id__Send({ __id__: "mine", text: "a" }), {
    connections: connections("wr0ng"),
  });
  await expect(sent).rejects.toMatchObject({
    name: "FailTask",
    message: expect.not.stringContaining("wr0ng"),
  });
});

test("the sensor waits for the message that the operator sends", async () => {
  const sensor = __id__Sensor({ __id__: "mine", text: "a" });
  const poke = async () => (await runTask(sensor, { connections: connections() })).output;
  expect(await poke()).toBe(false);
  await runTask(__id__Send({ __id__: "mine", text: "a" }), { connections: connections() });
  expect(await poke()).toBe(true);
});

test("the notifier says which task failed", async () => {
  const d = dag("report", { onFailure: __id__Message({ __id__: "mine" }) });
  d.task("load", () => {
    throw new Error("no rows");
  });
  await runDag(d, { connections: connections() });
  expect(messages.map(({ text }) => text.split("\\n")[0])).toEqual(["DAG report failed"]);
});
`;

const SOURCES: Readonly<Record<string, string>> = {
  "src/client.ts": CLIENT,
  "src/connection.ts": CONNECTION,
  "src/hook.ts": HOOK,
  "src/index.ts": INDEX,
  "src/tasks.ts": TASKS,
  "test/plugin.test.ts": TEST,
};

/**
 * The sources, by path.
 * @param id of the system, in lower camel case
 */
export function pluginSources(id: string): Readonly<Record<string, string>> {
  const name = `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`;
  const named = (text: string): string =>
    text.replaceAll("__id__", id).replaceAll("__Name__", name);
  return Object.fromEntries(Object.entries(SOURCES).map(([path, text]) => [path, named(text)]));
}
