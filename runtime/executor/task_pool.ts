/**
 * The warm task processes of a worker. A process runs only tries of the bundle that it
 * has loaded; a blank process takes any bundle. Short tries share few busy processes, one
 * after the other. Long tries get a process each after a moment: see short_tries.ts. A
 * process is replaced after many tries, or when it has grown much, so
 * that leaks of user code cannot fill the machine.
 */
import { availableParallelism } from "node:os";
import type { BundleCache } from "./bundle_cache.ts";
import { PATIENCE_MS, ShortTries } from "./short_tries.ts";
import {
  type ProcessEnd,
  TaskProcess,
  type TaskProcessOptions,
  type Unstarted,
} from "./task_process.ts";

/**
 * Tries that one process may run: so many that short tasks seldom pay for a new process.
 */
const MAX_TRIES = 20_000;
/** How much a process may have grown since its first try, in bytes. */
const MAX_GROWTH = 256 * 1024 * 1024;
/**
 * An idle process of another bundle is replaced only when it was idle for so long, or when
 * a try waited for so long. Tries of two DAGs would otherwise end each other's processes
 * for as long as they run.
 */
const KEEP_MS = 1_000;
/**
 * Processes that may end, one after the other, before one of them begins a try. Whatever
 * ends them would end the next ones, too.
 */
const MOST_PROCESSES = 3;
/** The end of a try that got no process. */
const STOPPED: ProcessEnd = { outcome: "crashed", reason: "the worker has stopped" };

interface TaskPoolOptions extends TaskProcessOptions {
  readonly bundles: BundleCache;
}

interface Waiter {
  readonly bundle: string;
  readonly sinceMs: number;
  /** Undefined: the pool has stopped. */
  readonly give: (process: TaskProcess | undefined) => void;
}

export class TaskPool {
  readonly #options: TaskPoolOptions;
  readonly #size: number;
  #idle: TaskProcess[] = [];
  readonly #idleSinceMs = new WeakMap<TaskProcess, number>();
  readonly #busy = new Set<TaskProcess>();
  #waiters: Waiter[] = [];
  readonly #short = new ShortTries<TaskProcess>(availableParallelism());
  #patrol: NodeJS.Timeout | undefined;
  /** No process starts any more: it would outlive the worker. */
  #isStopped = false;

  /** @param size the most processes: one for each slot of the worker */
  constructor(size: number, options: TaskPoolOptions) {
    this.#size = size;
    this.#options = options;
  }

  /** Starts blank processes in advance. Resolves when they can take a try. */
  async warm(count: number): Promise<void> {
    while (this.#idle.length + this.#busy.size < Math.min(count, this.#size))
      this.#idle.push(new TaskProcess(this.#options));
    await Promise.all(this.#idle.map((process) => process.ready));
  }

  /**
   * Runs one try of this bundle in a process. When the process ends before any code of
   * the try ran, another process takes the try. After {@link stop} no try gets a process.
   * @param fresh the process has run no try before, and runs none after
   */
  async run(
    bundle: string,
    fresh: boolean,
    runIn: (process: TaskProcess) => Promise<ProcessEnd | Unstarted>,
  ): Promise<ProcessEnd> {
    for (let processes = 1; ; processes++) {
      const process = await this.#take(bundle, fresh);
      if (!process) return STOPPED;
      const end = await runIn(process);
      this.#giveBack(process, fresh);
      if (end.outcome !== "unstarted") return end;
      if (processes === MOST_PROCESSES) return neverBegun(end);
    }
  }

  /** @returns undefined when the pool has stopped */
  async #take(bundle: string, fresh: boolean): Promise<TaskProcess | undefined> {
    if (this.#isStopped) return undefined;
    const process = fresh ? this.#hold(this.#blank()) : await this.#next(bundle);
    if (process && process.bundle === undefined) await this.#load(process, bundle);
    return process;
  }

  async #load(process: TaskProcess, bundle: string): Promise<void> {
    try {
      process.onLoaded = () => this.#short.loaded(process, performance.now());
      process.load(bundle, await this.#options.bundles.read(bundle));
    } catch (error) {
      this.#giveBack(process, false);
      throw error;
    }
  }

  /** A process for a try of this bundle, as soon as one may take it. */
  #next(bundle: string): Promise<TaskProcess | undefined> {
    const { promise, resolve } = Promise.withResolvers<TaskProcess | undefined>();
    this.#waiters.push({ bundle, sinceMs: performance.now(), give: resolve });
    this.#serve();
    return promise;
  }

  /** Gives processes to the tries that wait, in their order. */
  #serve(): void {
    this.#waiters = this.#waiters.filter((waiter) => {
      const process = this.#free(waiter);
      if (process) waiter.give(this.#hold(process));
      return !process;
    });
    if (this.#waiters.length > 0) this.#patrol ??= setTimeout(() => this.#waited(), PATIENCE_MS);
  }

