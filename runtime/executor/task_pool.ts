/**
 * The warm task processes of a worker. A process keeps to the bundle it has loaded; one that has loaded none waits for whatever comes
 * next. A process is given up after many tries, so that what user code leaks cannot grow for ever.
 */
import { TaskProcess, type TaskProcessOptions } from "./task_process.ts";

/** Tries that one process may run. */
const MAX_TRIES = 2_000;

export class TaskPool {
  readonly #options: TaskProcessOptions;
  readonly #size: number;
  readonly #idle: TaskProcess[] = [];
  readonly #busy = new Set<TaskProcess>();

  /** @param size how many processes there may be, one for each slot of the worker */
  constructor(size: number, options: TaskProcessOptions) {
    this.#size = size;
    this.#options = options;
  }

  /** Starts blank processes ahead of need. */
  warm(count: number): void {
    while (this.#idle.length + this.#busy.size < Math.min(count, this.#size)) this.#idle.push(new TaskProcess(this.#options));
  }

  /** A process for one try of this bundle: one that has it loaded, else a blank one, else a new one in the place of the longest idle. */
  take(bundle: string, fresh: boolean): TaskProcess {
    const process =
      (fresh ? undefined : this.#takeIdle((idle) => idle.bundle === bundle)) ??
      this.#takeIdle((idle) => idle.bundle === undefined) ??
      this.#replace();
    process.bundle = bundle;
    this.#busy.add(process);
    return process;
  }

  /** Gives a process back after its try. */
  giveBack(process: TaskProcess, spent: boolean): void {
    this.#busy.delete(process);
    if (spent || process.isGone || process.isSpoilt || process.tries >= MAX_TRIES) void process.stop();
    else this.#idle.push(process);
  }

  /** Ends all processes. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((process) => process.stop()));
  }

  #takeIdle(wanted: (idle: TaskProcess) => boolean): TaskProcess | undefined {
    const index = this.#idle.findLastIndex((idle) => !idle.isGone && wanted(idle));
    return index < 0 ? undefined : this.#idle.splice(index, 1)[0];
  }

  #replace(): TaskProcess {
    if (this.#idle.length + this.#busy.size >= this.#size) void this.#idle.shift()?.stop();
    return new TaskProcess(this.#options);
  }
}
