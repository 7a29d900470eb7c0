/**
 * The process that reads the message queue of one source. It loads the plugin, which may
 * be a package of a user, and answers the requests of its parent one after the other.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { errorMessage } from "../../sdk/error_message.ts";
import type { MessageQueue } from "../../sdk/message_queue.ts";
import { listen, send as sendMessage } from "./channel.ts";
import { Collector } from "./collector.ts";
import { keepCompiledModules } from "./compile_cache.ts";
import { dieWithParent, killGroup } from "./orphanhood.ts";
import {
  type OpenReader,
  QUEUE_PLUGINS,
  type ReaderAnswer,
  type ReaderRequest,
} from "./reader_request.ts";
import { resolveBundle } from "./resolve.ts";

/** The parent shortens it further, after it has masked secrets. */
const LONGEST_LINE = 10_000;

const send = (answer: ReaderAnswer): void => sendMessage(answer);
let collector: Collector | undefined;

dieWithParent();
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
listen((request) => void answer(request as ReaderRequest).then(send, fail));

function fail(reason: unknown): void {
  const line = errorMessage(reason).replace(/\s+/g, " ").trim().slice(0, LONGEST_LINE);
  send({ type: "failed", reason: line });
}

async function answer(request: ReaderRequest): Promise<ReaderAnswer> {
  if (request.do === "open") await open(request);
  if (request.do === "receive" && collector)
    return { type: "received", ...(await collector.receive(request)) };
  if (request.do === "confirm") await collector?.confirm();
  if (request.do === "close") return close();
  return { type: "done" };
}

async function open(request: OpenReader): Promise<void> {
  const queue = await find(request);
  const { connection, settings, reader, holdMs } = request;
  if (!queue.types.includes(connection.type))
    throw new Error(
      `the connection "${connection.id}" has the type ${connection.type}; the queue ${queue.id} takes ${queue.types.join(" or ")}`,
    );
  const context = { settings, reader, holdMs, signal: new AbortController().signal, log: SILENT };
  collector = new Collector(await queue.open(connection, context));
  keepCompiledModules();
}

/** Also while messages are awaited: their queue delivers them again. */
async function close(): Promise<never> {
  await collector?.close().catch(quiet);
  return killGroup();
}

const quiet = (): void => undefined;
/** A reader reports by what it throws. */
const SILENT = { debug: quiet, info: quiet, warn: quiet, error: quiet };

async function find({ queue: id, packages, projectFolder }: OpenReader): Promise<MessageQueue> {
  const known: string[] = [];
  for (const name of [...QUEUE_PLUGINS.map((one) => `dagsmith/plugins/${one}`), ...packages]) {
    const queues = await queuesOf(name, projectFolder);
    const found = queues.find((queue) => queue.id === id);
    if (found) return found;
    known.push(...queues.map((queue) => queue.id));
  }
  throw new Error(
    `no plugin has the queue "${id}"; there are: ${known.join(", ")}. DAG_CONNECTION_TYPES names the packages of other plugins`,
  );
}

/** Looked up as a DAG file of the project would. */
async function queuesOf(name: string, projectFolder: string): Promise<readonly MessageQueue[]> {
  const path = join(projectFolder, `message queues of ${name.replaceAll("/", " ")}.mjs`);
  resolveBundle(path, { projectFolder, code: `export * from ${JSON.stringify(name)};` });
  const module = (await import(pathToFileURL(path).href)) as {
    readonly messageQueues?: readonly MessageQueue[];
  };
  return module.messageQueues ?? [];
}
