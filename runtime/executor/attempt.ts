/**
 * One try as the worker runs it: the request, the task process, the values that the task
 * may ask for, and its time limit. It does not know the queue, and writes only the log:
 * other files record the outcome.
 */
import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";
import { once } from "../../sdk/once.ts";
import type { AssetEvent } from "../../sdk/sources/asset.ts";
import type { TaskSpec } from "../../sdk/spec/index.ts";
import type { StateEntry } from "../../sdk/task/state_store.ts";
import type { FileAccess } from "../child/context/file_client.ts";
import type { OutputPage } from "../child/context/lazy_list.ts";
import type { CallMethod } from "../child/protocol.ts";
import { MAX_LABEL, type TryRequest } from "../child/run_try.ts";
import type { SpanRecord } from "../child/span_record.ts";
import { plannedTask } from "../engine/plan/plan.ts";
import type { Outcome } from "../engine/results/outcome.ts";
import type { ClaimedInstance } from "../engine/store.ts";
import type { RunSnapshot } from "../store/runs/run_snapshot.ts";
import type { RenderedField } from "../store/values/rendered_fields.ts";
import { type TracedRun, traceparentOf } from "../tracing/trace_ids.ts";
import type { FileOwner } from "./files/file_store.ts";
import type { LogWriter } from "./log_writer.ts";
import { storedFields } from "./rendered_fields.ts";
import type { ProcessEnd, TaskProcess, Unstarted } from "./task_process.ts";
import { INTERRUPTIONS, type Interruption, outcomeOf } from "./try_outcome.ts";

/** The source of connections and variables, and the masker of their values. */
export interface Secrets {
  /** @throws DagsmithError CONNECTION_NOT_FOUND */
  connection(id: string): Promise<Connection>;
  /** Null when the variable is not set. */
  variable(key: string): Promise<string | null>;
  /** Masks every secret value that was handed out so far. */
  mask(text: string): string;
  /** Masks the params of a run that are secrets by their name, from now on. */
  learnParams(params: Json): void;
}

/** The values that a running try may read and write. */
export interface XComs {
  pull(taskId: string, key: string): Promise<Json>;
  /** Outputs of a mapped task, from a map index on. */
  page(taskId: string, after: number): Promise<OutputPage>;
  push(key: string, json: string): Promise<void>;
  /** The newest events of an asset, oldest first. */
  assetEvents(uri: string, limit: number): Promise<readonly AssetEvent[]>;
  labelRun(key: string, value: string): Promise<void>;
  /** @param text empty: removes the note */
  noteRun(text: string): Promise<void>;
  /** Replaces what the try reported before. */
  writeRendered(fields: readonly RenderedField[]): Promise<void>;
  /** The steps of the instance that are done: results by name, as JSON text. */
  readSteps(): Promise<Readonly<Record<string, string | null>>>;
  beginStep(name: string): Promise<void>;
  /** @param json null for a step without result */
  writeStep(name: string, json: string | null): Promise<void>;
  /** The state of one scope of the task: `dag`, `task`, or `shared:` and a name. */
  state(scope: string): ScopeState;
}

/** State as a running try reads it, and writes it before its end. */
export interface ScopeState {
  /** JSON text; null when there is no value. */
  read(key: string): Promise<string | null>;
  list(prefix: string): Promise<readonly StateEntry[]>;
  /** @param json null deletes the value */
  write(key: string, json: string | null): Promise<void>;
}

/** The folders of versions on this machine. */
export interface Folders {
  /** @throws DagsmithError FOLDER_MISSING, FOLDER_CORRUPT */
  path(hash: string): Promise<string>;
}

/** The files of tasks, as a try reaches them. */
export interface Files {
  admit(owner: FileOwner): Promise<FileAccess>;
  dismiss(access: FileAccess): void;
}

/** The processes of the worker, as a try uses them. */
export interface Processes {
  run(
    bundle: string,
    fresh: boolean,
    runIn: (process: TaskProcess) => Promise<ProcessEnd | Unstarted>,
  ): Promise<ProcessEnd>;
}

