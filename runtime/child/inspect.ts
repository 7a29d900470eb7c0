/**
 * The inspector's process. It imports bundles one after the other, as its parent asks,
 * and answers with their DAGs. Its parent sees from outside when a file makes this
 * process throw, exit, hang or run out of memory. This side reports the failures that it
 * can tell apart.
 */
import { DagsmithError, type ErrorCode } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { listen, send as sendMessage } from "./channel.ts";
import { keepCompiledModules } from "./compile_cache.ts";
import { LeftOvers } from "./left_overs/left_overs.ts";
import { dieWithParent } from "./orphanhood.ts";
// Loaded before the first file, so that no file's import time includes ours.
import "../../sdk/index.ts";
import { checkAutomaticParams } from "./check_params.ts";
import { loadDags, specsOf } from "./load.ts";

/** A request for one bundle. */
export interface InspectRequest {
  /** Where stacks say that the bundle is, and its code. No file is read there. */
  readonly bundlePath: string;
  readonly code: string;
  /** The name of the file in messages. */
  readonly file: string;
  readonly projectFolder: string;
}

/**
 * The messages of the inspector's process: `ready` once, then for each request `started`
 * and one of `described` and `failed`.
 */
export type InspectAnswer =
  | { readonly type: "ready" }
  | { readonly type: "started" }
  | (Description & Wear)
  | (InspectFailure & Wear);

/** What a bundle holds. */
interface Description {
  readonly type: "described";
  readonly specs: readonly DagSpec[];
  readonly importMs: number;
  readonly heapMegabytes: number;
}

interface Wear {
  /**
   * The import left something behind, so no other file may be imported in this process.
   */
  readonly isWorn: boolean;
}

/** Why a file could not be imported, as texts that can be sent to the parent. */
export interface InspectFailure {
  readonly type: "failed";
  readonly code: ErrorCode;
  readonly reason: string;
  readonly stack: string | null;
  /**
   * Raised outside the import itself, so another file of this process may have caused it.
   */
  readonly uncaught: boolean;
}

const MAX_REASON = 4_000;
const MAX_STACK = 16_000;
const MEGABYTE = 1024 * 1024;

const send = (answer: InspectAnswer): void => sendMessage(answer);

/** Ends the current import with a failure. */
let fail: (failure: InspectFailure) => void = () => {};

process.on("uncaughtException", (error) => fail(failureOf(error, true)));
process.on("unhandledRejection", (reason) => fail(failureOf(reason, true)));
// The channel does not keep the event loop alive. So an event loop that runs empty during
// an import means that the import can never settle.
process.on("beforeExit", () =>
  fail({ type: "failed", code: "IMPORT_UNSETTLED", reason: "", stack: null, uncaught: false }),
);
dieWithParent();
// A rejection would reach "unhandledRejection", which fails the import under way.
const channel = listen((request) => void inspect(request as InspectRequest));
const leftOvers = new LeftOvers();
send({ type: "ready" });
keepCompiledModules();

async function inspect(request: InspectRequest): Promise<void> {
  send({ type: "started" });
  channel.unref();
  const interrupted = new Promise<InspectFailure>((resolve) => {
    fail = resolve;
  });
  const answer = await Promise.race([interrupted, describe(request)]);
  fail = () => {};
  channel.ref();
  send({ ...answer, isWorn: leftOvers.found().length > 0 });
}

async function describe({
  bundlePath,
  code,
  file,
  projectFolder,
}: InspectRequest): Promise<Description | InspectFailure> {
  const startedAt = performance.now();
  try {
    const dags = await loadDags(bundlePath, { code, projectFolder, file });
    const importMs = performance.now() - startedAt;
    // One tick, so that an unhandled rejection is reported before the file counts as
    // sound.
    await new Promise((resolve) => setImmediate(resolve));
    const specs = specsOf(dags);
    for (const [index, spec] of specs.entries()) await checkAutomaticParams(dags[index], spec);
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

/** Any value can be thrown, also null and objects whose getters throw. */
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
