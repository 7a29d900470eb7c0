/**
 * Decides how many task processes are busy with short tries: as many as there are cores,
 * because to wake one more costs more than a short try. A process whose try takes long
 * does not count, so that no other try waits for it. What is long depends on the machine:
 * on a busy one, a process waits for a core before and after a try of 50 µs. Pure: every
 * time is a number of milliseconds of a monotonic clock.
 */

/** A try that runs longer, by the clock of its process, is not short. */
const SHORT_MS = 1;
/** Tries that wait look again after this time. */
export const PATIENCE_MS = 2;
/** On a busy machine even a short try takes this long, as its worker sees it. */
const MOST_PATIENCE_MS = 20;
/** A try is slow when it takes so many times as long as the slowest of the last short tries. */
const SLOW_FACTOR = 2;
/** How much of its time counts for the next one. */
const FORGETTING = 0.95;
/**
 * How long a process may take to start and to load its bundle before others start, too.
 * Many that start at the same moment would share the cores, and none would begin soon.
 */
const START_MS = 2_000;

export class ShortTries<Process> {
  readonly #cores: number;
  /** When the present try of each process began. */
  readonly #since = new Map<Process, number>();
  /** Processes whose present try may still be short. */
  readonly #maybeShort = new Set<Process>();
  #most: number;
  #slowestMs = 0;

  constructor(cores: number) {
    this.#cores = cores;
    this.#most = cores;
  }

  /** Whether one more process may be busy. */
  mayBegin(): boolean {
    return this.#maybeShort.size < this.#most;
  }

  /** @param isLoaded the process has loaded the bundle of its try */
  begin(process: Process, isLoaded: boolean, nowMs: number): void {
    this.#since.set(process, isLoaded ? nowMs : nowMs + START_MS);
    this.#maybeShort.add(process);
  }

  /** The process has loaded its bundle: its present try begins. */
  loaded(process: Process, nowMs: number): void {
    if (this.#since.has(process)) this.#since.set(process, nowMs);
  }

  /** @param ranMs by the clock of the process; undefined when it did not end the try */
  end(process: Process, ranMs: number | undefined, nowMs: number): void {
    const since = this.#since.get(process);
    this.#since.delete(process);
    this.#maybeShort.delete(process);
    if (since === undefined || ranMs === undefined || ranMs >= SHORT_MS) return;
    this.#most = this.#cores;
    this.#slowestMs = Math.max(nowMs - since, this.#slowestMs * FORGETTING);
  }

  /**
   * Tries have waited for {@link PATIENCE_MS}. When processes were slow meanwhile, twice
   * as many may be busy from now on, until a try is short again: so many long tries all
   * begin within some milliseconds.
   * @returns the processes that are slow since the last call
   */
  waited(nowMs: number): readonly Process[] {
    const slow = [...this.#maybeShort].filter((process) => this.#isSlow(process, nowMs));
    for (const process of slow) this.#maybeShort.delete(process);
    if (slow.length > 0) this.#most *= 2;
    return slow;
  }

  #isSlow(process: Process, nowMs: number): boolean {
    const patience = Math.max(PATIENCE_MS, SLOW_FACTOR * this.#slowestMs);
    return nowMs - (this.#since.get(process) ?? 0) >= Math.min(MOST_PATIENCE_MS, patience);
  }
}