export interface AttemptParts {
  readonly workerId: string;
  readonly instance: ClaimedInstance;
  readonly run: RunSnapshot;
  readonly secrets: Secrets;
  readonly xcoms: XComs;
  readonly folders: Folders;
  readonly files: Files;
  readonly log: LogWriter;
  /** Takes the spans of the try. Undefined: traces are off. */
  readonly onSpan?: SpanListener | undefined;
}

/** Node's timers fire at once when their delay is longer than this: 24.8 days. */
const LONGEST_TIMER_MS = 2_147_483_647;

const INTERRUPTED: ProcessEnd = { outcome: "crashed", reason: "interrupted" };

export class Attempt {
  readonly instance: ClaimedInstance;
  readonly run: RunSnapshot;
  readonly spec: TaskSpec;
  readonly log: LogWriter;
  readonly #workerId: string;
  readonly #secrets: Secrets;
  readonly #xcoms: XComs;
  readonly #folders: Folders;
  readonly #files: Files;
  readonly #onSpan: SpanListener | undefined;
  readonly #claimedAt = performance.now();
  #process: TaskProcess | undefined;
  #interruption: Interruption | undefined;

  constructor({ workerId, instance, run, onSpan, log, ...outside }: AttemptParts) {
    const { secrets, xcoms, folders, files } = outside;
    this.#workerId = workerId;
    this.instance = instance;
    this.run = run;
    this.spec = plannedTask(run.version.plan, instance.taskId).spec;
    this.log = log;
    this.#secrets = secrets;
    this.#xcoms = xcoms;
    this.#folders = folders;
    this.#files = files;
    this.#onSpan = onSpan;
  }

  /** Milliseconds since this try was claimed. */
  get tryMs(): number {
    return performance.now() - this.#claimedAt;
  }

  /** Milliseconds since the start of the first try. */
  get elapsedMs(): number {
    return this.instance.elapsedMs + this.tryMs;
  }

  /**
   * Runs the body in a process, within its time limit. With `asksKeys` the task only
   * computes the keys of its limits.
   * @throws DagsmithError when the bundle cannot be read
   */
  async perform(processes: Processes, values: TryValues): Promise<Outcome> {
    const { label, ...end }: ProcessEnd & { readonly label?: string } = await processes.run(
      this.run.version.bundleHash,
      this.spec.freshProcess,
      (process) => this.#runIn(process, values),
    );
    return {
      ...this.#outcomeOf(end),
      ...(label === undefined ? {} : { label: this.#secrets.mask(label).slice(0, MAX_LABEL) }),
    };
  }

  /** An interrupted try is not given to another process. */
  async #runIn(process: TaskProcess, values: TryValues): Promise<ProcessEnd | Unstarted> {
    // The try was interrupted during its preparation.
    if (this.#interruption) return INTERRUPTED;
    this.#process = process;
    const timer = this.#startTimer();
    const traceparent = this.#onSpan && traceparentOf(tracedRun(this.run), this.instance);
    const request = tryRequest(this.instance, this.run, { ...values, traceparent });
    const end = await process.run(request, {
      call: (method, args) => this.#answer(method, args),
      log: (level, source, text) => this.log.line(level, source, text),
      span: (span) => this.#onSpan?.(masked(span, this.#secrets.mask)),
    });
    clearTimeout(timer);
    await this.#dismiss();
    // From here on an interruption would reach the next try of the process.
    this.#process = undefined;
    return end.outcome === "unstarted" && this.#interruption ? INTERRUPTED : end;
  }

  /**
   * Asks the body to stop, and kills it when it does not stop. Only the first
   * interruption counts.
   */
  interrupt(why: Interruption): void {
    this.#interruption ??= why;
    this.#process?.abort(INTERRUPTIONS[this.#interruption]);
  }

  /** The time limit of this try, or the time left for all tries if that is shorter. */
  #startTimer(): NodeJS.Timeout | undefined {
    const { executionTimeoutMs, totalTimeoutMs } = this.spec;
    const ownMs = executionTimeoutMs ?? Number.POSITIVE_INFINITY;
    const leftMs =
      totalTimeoutMs === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(0, totalTimeoutMs - this.elapsedMs);
    const ms = Math.min(ownMs, leftMs);
    if (!Number.isFinite(ms)) return undefined;
    return setTimeout(
      () => this.interrupt(leftMs < ownMs ? "total" : "timeout"),
      Math.min(ms, LONGEST_TIMER_MS),
    );
  }

  readonly #admit = once((): Promise<FileAccess> => {
    const { id: instanceId, tryNumber, runId } = this.instance;
    return this.#files.admit({ instanceId, tryNumber, runId, workerId: this.#workerId });
  });

  /** What still stores files after the end of the try is refused. */
  async #dismiss(): Promise<void> {
    const access = await this.#admit.begun()?.catch(() => undefined);
    if (access) this.#files.dismiss(access);
  }

  async #answer(method: CallMethod, args: readonly string[]): Promise<unknown> {
    const [first = "", second = ""] = args;
    if (method === "connection") return this.#secrets.connection(first);
    if (method === "variable") return this.#secrets.variable(first);
    if (method === "pullPage") return this.#xcoms.page(first, Number(second));
    if (method === "pullXCom") return this.#xcoms.pull(first, second);
    if (method === "folder") return this.#folders.path(first);
    if (method === "fileAccess") return this.#admit();
    if (method === "labelRun") return this.#xcoms.labelRun(first, this.#secrets.mask(second));
    if (method === "noteRun") return this.#xcoms.noteRun(this.#secrets.mask(first));
    if (method === "writeRendered")
      return this.#xcoms.writeRendered(storedFields(first, this.#secrets.mask));
    if (method === "readSteps") return this.#xcoms.readSteps();
    if (method === "beginStep") return this.#xcoms.beginStep(first);
    if (method === "writeStep") return this.#xcoms.writeStep(first, args[1] ?? null);
    if (method === "readState") return this.#xcoms.state(first).read(second);
    if (method === "listState") return this.#xcoms.state(first).list(second);
    if (method === "writeState") return this.#xcoms.state(first).write(second, args[2] ?? null);
    if (method === "assetEvents") return this.#xcoms.assetEvents(first, Number(second));
    await this.#xcoms.push(first, second);
    return null;
  }

  #outcomeOf(end: ProcessEnd): Outcome {
    return outcomeOf(end, {
      spec: this.spec,
      interruption: this.#interruption,
      mask: this.#secrets.mask,
      logFailure: (text) => this.log.line("error", "dagsmith", text),
    });
  }
}

