/**
 * Runs bundles in separate processes to find their DAGs. Many files share a process, for
 * speed. A file is blamed for a failure only in a process where no other file can have
 * caused it.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { DagsmithError } from "../../sdk/errors.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import type { InspectRequest } from "../child/inspect.ts";
import type { Bundle } from "./bundle.ts";
import { failureError } from "./failure.ts";
import { InspectorProcess, type Outcome, type ProcessLimits } from "./inspector-process.ts";
import { unstorableText } from "./unstorable_text.ts";
import { type ImportError, importError } from "./version.ts";
import { loadableCode } from "./write.ts";

/** The DAGs of a bundle, or its failure. */
export type Inspection =
  | { readonly specs: readonly DagSpec[]; readonly importMs: number; readonly error: null }
  | { readonly specs: readonly []; readonly importMs: null; readonly error: ImportError };

export interface InspectorOptions {
  /** Longest time a file may take to be imported. Default 30,000. */
  readonly timeLimitMs?: number;
  /** Most heap that an import may take, in megabytes. Default 512. */
  readonly memoryLimitMegabytes?: number;
  /**
   * The source of PATH, HOME, TZ, LANG and NODE_ENV; no other variable reaches a DAG
   * file. Default: empty.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The user of the system that imports files. Default: that of this process. */
  readonly user?: ProcessLimits["user"];
  /** How many processes inspect at once. Default: the number of cores, at most 4. */
  readonly processes?: number;
}

/**
 * Keeps processes warm between calls, so that an edited file is inspected without
 * starting a process.
 */
export interface Inspector {
  /** Inspects bundles; the results have the same order. */
  inspectAll(bundles: readonly Bundle[]): Promise<readonly Inspection[]>;
  /**
   * Ends all processes and removes the written files. May be called again, or during an
   * inspection, which then rejects.
   */
  stop(): Promise<void>;
}

/** Variables that reach a DAG file, and may change what it declares. */
export const PASSED_ON = ["PATH", "HOME", "TZ", "LANG", "NODE_ENV", "NODE_COMPILE_CACHE"];
const MAX_PROCESSES = 4;
/** Processes for one file: whatever ends three of them ends the next ones, too. */
const MOST_PROCESSES = 3;
/**
 * Modules are never unloaded: a process that has grown to this part of its limit is
 * replaced, so that no file pays for others.
 */
const HEAP_SHARE_TO_RECYCLE = 0.5;

/**
 * @param folder the DAG folder, absolute: the working directory of the files, and the
 *   folder of their stacks
 */
export function startInspector(folder: string, options: InspectorOptions = {}): Inspector {
  return new ProcessPool(folder, options);
}

class ProcessPool implements Inspector {
  readonly #limits: ProcessLimits;
  readonly #size: number;
  readonly #idle: InspectorProcess[] = [];
  readonly #all = new Set<InspectorProcess>();
  readonly #running = new Set<Promise<unknown>>();
  #stopped = false;

  constructor(folder: string, options: InspectorOptions) {
    this.#size = options.processes ?? Math.min(availableParallelism(), MAX_PROCESSES);
    this.#limits = {
      folder,
      timeLimitMs: options.timeLimitMs ?? 30_000,
      memoryLimitMegabytes: options.memoryLimitMegabytes ?? 512,
      environment: passedOn(options.environment ?? {}),
      user: options.user,
    };
  }

  async inspectAll(bundles: readonly Bundle[]): Promise<readonly Inspection[]> {
    const running = this.#inspectAll(bundles);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #inspectAll(bundles: readonly Bundle[]): Promise<readonly Inspection[]> {
    const inspections: Inspection[] = [];
    const waiting = bundles.entries();
    const inspectNext = async (): Promise<void> => {
      for (const [index, bundle] of waiting) inspections[index] = await this.#inspect(bundle);
    };
    await Promise.all(Array.from({ length: Math.min(this.#size, bundles.length) }, inspectNext));
    return inspections;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#all].map((process) => process.stop()));
    await Promise.allSettled(this.#running);
  }

  async #inspect(bundle: Bundle): Promise<Inspection> {
    this.#refuseStopped();
    const { folder: projectFolder } = this.#limits;
    const request = {
      bundlePath: join(projectFolder, ".dagsmith", `${bundle.bundleHash}.mjs`),
      code: loadableCode(bundle, projectFolder).toString(),
      file: bundle.file,
      projectFolder,
    };
    const outcome = await this.#outcomeOf(request);
    if (outcome.type === "described") return inspectionOf(bundle, outcome);
    return { specs: [], importMs: null, error: failureError(bundle, outcome, this.#limits) };
  }

  /** In another process when the failure need not be that of the file. */
  async #outcomeOf(request: InspectRequest): Promise<Outcome> {
    let process = this.#take();
    for (let processes = 1; ; processes++) {
      const outcome = await process.run(request);
      this.#refuseStopped();
      this.#giveBack(process, outcome);
      const isOwnFault = process.requests > 1 ? !mayBeAnothersFault(outcome) : hasBegun(outcome);
      if (isOwnFault || processes === MOST_PROCESSES) return outcome;
      process = this.#start();
    }
  }

  #take(): InspectorProcess {
    const idle = this.#idle.pop();
    if (idle?.alive) return idle;
    if (idle) this.#all.delete(idle);
    return this.#start();
  }

  #start(): InspectorProcess {
    this.#refuseStopped();
    const process = new InspectorProcess(this.#limits);
    this.#all.add(process);
    return process;
  }

  #refuseStopped(): void {
    if (this.#stopped) throw new DOMException("The inspector was stopped.", "AbortError");
  }

  #giveBack(process: InspectorProcess, outcome: Outcome): void {
    const limit = this.#limits.memoryLimitMegabytes * HEAP_SHARE_TO_RECYCLE;
    const isHeavy = outcome.type === "described" && outcome.heapMegabytes > limit;
    const isSound =
      outcome.type === "described" || (outcome.type === "failed" && !outcome.uncaught);
    const worn = isHeavy || !isSound || outcome.isWorn;
    // stop() never rejects, and the result does not depend on a worn process.
    if (worn) void process.stop().then(() => this.#all.delete(process));
    else this.#idle.push(process);
  }
}

/**
 * A time-out that began with this file is its own. Any other failure outside the import
 * may have been caused by an earlier file.
 */
function mayBeAnothersFault(outcome: Outcome): boolean {
  if (outcome.type === "failed") return outcome.uncaught;
  return outcome.type === "timeout" ? !outcome.began : outcome.type !== "described";
}

/** When its process was killed before that, nothing of the file has run. */
function hasBegun(outcome: Outcome): boolean {
  return outcome.type !== "exited" || outcome.began;
}

function inspectionOf(
  { file }: Bundle,
  { specs, importMs }: Extract<Outcome, { readonly type: "described" }>,
): Inspection {
  const path = unstorableText(Object.fromEntries(specs.map((spec) => [spec.dagId, spec])));
  if (path === undefined) return { specs, importMs, error: null };
  const error = importError(file, new DagsmithError("UNSTORABLE_TEXT", { file, path }), null);
  return { specs: [], importMs: null, error };
}

function passedOn(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) =>
      environment[name] === undefined ? [] : [[name, environment[name]]],
    ),
  );
}
