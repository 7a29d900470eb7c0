/**
 * A task process: loads a bundle and runs tries, one at a time, for the worker that forked
 * it. It has no database and none of the worker's secrets. It requests values from the
 * worker over the channel.
 */
import { dirname } from "node:path";
import { type Dag, graphOf } from "../../sdk/dag/dag.ts";
import { captureOutput } from "./capture.ts";
import { listen, send } from "./channel.ts";
import { keepCompiledModules } from "./compile_cache.ts";
import { failure } from "./ending.ts";
import { LeftOvers } from "./left_overs/left_overs.ts";
import { loadDags } from "./load.ts";
import { dieWithParent } from "./orphanhood.ts";
import type { ToChild } from "./protocol.ts";
import { runCallback } from "./run_callback.ts";
import { runTry, type TaskHost, type TryRequest, type TryResult } from "./run_try.ts";
import { owner, RunningTry, takeCall } from "./running_try.ts";
import { describeError } from "./task_error.ts";
import type { Tracing } from "./tracing.ts";

/** The one bundle of this process. */
interface Bundle {
  readonly folder: string;
  /** Begins to load with the first try, whose log its output belongs to. */
  load(first: RunningTry): Promise<readonly Dag<unknown>[]>;
  /** Modules are evaluated once: in this process, it would fail in each later try too. */
  hasFailed(): boolean;
}

/** What a process is asked to run. */
type Run = Extract<ToChild, { readonly type: "run" }>;

// Taken before user code is loaded, which may replace it.
const now = performance.now.bind(performance);

let bundle: Bundle | undefined;
let memoryToldAt = Number.NEGATIVE_INFINITY;
let running: RunningTry | undefined;
/** Made once, when the first try is traced. */
let openTracer: Tracing | undefined;

async function run(asked: Run): Promise<void> {
  const current = new RunningTry(asked.try, asked.request.taskId);
  const begunAt = now();
  running = current;
  let isSpoilt = true;
  const attempted = owner
    .run(current, () => traced(asked, current))
    .finally(() => {
      isSpoilt = false;
    });
  const result = await Promise.race([attempted, current.crash.promise]);
  running = undefined;
  current.endLines();
  isSpoilt ||= (bundle?.hasFailed() ?? false) || (await hasLeftOvers(current));
  const ms = now() - begunAt;
  send({ type: "done", try: current.id, result, isSpoilt, ms, ...memory() });
}

/** Whether the try left something behind that later tries of this process would meet. */
async function hasLeftOvers(current: RunningTry): Promise<boolean> {
  const found = await leftOvers.remaining();
  if (found.length === 0) return false;
  current.log("debug", `its process is not used again: it left ${found.join(", ")}`);
  return true;
}

/** Measuring costs more than a short task, so it happens a few times a second at most. */
function memory(): { readonly rss?: number } {
  if (now() - memoryToldAt < 50) return {};
  memoryToldAt = now();
  return { rss: process.memoryUsage.rss() };
}

/** The attempt, within the trace of its run while traces are on. */
async function traced(asked: Run, current: RunningTry): Promise<TryResult> {
  const { traceparent } = asked.request;
  if (traceparent === undefined) return attempt(asked, current.host, current);
  const { startTracing, tracedClient, withinTry } = await import("./tracing.ts");
  openTracer ??= startTracing((span) => (owner.getStore() ?? running)?.span(span));
  const tracer = openTracer;
  const host = {
    ...current.host,
    traced: <Client>(client: Client, id: string) => tracedClient(tracer, client, id),
  };
  return withinTry(traceparent, () => attempt(asked, host, current));
}

async function attempt(
  { request, callback }: Run,
  host: TaskHost,
  current: RunningTry,
): Promise<TryResult> {
  const { signal } = current.abort;
  try {
    if (!bundle) throw new Error("the task process was sent no bundle");
    const dags = await bundle.load(current);
    const dag = dags.find(({ dagId }) => dagId === request.dagId);
    const result =
      dag && callback
        ? await runCallback(dag, request, callback, host, signal)
        : await runTask(dag, request, host, signal);
    return withFilesAsWritten(result, bundle.folder);
  } catch (error) {
    return failure(error);
  }
}

function runTask(
  dag: Dag<unknown> | undefined,
  request: TryRequest,
  host: TaskHost,
  signal: AbortSignal,
): Promise<TryResult> {
  const ref = dag && graphOf(dag).find(request.taskId);
  if (dag && ref) return runTry(dag, ref, request, host, signal);
  throw new Error(
    `the bundle does not declare task "${request.taskId}" of DAG "${request.dagId}" when it is loaded here; a DAG file must declare the same tasks every time`,
  );
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

function bundleOf({ path, code }: Extract<ToChild, { readonly type: "load" }>): Bundle {
  let dags: Promise<readonly Dag<unknown>[]> | undefined;
  let hasFailed = false;
  const load = async (first: RunningTry): Promise<readonly Dag<unknown>[]> => {
    try {
      return await loadDags(path, { code, projectFolder: process.argv[2] ?? "." });
    } catch (error) {
      hasFailed = true;
      throw error;
    } finally {
      // A process keeps to one file, so what its import set up reaches no other.
      leftOvers.accept();
      send({ type: "loaded", try: first.id });
    }
  };
  return {
    folder: dirname(path),
    load: (first) => {
      dags ??= load(first);
      return dags;
    },
    hasFailed: () => hasFailed,
  };
}

function receive(message: ToChild): void {
  // A rejection of run() would reach crashed() as unhandled, which fails the try.
  if (message.type === "run") return void run(message);
  if (message.type === "load") {
    bundle = bundleOf(message);
    return;
  }
  if (message.type === "abort") return void running?.abort.abort(new Error(message.reason));
  const reply = takeCall(message.call);
  if (message.type === "reply") reply?.resolve(message.value);
  else reply?.reject(Object.assign(new Error(message.error.message), message.error));
}

/** An unhandled error fails the running try. After the try it is only logged. */
function crashed(error: unknown): void {
  const whose = owner.getStore() ?? running;
  if (whose && whose === running) return void running.crash.resolve(failure(error));
  whose?.log("warn", `an error after the try had ended: ${describeError(error).message}`);
}

process.on("uncaughtException", crashed);
process.on("unhandledRejection", crashed);
process.setSourceMapsEnabled(true);
captureOutput(() => (owner.getStore() ?? running)?.printed);
dieWithParent();
listen((message) => receive(message as ToChild));
const leftOvers = new LeftOvers();
send({ type: "ready" });
keepCompiledModules();
