/** One try in hand: its request, its process, its log, its time limit; and how it ended, in the engine's words. */

import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";
import type { AssetEvent } from "../../sdk/sources/asset.ts";
import type { TaskSpec } from "../../sdk/spec/index.ts";
import type { OutputPage } from "../child/lazy_list.ts";
import type { CallMethod } from "../child/protocol.ts";
import { MAX_LABEL } from "../child/run_try.ts";
import { plannedTask } from "../engine/plan/plan.ts";
import type { Outcome } from "../engine/results/outcome.ts";
import type { ClaimedInstance } from "../engine/store.ts";
import type { StoredError } from "../state/task_state.ts";
import type { RunSnapshot } from "../store/runs/run_snapshot.ts";
import type { LogWriter } from "./log_writer.ts";
import type { ProcessEnd, TaskProcess } from "./task_process.ts";
import { type TryValues, tryRequest } from "./try_request.ts";

/** Where tasks get connections and variables from, and what hides them again. */
export interface Secrets {
  /** @throws DagsmithError CONNECTION_NOT_FOUND */
  connection(id: string): Promise<Connection>;
  /** Null when the variable is not set. */
  variable(key: string): Promise<string | null>;
  /** Hides every secret value handed out so far. */
  mask(text: string): string;
}

/** What a try may ask beside connections and variables. */
export interface XComs {
  pull(taskId: string, key: string): Promise<Json>;
  /** Outputs of a mapped task, from behind a map index. */
  page(taskId: string, after: number): Promise<OutputPage>;
  push(key: string, json: string): Promise<void>;
  /** The newest events of an asset, oldest first. */
  assetEvents(uri: string, limit: number): Promise<readonly AssetEvent[]>;
}

/** What is kept of an error; a message may hold a whole response. Characters. */
const MAX_MESSAGE = 10_000;
const MAX_STACK = 50_000;

/** Node's timers fire at once when asked for more than this: 24.8 days. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Why the worker itself ends a try. */
export type Interruption = "timeout" | "total" | "taken" | "stopping";

export class Attempt {
  readonly instance: ClaimedInstance;
  readonly #facts: RunSnapshot;
  readonly #secrets: Secrets;
  readonly #xcoms: XComs;
  readonly #log: LogWriter;
  readonly #claimedAt = performance.now();
  #process: TaskProcess | undefined;
  #interruption: Interruption | undefined;

  constructor(
    instance: ClaimedInstance,
    facts: RunSnapshot,
    secrets: Secrets,
    xcoms: XComs,
    log: LogWriter,
  ) {
    this.instance = instance;
    this.#facts = facts;
    this.#secrets = secrets;
    this.#xcoms = xcoms;
    this.#log = log;
  }

  /** Whether the process must not be used again: it was told to stop, and something may still run in it. */
  get spoiltProcess(): boolean {
    return this.#interruption !== undefined;
  }

  /** Runs the body in a process, within its time; with `asksKeys` it is only asked under which keys it runs. Never rejects. */
  async perform(process: TaskProcess, bundle: string, values: TryValues): Promise<Outcome> {
    // A try that was taken away while it was being prepared.
    if (this.#interruption) return this.#outcome({ outcome: "crashed", reason: "interrupted" });
    this.#process = process;
    const timer = this.#startTimer();
    const { label, ...end }: ProcessEnd & { readonly label?: string } = await process.run(
      bundle,
      tryRequest(this.instance, this.#facts, values),
      {
        call: (method, args) => this.#answer(method, args),
        log: (level, source, text) => this.#log.line(level, source, text),
      },
    );
    clearTimeout(timer);
    // Whoever interrupts it now would reach the try that has the process next.
    this.#process = undefined;
    return {
      ...this.#outcome(end),
      ...(label === undefined ? {} : { label: this.#secrets.mask(label).slice(0, MAX_LABEL) }),
    };
  }

  /** Milliseconds since the start of the first try. */
  get elapsedMs(): number {
    return this.instance.elapsedMs + performance.now() - this.#claimedAt;
  }

  /** Of the time for this try and what is left of that for all, the shorter. */
  #startTimer(): NodeJS.Timeout | undefined {
    const { executionTimeoutMs, totalTimeoutMs } = this.#spec;
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

  /** Asks the body to stop; what does not is killed. The first interruption counts. */
  interrupt(why: Interruption): void {
    this.#interruption ??= why;
    this.#process?.abort(INTERRUPTIONS[this.#interruption]);
  }

  async #answer(method: CallMethod, args: readonly string[]): Promise<unknown> {
    const [first = "", second = ""] = args;
    if (method === "connection") return this.#secrets.connection(first);
    if (method === "variable") return this.#secrets.variable(first);
    if (method === "pullPage") return this.#xcoms.page(first, Number(second));
    if (method === "pullXCom") return this.#xcoms.pull(first, second);
    if (method === "assetEvents") return this.#xcoms.assetEvents(first, Number(second));
    await this.#xcoms.push(first, second);
    return null;
  }

  #outcome(end: ProcessEnd): Outcome {
    if (this.#interruption === "stopping" && end.outcome !== "success")
      return { kind: "lost", reason: INTERRUPTIONS.stopping };
    if (this.#interruption === "timeout" && end.outcome !== "success")
      return this.#failed(`${INTERRUPTIONS.timeout} of ${this.#timeoutSeconds()} s`, null, true);
    if (this.#interruption === "total" && end.outcome !== "success")
      return this.#failed(
        `${INTERRUPTIONS.total} of ${(this.#spec.totalTimeoutMs ?? 0) / 1_000} s`,
        null,
        false,
      );
    if (end.outcome === "not_yet") return { kind: "not_yet" };
    if (end.outcome === "deferred") return { kind: "deferred", wait: end.wait };
    if (end.outcome === "success")
      return {
        kind: "success",
        output: end.output,
        ...(end.assets && { assets: end.assets }),
        ...(end.again ? { again: true } : {}),
      };
    if (end.outcome === "skipped")
      return {
        kind: "skipped",
        reason: this.#secrets.mask(end.reason),
        ...(end.filteredOut ? { filteredOut: true } : {}),
      };
    if (end.outcome === "keys") return { kind: "needs_slots", keys: end.keys };
    if (end.outcome === "crashed") return this.#failed(end.reason, null, true);
    const error = this.#masked(end.error);
    return this.#failed(`${error.name}: ${error.message}`, error, end.retryable, end.retryAfterMs);
  }

  #failed(
    reason: string,
    error: StoredError | null,
    retryable: boolean,
    retryAfterMs?: number,
  ): Outcome {
    this.#log.line("error", "dagsmith", error?.stack || reason);
    return {
      kind: "failed",
      reason: reason.slice(0, 2_000),
      error,
      retryable,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }

  /** Masked before it is cut, so that no half of a secret is left. */
  #masked({ name, message, stack }: StoredError): StoredError {
    const shown = (text: string, limit: number): string => this.#secrets.mask(text).slice(0, limit);
    return {
      name: shown(name, 200),
      message: shown(message, MAX_MESSAGE),
      stack: shown(stack, MAX_STACK),
    };
  }

  #timeoutSeconds(): number {
    return (this.#spec.executionTimeoutMs ?? 0) / 1_000;
  }

  get #spec(): TaskSpec {
    return plannedTask(this.#facts.version.plan, this.instance.taskId).spec;
  }
}

const INTERRUPTIONS: Readonly<Record<Interruption, string>> = {
  timeout: "the try took longer than its executionTimeout",
  total: "all tries together took longer than the totalTimeout",
  taken: "the try was cancelled, or given to another worker",
  stopping: "the worker was stopped",
};
