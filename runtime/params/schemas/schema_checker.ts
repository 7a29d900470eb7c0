/**
 * Checks values against schemas of DAGs in a thread with a time limit. A regular
 * expression of a schema can take for ever on a short text; in the thread of a service it
 * would stop the page.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { SchemaAnswer, SchemaCheck } from "./check_value.ts";

/** Longest time for one check. */
const LIMIT_MS = 2_000;
const MAX_MEMORY_MB = 128;

/** Built code runs the built file. Source code runs the source, which Node can read. */
const THREAD = new URL(
  `./schema_thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);

/**
 * The thread, once it is ready. It stays for the next check, and keeps no process alive.
 */
let thread: Promise<Worker> | undefined;
/** The end of the last check: the thread does one at a time. */
let last: Promise<unknown> = Promise.resolve();

/**
 * The answer of the schema.
 * @throws DagsmithError SCHEMA_TOO_SLOW after two seconds, SCHEMA_UNUSABLE for a schema
 *   that cannot be read
 */
export function checkInThread(check: SchemaCheck): Promise<SchemaAnswer> {
  const answer = last.then(() => ask(check));
  last = answer.catch(() => undefined);
  return answer;
}

async function ask(check: SchemaCheck): Promise<SchemaAnswer> {
  thread ??= startThread();
  const worker = await thread;
  worker.ref();
  const limit = setTimeout(() => void worker.terminate(), LIMIT_MS);
  try {
    return await answerOf(worker, check);
  } finally {
    clearTimeout(limit);
    worker.unref();
  }
}

async function startThread(): Promise<Worker> {
  const worker = new Worker(THREAD, { resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB } });
  // Out of memory is an error of the thread; its end says so to the check that waits.
  worker.on("error", () => undefined);
  worker.once("exit", () => {
    thread = undefined;
  });
  await once(worker, "message");
  return worker;
}

function answerOf(worker: Worker, check: SchemaCheck): Promise<SchemaAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<SchemaAnswer>();
  const ended = (): void =>
    reject(new DagsmithError("SCHEMA_TOO_SLOW", { seconds: LIMIT_MS / 1_000 }));
  worker.once("exit", ended);
  worker.once("message", (answer: SchemaAnswer | { readonly failure: string }) => {
    if ("failure" in answer)
      reject(new DagsmithError("SCHEMA_UNUSABLE", { reason: answer.failure }));
    else resolve(answer);
  });
  worker.postMessage(check);
  return promise.finally(() => worker.removeListener("exit", ended));
}
