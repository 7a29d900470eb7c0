/**
 * The one shape of a background job: a name, a period, and one pass that returns how much
 * it did. The loop around the job starts it after a random delay, repeats it, logs it and
 * stops it. An error ends a pass, never the loop. It knows no database and reads no wall
 * clock: periods are kept when the clock of the machine is set.
 */

import { errorMessage } from "../../sdk/error_message.ts";
import type { EventName } from "./events.ts";
import type { EventDetail, ServiceLog } from "./log.ts";

/** What a pass gets from its loop. */
export interface Pass {
  /** Aborted when the loop stops: a long pass should then end early. */
  readonly signal: AbortSignal;
  /** Names the current step of the pass, for the log line about a late loop. */
  readonly at: (step: string) => void;
}

/**
 * The pauses after passes that failed: `firstMs`, then twice as long each time, at most
 * `longestMs`.
 */
interface Retry {
  readonly firstMs: number;
  readonly longestMs: number;
}

export interface Job {
  /** In snake_case, for logs. */
  readonly name: string;
  /** Milliseconds from the end of a pass to the start of the next pass. */
  readonly everyMs: number;
  /** One pass. @returns how many things it did; 0 when there was nothing to do */
  readonly runOnce: (pass: Pass) => Promise<number>;
  /**
   * The event that reports a pass that did something, with its `count`. Default: none.
   */
  readonly did?: EventName;
  /** Values that are in every line of this loop. */
  readonly detail?: EventDetail;
  /**
   * Called after a pass: milliseconds until there is work again, if that may be sooner
   * than `everyMs`.
   */
  readonly nextInMs?: () => Promise<number | null>;
  /** Default: `everyMs`, always. */
  readonly retry?: Retry;
  /**
   * The first pass starts at random within this many milliseconds. So the loops of one
   * process, and of processes that started together, do not all query the database at
   * once. Default 250; 0: at once.
   */
  readonly staggerMs?: number;
}

/** What a loop has done since its start. */
export interface LoopTotals {
  readonly passes: number;
  /** Passes that ended with an error. */
  readonly failures: number;
  /** The sum of what its passes returned. */
  readonly items: number;
  /** Milliseconds that its passes took, together. */
  readonly busyMs: number;
}

const STAGGER_MS = 250;

export class Loop {
  readonly name: string;
  readonly #job: Job;
  readonly #log: ServiceLog;
  readonly #stopping = new AbortController();
  #looping: Promise<void> | undefined;
  /** Resolving it ends the current pause, or the next pause when a pass runs. */
  #woken = Promise.withResolvers<void>();
  /** The current step of the pass; undefined between two passes. */
  #step: string | undefined;
  #lastRoundAt = 0;
  /** When the current pass started, or when the next pass is due. */
  #expectedAt = Number.POSITIVE_INFINITY;
  #fault: string | null = null;
  /** Failures since the last pass that succeeded. */
  #failures = 0;
  readonly #totals = { passes: 0, failures: 0, items: 0, busyMs: 0 };

  /** @param log default: nothing is logged */
  constructor(job: Job, log: ServiceLog = () => undefined) {
    this.name = job.name;
    this.#job = job;
    this.#log = log;
  }

  /** Starts the loop. Idempotent; does nothing after {@link stop}. */
  start(): void {
    if (this.#looping || this.#stopping.signal.aborted) return;
    this.#lastRoundAt = performance.now();
    this.#looping = this.#loop();
  }

  /** Starts the next pass at once, or directly after the current pass. */
  wake(): void {
    this.#woken.resolve();
  }

  /**
   * Finishes the current pass and starts no other. Idempotent; a loop that never started
   * can be stopped.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#looping;
    this.#expectedAt = Number.POSITIVE_INFINITY;
  }

  /**
   * One pass, outside the loop's own. Tests call it.
   * @returns how many things it did
   * @throws Error what the job throws
   */
  runOnce(): Promise<number> {
    return this.#job.runOnce({ signal: this.#stopping.signal, at: () => undefined });
  }

  get totals(): LoopTotals {
    return this.#totals;
  }

  /** The current step of the pass, or `waiting`. */
  get doing(): string {
    return this.#step ?? "waiting";
  }

  /** Milliseconds since its last pass ended, or since its start. */
  get sinceRoundMs(): number {
    return performance.now() - this.#lastRoundAt;
  }

  /**
   * How late it is: milliseconds that the current pass has taken, or that the next pass
   * is overdue. 0 while it waits for its period to end, before its start and after its
   * stop.
   */
  get lateMs(): number {
    return Math.max(0, performance.now() - this.#expectedAt);
  }

  async #loop(): Promise<void> {
    const { staggerMs = STAGGER_MS } = this.#job;
    await this.#sleep(staggerMs * Math.random());
    while (!this.#stopping.signal.aborted) await this.#sleep(await this.#pass());
  }

  /** @returns milliseconds until the next pass */
  async #pass(): Promise<number> {
    // A wake-up from here on is for work that this pass may have missed.
    this.#woken = Promise.withResolvers();
    const startedAt = performance.now();
    this.#expectedAt = startedAt;
    const at = (step: string): void => {
      this.#step = step;
    };
    at("running");
    try {
      const count = await this.#job.runOnce({ signal: this.#stopping.signal, at });
      const nextMs = (await this.#job.nextInMs?.()) ?? this.#job.everyMs;
      this.#succeeded(count);
      return Math.min(this.#job.everyMs, Math.max(0, nextMs));
    } catch (error) {
      return this.#failed(errorMessage(error));
    } finally {
      this.#step = undefined;
      this.#lastRoundAt = performance.now();
      this.#totals.passes += 1;
      this.#totals.busyMs += this.#lastRoundAt - startedAt;
    }
  }

  #succeeded(count: number): void {
    const { did, detail } = this.#job;
    if (this.#fault !== null) this.#log("job_recovered", { job: this.name, ...detail });
    this.#fault = null;
    this.#failures = 0;
    this.#totals.items += count;
    if (did !== undefined && count > 0) this.#log(did, { job: this.name, count, ...detail });
  }

  /** Reported once for each fault: an hour without a server is one line, not 3,600. */
  #failed(reason: string): number {
    const { name, detail, everyMs, retry } = this.#job;
    if (!this.#stopping.signal.aborted && reason !== this.#fault)
      this.#log("job_failed", { job: name, ...detail, reason });
    this.#fault = reason;
    this.#failures += 1;
    this.#totals.failures += 1;
    return retry ? Math.min(retry.longestMs, retry.firstMs * 2 ** (this.#failures - 1)) : everyMs;
  }

  async #sleep(ms: number): Promise<void> {
    this.#expectedAt = performance.now() + ms;
    const timer = setTimeout(this.#woken.resolve, ms);
    await this.#woken.promise;
    clearTimeout(timer);
  }
}

/** Starts a loop for each job. */
export function startLoops(jobs: readonly Job[], log: ServiceLog): readonly Loop[] {
  const loops = jobs.map((job) => new Loop(job, log));
  for (const loop of loops) loop.start();
  return loops;
}

/** Stops loops, all at once; resolves when no pass runs. */
export async function stopLoops(loops: Iterable<Loop>): Promise<void> {
  await Promise.all(Array.from(loops, (loop) => loop.stop()));
}
