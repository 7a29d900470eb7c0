/**
 * The warm task processes of a worker. A process keeps to the bundle it has loaded; one that has loaded none waits for whatever comes
 * next. Short tasks share few processes, which stay hot; long ones soon have one each. A process is given up after many tries, or
 * when it has grown much, so that what user code leaks cannot fill the machine.
 */
import { availableParallelism } from "node:os";
import { TaskProcess, type TaskProcessOptions } from "./task_process.ts";

/** Tries that one process may run: enough that short tasks seldom pay for a new one. */
const MAX_TRIES = 20_000;
/** How much a process may have grown since its first try, in bytes. */
const MAX_GROWTH = 256 * 1024 * 1024;
/** With this many processes at work, a try waits a moment for one of them before it wakes another: more would only share the same cores. */
const HOT = availableParallelism();
/** That moment. A task shorter than this is over by then, and its process, hot, takes the next; measured at a quarter of the cost of waking. */
const PATIENCE_MS = 1;

interface Waiter {
  readonly bundle: string;
  readonly give: (process: TaskProcess) => void;
}

export class TaskPool {
  readonly #options: TaskProcessOptions;
  readonly #size: number;
  readonly #idle: TaskProcess[] = [];
  readonly #busy = new Set<TaskProcess>();
  readonly #waiters: Waiter[] = [];

  /** @param size how many processes there may be, one for each slot of the worker */
  constructor(size: number, options: TaskProcessOptions) {
    this.#size = size;
    this.#options = options;
  }

  /** Starts blank processes ahead of need. Resolves when they can take a try. */
  async warm(count: number): Promise<void> {
    while (this.#idle.length + this.#busy.size < Math.min(count, this.#size))
      this.#idle.push(new TaskProcess(this.#options));
    await Promise.all(this.#idle.map((process) => process.ready));
  }

  /** A process for one try of this bundle; a fresh one has run nothing before. */
  async take(bundle: string, fresh: boolean): Promise<TaskProcess> {
    const process = fresh
      ? this.#blank()
      : this.#busy.size < HOT
        ? this.#loaded(bundle)
        : await this.#patiently(bundle);
    process.bundle = bundle;
    this.#busy.add(process);
    return process;
  }

  /** Gives a process back after its try. */
  giveBack(process: TaskProcess, spent: boolean): void {
    this.#busy.delete(process);
    const isSpent =
      spent ||
      process.isGone ||
      process.isSpoilt ||
      process.tries >= MAX_TRIES ||
      process.growth > MAX_GROWTH;
    // stop() never rejects; the process leaves by itself, and the pool need not wait for it.
    if (isSpent) return void process.stop();
    const next = this.#waiters.findIndex(({ bundle }) => bundle === process.bundle);
    if (next < 0) this.#idle.push(process);
    else this.#waiters.splice(next, 1)[0]?.give(process);
  }

  /** Ends all processes. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((process) => process.stop()));
  }

  /** The first process of this bundle to come free; or, when none does in time, another. */
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

  /** One that has the bundle loaded, the most recently used first, else a blank one. */
  #loaded(bundle: string): TaskProcess {
    return this.#takeIdle((idle) => idle.bundle === bundle) ?? this.#blank();
  }

  /** One that has loaded nothing: idle, else new, in the place of the longest idle when there are as many as there may be. */
  #blank(): TaskProcess {
    const idle = this.#takeIdle(({ bundle }) => bundle === undefined);
    if (idle) return idle;
    // stop() never rejects; the new process need not wait for the end of the old one.
    if (this.#idle.length + this.#busy.size >= this.#size) void this.#idle.shift()?.stop();
    return new TaskProcess(this.#options);
  }

  #takeIdle(wanted: (idle: TaskProcess) => boolean): TaskProcess | undefined {
    const index = this.#idle.findLastIndex((idle) => !idle.isGone && wanted(idle));
    return index < 0 ? undefined : this.#idle.splice(index, 1)[0];
  }
}
