/**
 * The inspector's process: imports bundles one after the other, as its parent asks, and answers with what their DAGs are. Whatever a
 * file does to this process (throws, exits, hangs, eats memory) the parent sees from outside; this side only tells apart what it can.
 */
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { DagsmithError, type ErrorCode } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { checkSchedule } from "../timetable/index.ts";
import { dieWithParent } from "./orphanhood.ts";
// Loaded before the first file, so that no file's import time holds ours.
import "../../sdk/index.ts";
import { loadDags } from "./load.ts";

/** Asks for one bundle. */
export interface InspectRequest {
  readonly bundlePath: string;
  /** What messages call the file. */
  readonly file: string;
  readonly projectFolder: string;
}

/** What the inspector's process says: `ready` once, then for each request `started` and one of `described` and `failed`. */
export type InspectAnswer =
  | { readonly type: "ready" }
  | { readonly type: "started" }
  | {
      readonly type: "described";
      readonly specs: readonly DagSpec[];
      readonly importMs: number;
      readonly heapMegabytes: number;
    }
  | InspectFailure;

/** How a file failed to be imported, in words that survive the way to the parent. */
export interface InspectFailure {
  readonly type: "failed";
  readonly code: ErrorCode;
  readonly reason: string;
  readonly stack: string | null;
  /** Raised outside the import itself, so another file of this process may be to blame. */
  readonly uncaught: boolean;
}

const MAX_REASON = 4_000;
const MAX_STACK = 16_000;
const MEGABYTE = 1024 * 1024;

// A DAG file that talked to the parent, or listened to it, could answer for another file.
const send = process.send?.bind(process) as (answer: InspectAnswer) => boolean;
Reflect.deleteProperty(process, "send");

/** Ends the import under way with a failure. */
let fail: (failure: InspectFailure) => void = () => {};

// A rejection would reach "unhandledRejection" below, which fails the import under way.
process.on("message", (request: InspectRequest) => void inspect(request));
process.on("disconnect", () => process.exit());
process.on("uncaughtException", (error) => fail(failureOf(error, true)));
process.on("unhandledRejection", (reason) => fail(failureOf(reason, true)));
// With the channel not counted, an event loop that runs empty during an import means that nothing can ever settle it.
process.on("beforeExit", () =>
  fail({ type: "failed", code: "IMPORT_UNSETTLED", reason: "", stack: null, uncaught: false }),
);
dieWithParent();
send({ type: "ready" });

async function inspect(request: InspectRequest): Promise<void> {
  send({ type: "started" });
  process.channel?.unref();
  const interrupted = new Promise<InspectFailure>((resolve) => {
    fail = resolve;
  });
  const answer = await Promise.race([interrupted, describe(request)]);
  fail = () => {};
  process.channel?.ref();
  send(answer);
}

async function describe({
  bundlePath,
  file,
  projectFolder,
}: InspectRequest): Promise<InspectAnswer> {
  const startedAt = performance.now();
  try {
    const dags = await loadDags(bundlePath, { projectFolder, file });
    const importMs = performance.now() - startedAt;
    // One turn, so that a rejection nobody handles is reported before the file counts as sound.
    await new Promise((resolve) => setImmediate(resolve));
    const specs = dags.map(describeDag);
    for (const { schedule } of specs.flatMap((spec) => spec.schedules)) checkSchedule(schedule);
    return {
      type: "described",
      specs,
      importMs,
      heapMegabytes: process.memoryUsage().heapUsed / MEGABYTE,
    };
  } catch (error) {
    return failureOf(error, false);
  }
}

/** Anything can be thrown, also null and objects whose getters throw. */
function failureOf(thrown: unknown, uncaught: boolean): InspectFailure {
  const code = thrown instanceof DagsmithError ? thrown.code : "IMPORT_FAILED";
  try {
    const error = thrown instanceof Error ? thrown : undefined;
    const reason = (error ? error.message || error.name : String(thrown)).slice(0, MAX_REASON);
    return {
      type: "failed",
      code,
      reason,
      stack: error?.stack?.slice(0, MAX_STACK) ?? null,
      uncaught,
    };
  } catch {
    return {
      type: "failed",
      code,
      reason: "it threw a value that cannot be shown",
      stack: null,
      uncaught,
    };
  }
}
