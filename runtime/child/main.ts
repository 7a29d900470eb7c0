/**
 * A task process: loads bundles and runs tries, one at a time, for the worker that forked
 * it. It has no database and none of the worker's secrets. It requests values from the
 * worker over the socket.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { dirname } from "node:path";
import { type Dag, graphOf } from "../../sdk/dag/dag.ts";
import { captureOutput } from "./capture.ts";
import { failure } from "./ending.ts";
import { loadDags } from "./load.ts";
import { dieWithParent } from "./orphanhood.ts";
import {
  type CallMethod,
  type Calls,
  CHANNEL_FD,
  type FromChild,
  LineReader,
  type ToChild,
} from "./protocol.ts";
import { type CallbackRequest, runCallback } from "./run_callback.ts";
import { runTry, type TaskHost, type TryRequest, type TryResult } from "./run_try.ts";
import { describeError } from "./task_error.ts";

const loaded = new Map<string, Promise<readonly Dag<unknown>[]>>();
const calls = new Map<number, PromiseWithResolvers<unknown>>();
let lastCall = 0;
let memoryToldAt = Number.NEGATIVE_INFINITY;

interface Running {
  readonly taskId: string;
  readonly abort: AbortController;
  readonly crash: PromiseWithResolvers<TryResult>;
}
let running: Running | undefined;
/**
 * The try to which the running code belongs. Code may run long after its try; its error
 * must not count for the next try.
 */
const owner = new AsyncLocalStorage<Running>();

/**
 * Written at once, not queued: the last lines of a task must not be lost when it ends the
 * process.
 */
function send(message: FromChild): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += writeSync(CHANNEL_FD, bytes, sent);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") process.exit(1);
      // The worker is slower than the task writes. Waiting here keeps a flood of log
      // lines out of memory.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function call<Method extends CallMethod>(
  method: Method,
  ...args: Calls[Method]["args"]
): Promise<Calls[Method]["value"]> {
  const reply = Promise.withResolvers<unknown>();
  lastCall += 1;
  calls.set(lastCall, reply);
  send({ type: "call", call: lastCall, method, args });
  return reply.promise as Promise<Calls[Method]["value"]>;
}

const host: TaskHost = {
  connection: (id) => call("connection", id),
  variable: (key) => call("variable", key),
  pullXCom: (taskId, key) => call("pullXCom", taskId, key),
  pullPage: (taskId, after) => call("pullPage", taskId, String(after)),
  pushXCom: async (key, json) => void (await call("pushXCom", key, json)),
  assetEvents: (uri, limit) => call("assetEvents", uri, String(limit)),
  log: (level, text) => send({ type: "log", level, source: "task", text }),
};

async function run(
  bundle: string,
  request: TryRequest,
  callback: CallbackRequest | undefined,
): Promise<void> {
  const crash = Promise.withResolvers<TryResult>();
  const abort = new AbortController();
  const current = { taskId: request.taskId, abort, crash };
  running = current;
  let isSpoilt = true;
  const attempted = owner
    .run(current, () => attempt(bundle, request, callback, abort.signal))
    .finally(() => {
      isSpoilt = false;
    });
  const result = await Promise.race([attempted, crash.promise]);
  running = undefined;
  endLines();
  send({ type: "done", result, isSpoilt, ...memory() });
}

/** Measuring costs more than a short task, so it happens a few times a second at most. */
function memory(): { readonly rss?: number } {
  if (performance.now() - memoryToldAt < 50) return {};
  memoryToldAt = performance.now();
  return { rss: process.memoryUsage.rss() };
}

async function attempt(
  bundle: string,
  request: TryRequest,
  callback: CallbackRequest | undefined,
  signal: AbortSignal,
): Promise<TryResult> {
  try {
    const dags = await (loaded.get(bundle) ?? load(bundle));
    const dag = dags.find(({ dagId }) => dagId === request.dagId);
    if (dag && callback)
      return withFilesAsWritten(
        await runCallback(dag, request, callback, host, signal),
        dirname(bundle),
      );
    const ref = dag && graphOf(dag).find(request.taskId);
    if (!dag || !ref)
      throw new Error(
        `the bundle does not declare task "${request.taskId}" of DAG "${request.dagId}" when it is loaded here; a DAG file must declare the same tasks every time`,
      );
    return withFilesAsWritten(await runTry(dag, ref, request, host, signal), dirname(bundle));
  } catch (error) {
    return failure(error);
  }
}

/**
 * The source map names files relative to the bundle; users know them relative to their
 * DAG folder.
 */
function withFilesAsWritten(result: TryResult, bundleFolder: string): TryResult {
  if (result.outcome !== "failed") return result;
  return {
    ...result,
    error: { ...result.error, stack: result.error.stack.replaceAll(`${bundleFolder}/`, "") },
  };
}

function load(bundle: string): Promise<readonly Dag<unknown>[]> {
  const dags = loadDags(bundle, { projectFolder: process.argv[2] ?? "." });
  loaded.set(bundle, dags);
  return dags;
}

function receive(message: ToChild): void {
  // A rejection of run() would reach crashed() as unhandled, which fails the try.
  if (message.type === "run") return void run(message.bundle, message.request, message.callback);
  if (message.type === "abort") return void running?.abort.abort(new Error(message.reason));
  const reply = calls.get(message.call);
  calls.delete(message.call);
  if (message.type === "reply") reply?.resolve(message.value);
  else reply?.reject(Object.assign(new Error(message.error.message), message.error));
}

/** An unhandled error fails the running try. After the try it is only logged. */
function crashed(error: unknown): void {
  const whose = owner.getStore() ?? running;
  if (whose && whose === running) return void running.crash.resolve(failure(error));
  const text = `an error of ${whose ? `task "${whose.taskId}"` : "a task"} that had ended already: ${describeError(error).message}`;
  send({ type: "log", level: "warn", source: "dagsmith", text });
}

process.on("uncaughtException", crashed);
process.on("unhandledRejection", crashed);
process.setSourceMapsEnabled(true);
const endLines = captureOutput((source, text) =>
  send({ type: "log", level: source === "stderr" ? "warn" : "info", source, text }),
);

const reader = new LineReader((line) => receive(JSON.parse(line) as ToChild));
const channel = new Socket({ fd: CHANNEL_FD, readable: true, writable: false });
channel.on("data", (chunk) => reader.push(chunk));
// The worker is gone: the results of this process could not be recorded.
channel.on("close", () => process.exit(0));
send({ type: "ready" });
dieWithParent();
