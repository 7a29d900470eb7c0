/**
 * The warm task processes of a worker. A process runs only tries of the bundle that it
 * has loaded; a blank process takes any bundle. Short tasks share few busy processes;
 * long tasks get a process each after a moment. A process is replaced after many tries,
 * or when it has grown much, so that leaks of user code cannot fill the machine.
 */
import { availableParallelism } from "node:os";
import type { BundleCache } from "./bundle_cache.ts";
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
 * When this many processes are busy, a try waits a moment for one of them before it wakes
 * another: more processes would only share the same cores.
 */
const HOT = availableParallelism();
/**
 * That moment. A shorter task is over by then, and its busy process takes the next try.
 * In a measurement this cost a quarter of waking another process.
 */
const PATIENCE_MS = 1;
/**
 * Processes that may end, one after the other, before one of them begins a try. Whatever
 * ends them would end the next ones, too.
 */
const MOST_PROCESSES = 3;

interface TaskPoolOptions extends TaskProcessOptions {
  readonly bundles: BundleCache;
}

interface Waiter {
  readonly bundle: string;
  readonly give: (process: TaskProcess) => void;
}

export class TaskPool {
  readonly #options: TaskPoolOptions;
  readonly #size: number;
  #idle: TaskProcess[] = [];
  readonly #busy = new Set<TaskProcess>();
  readonly #waiters: Waiter[] = [];

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
   * the try ran, another process takes the try.
   * @param fresh the process has run no try before, and runs none after
   */
  async run(
    bundle: string,
    fresh: boolean,
    runIn: (process: TaskProcess) => Promise<ProcessEnd | Unstarted>,
  ): Promise<ProcessEnd> {
    for (let processes = 1; ; processes++) {
      const process = await this.#take(bundle, fresh);
      const end = await runIn(process);
      this.#giveBack(process, fresh);
      if (end.outcome !== "unstarted") return end;
      if (processes === MOST_PROCESSES) return neverBegun(end);
    }
  }

  async #take(bundle: string, fresh: boolean): Promise<TaskProcess> {
    this.#idle = this.#idle.filter((idle) => idle.isUsable);
    const process = fresh
      ? this.#blank()
      : this.#busy.size < HOT
        ? this.#loaded(bundle)
        : await this.#patiently(bundle);
    this.#busy.add(process);
    if (process.bundle === undefined) await this.#load(process, bundle);
    return process;
  }

  async #load(process: TaskProcess, bundle: string): Promise<void> {
    try {
      process.load(bundle, await this.#options.bundles.read(bundle));
    } catch (error) {
      this.#giveBack(process, false);
      throw error;
    }
  }

  #giveBack(process: TaskProcess, spent: boolean): void {
    this.#busy.delete(process);
    const isSpent =
      spent || !process.isUsable || process.tries >= MAX_TRIES || process.growth > MAX_GROWTH;
    // stop() never rejects. The process exits by itself, and the pool need not wait for
    // it.
    if (isSpent) return void process.stop();
    const next = this.#waiters.findIndex(({ bundle }) => bundle === process.bundle);
    if (next < 0) this.#idle.push(process);
    else this.#waiters.splice(next, 1)[0]?.give(process);
  }

  /** Ends all processes. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((process) => process.stop()));
  }

  /**
   * The first process of this bundle that becomes free, or another process when none does
   * in time.
   */
  #patiently(bundle: string): Promise<TaskProcess> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        bundle,
        give: (process) => {
          clearTimeout(timer);
          resolve(process);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        resolve(this.#loaded(bundle));
      }, PATIENCE_MS);
      this.#waiters.push(waiter);
    });
  }

  /**
   * A process that has loaded the bundle, the most recently used first, else a blank
   * process.
   */
  #loaded(bundle: string): TaskProcess {
    return this.#takeIdle((idle) => idle.bundle === bundle) ?? this.#blank();
  }

  /**
   * A blank process: an idle one, else a new one. When the pool is full, it replaces the
   * process that was idle longest.
   */
  #blank(): TaskProcess {
    const idle = this.#takeIdle(({ bundle }) => bundle === undefined);
    if (idle) return idle;
    // stop() never rejects. The new process need not wait for the end of the old process.
    if (this.#idle.length + this.#busy.size >= this.#size) void this.#idle.shift()?.stop();
    return new TaskProcess(this.#options);
  }

  #takeIdle(wanted: (idle: TaskProcess) => boolean): TaskProcess | undefined {
    const index = this.#idle.findLastIndex((idle) => idle.isUsable && wanted(idle));
    return index < 0 ? undefined : this.#idle.splice(index, 1)[0];
  }
}

function neverBegun({ how }: Unstarted): ProcessEnd {
  const reason = `${MOST_PROCESSES} task processes ended before they began; the last ${how}`;
  return { outcome: "crashed", reason };
}