  #waited(): void {
    this.#patrol = undefined;
    this.#short.waited(performance.now());
    this.#serve();
  }

  /** A process that runs nothing, as long as few are busy with short tries. */
  #free(waiter: Waiter): TaskProcess | undefined {
    if (!this.#short.mayBegin()) return undefined;
    const loaded = this.#takeIdle(({ bundle }) => bundle === waiter.bundle);
    return loaded ?? (this.#mayReplace(waiter) ? this.#blank() : undefined);
  }

  /** Whether a blank process may be taken, even if it replaces an idle one. */
  #mayReplace({ bundle, sinceMs }: Waiter): boolean {
    if (this.#idle.length + this.#busy.size < this.#size) return true;
    if (this.#idle.some((idle) => idle.bundle === undefined)) return true;
    if (![...this.#busy].some((busy) => busy.bundle === bundle)) return true;
    const idleSinceMs = this.#idle[0] && this.#idleSinceMs.get(this.#idle[0]);
    return performance.now() - Math.min(sinceMs, idleSinceMs ?? sinceMs) >= KEEP_MS;
  }

  #hold(process: TaskProcess): TaskProcess {
    this.#busy.add(process);
    this.#short.begin(process, process.ranMs !== undefined, performance.now());
    return process;
  }

  #giveBack(process: TaskProcess, isFresh: boolean): void {
    this.#busy.delete(process);
    this.#short.end(process, process.ranMs, performance.now());
    // stop() never rejects. The process exits by itself, and the pool need not wait for
    // it.
    if (isFresh || !process.isUsable || isSpent(process)) void process.stop();
    else this.#keep(process);
    this.#serve();
  }

  #keep(process: TaskProcess): void {
    this.#idleSinceMs.set(process, performance.now());
    this.#idle.push(process);
  }

  /** Ends all processes, and the tries that wait for one. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { give } of this.#waiters.splice(0)) give(undefined);
    clearTimeout(this.#patrol);
    this.#patrol = undefined;
    const all = [...this.#idle.splice(0), ...this.#busy];
    await Promise.all(all.map((process) => process.stop()));
  }

  /**
   * A blank process: an idle one, else a new one. When the pool is full, it replaces the
   * process that was idle longest.
   */
  #blank(): TaskProcess {
    this.#idle = this.#idle.filter((idle) => idle.isUsable);
    const idle = this.#takeIdle(({ bundle }) => bundle === undefined);
    if (idle) return idle;
    // stop() never rejects. The new process need not wait for the end of the old process.
    if (this.#idle.length + this.#busy.size >= this.#size) void this.#idle.shift()?.stop();
    return new TaskProcess(this.#options);
  }

  /** The most recently used first. */
  #takeIdle(wanted: (idle: TaskProcess) => boolean): TaskProcess | undefined {
    const index = this.#idle.findLastIndex((idle) => idle.isUsable && wanted(idle));
    return index < 0 ? undefined : this.#idle.splice(index, 1)[0];
  }
}

function isSpent({ tries, growth }: TaskProcess): boolean {
  return tries >= MAX_TRIES || growth > MAX_GROWTH;
}

function neverBegun({ how }: Unstarted): ProcessEnd {
  const reason = `${MOST_PROCESSES} task processes ended before they began; the last ${how}`;
  return { outcome: "crashed", reason };
}