/** An instance at one of its tries. */
export type TriedInstance = Pick<TryRequest, "taskId" | "mapIndex" | "tryNumber" | "item">;

/** The values with which a try starts, and how many bytes it may return. */
export type TryValues = Pick<TryRequest, "inputs" | "asksKeys" | "maxOutputBytes"> & {
  /** Of an iteration of a loop. */
  readonly previous?: Json | undefined;
  readonly traceparent?: string | undefined;
};

/** Takes a span of a task process, in which secrets are masked. */
export type SpanListener = (span: SpanRecord) => void;

function tracedRun({ id, version, runId, generation }: RunSnapshot): TracedRun {
  return { id, dagId: version.dagId, runId, generation };
}

function masked(span: SpanRecord, mask: (text: string) => string): SpanRecord {
  const plain = Object.entries(span.attributes).map(([key, value]) => [
    key,
    typeof value === "string" ? mask(value) : value,
  ]);
  const error = span.error === null ? null : mask(span.error);
  return { ...span, name: mask(span.name), error, attributes: Object.fromEntries(plain) };
}

/**
 * The request to a task process. A try of a worker, a callback and a replay have the same
 * request.
 */
export function tryRequest(
  { taskId, mapIndex, tryNumber, item }: TriedInstance,
  run: RunSnapshot,
  { previous, traceparent, asksKeys = false, ...values }: TryValues,
): TryRequest {
  const { runId, version, params, partitionKey, trigger } = run;
  return {
    ...{ dagId: version.dagId, runId, taskId, mapIndex, tryNumber, item },
    ...{ params, partitionKey, trigger, timezone: version.spec.timezone },
    logicalDate: run.logicalDate.toISOString(),
    dataIntervalStart: run.dataIntervalStart.toISOString(),
    dataIntervalEnd: run.dataIntervalEnd.toISOString(),
    ...values,
    ...(asksKeys && { asksKeys }),
    ...(previous !== undefined && { previous }),
    ...(traceparent !== undefined && { traceparent }),
  };
}
