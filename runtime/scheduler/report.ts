/** What is to be sent of one run, in requests. The next attempt goes on where one failed. */
import type { Database } from "../store/database/database.ts";
import { type ReportedPart, readPart } from "../store/runs/reported_part.ts";
import type { ReportedRun } from "../store/runs/run_report.ts";

/** One request to a collector. Resolves when the collector has it, or refuses it for good. */
export type Portion = (signal: AbortSignal) => Promise<void>;

/** How long a portion may take: less than the lease, and than the watchdog allows. */
const PORTION_MS = 10_000;
/** Attempts before a portion may be left out: with the pauses about two minutes. */
const MOST_ATTEMPTS = 8;

export class Report {
  readonly run: ReportedRun;
  readonly #db: Database;
  readonly #portionsOf: (part: ReportedPart) => readonly Portion[];
  #part: ReportedPart | undefined;
  #portions: readonly Portion[] = [];
  #sent = 0;
  #failures = 0;
  #mostAttempts = MOST_ATTEMPTS;

  constructor(
    db: Database,
    run: ReportedRun,
    portionsOf: (part: ReportedPart) => readonly Portion[],
  ) {
    this.#db = db;
    this.run = run;
    this.#portionsOf = portionsOf;
  }

  /** Attempts of the current portion that failed. */
  get failures(): number {
    return this.#failures;
  }

  get isTriedEnough(): boolean {
    return this.#failures >= this.#mostAttempts;
  }

  /** @returns whether all was sent before `isOver` */
  async send(isOver: () => boolean, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const portion = this.#portions[this.#sent];
      if (portion) await this.#deliver(portion, signal);
      else if (this.#part && this.#part.last === null) return true;
      else await this.#read();
      if (isOver()) return false;
    }
  }

  /** @returns whether there is a first portion, which the collector has now */
  async sendFirst(signal: AbortSignal): Promise<boolean> {
    await this.#read();
    const [portion] = this.#portions;
    if (portion) await this.#deliver(portion, signal);
    return portion !== undefined;
  }

  /** Goes on behind the current portion. All portions of a run may fail: one attempt each. */
  leaveOut(): void {
    this.#sent += 1;
    this.#failures = 0;
    this.#mostAttempts = 1;
  }

  async #deliver(portion: Portion, signal: AbortSignal): Promise<void> {
    this.#failures += 1;
    await portion(AbortSignal.any([signal, AbortSignal.timeout(PORTION_MS)]));
    this.#failures = 0;
    this.#sent += 1;
  }

  async #read(): Promise<void> {
    this.#part = await readPart(this.#db, this.run, this.#part?.last ?? null);
    this.#portions = this.#portionsOf(this.#part);
    this.#sent = 0;
  }
}
