/**
 * The intervals of one schedule: the next by its catchup, the one after another, the last
 * before an instant. In a file of its own, because several callers ask a timetable, and
 * each must be safe from it: a timetable that takes too long is an error, like one that
 * throws.
 */

import { DagsmithError } from "../../../sdk/errors.ts";
import type { NamedSchedule } from "../../../sdk/spec/index.ts";
import { type Interval, nextRun, type Restriction, type RunInfo } from "../../timetable/index.ts";

/** Calls a timetable. Tests replace it. */
export type Ask = typeof nextRun;

/**
 * Processor time that one pass over a DAG may take before its schedule is stopped. A pass
 * takes microseconds.
 */
const PATIENCE_MS = 5_000;

/**
 * Intervals tried one after the other when the timetable does not find the last one
 * itself.
 */
const STEPS = 1_000;

const DAY_MS = 86_400_000;

export interface IntervalWalkOptions {
  readonly bounds: Restriction;
  /** Processor time spent on this DAG so far, in milliseconds. Default: not measured. */
  readonly spentMs?: (() => number) | undefined;
  /** Default: the real timetables. */
  readonly ask?: Ask | undefined;
}

export class IntervalWalk {
  readonly #schedule: NamedSchedule["schedule"];
  readonly #options: IntervalWalkOptions;

  constructor({ schedule }: NamedSchedule, options: IntervalWalkOptions) {
    this.#schedule = schedule;
    this.#options = options;
  }

  /** The interval after `last` that the DAG's catchup allows. */
  next(last: Interval | null, at: Date): RunInfo | null {
    return this.#ask(last, this.#options.bounds, at);
  }

  /** The interval after `last`, missed or not. */
  after(last: Interval | null, at: Date): RunInfo | null {
    return this.#ask(last, { ...this.#options.bounds, catchup: "all" }, at);
  }

  /**
   * The last interval that is due before `until`, from `first` on; `first` itself when
   * none follows.
   */
  lastBefore(first: RunInfo, until: Date): RunInfo {
    const { bounds } = this.#options;
    const at = Math.min(until.getTime() - 1, bounds.latest?.getTime() ?? Number.POSITIVE_INFINITY);
    const found = this.#ask(first.dataInterval, ...this.#near(at));
    let last =
      found && found.runAfter < until && found.logicalDate > first.logicalDate ? found : first;
    // An interval that begins before the end date may end after it.
    for (let step = 0; step < STEPS; step++) {
      const next = this.after(last.dataInterval, until);
      if (next === null || next.runAfter >= until || next.logicalDate <= last.logicalDate) break;
      last = next;
    }
    return last;
  }

  /**
   * The last interval that is due before `until`, as if the DAG had always existed; null
   * when there is none.
   */
  latestBefore(until: Date): RunInfo | null {
    const first = this.after(null, until);
    if (first) return first.runAfter < until ? this.lastBefore(first, until) : null;
    const found = this.#ask(
      null,
      { ...this.#options.bounds, catchup: "last" },
      new Date(until.getTime() - 1),
    );
    return found && found.runAfter < until ? found : null;
  }

  /**
   * How many intervals there are from `first` to `last`; null when they are more than
   * `most`.
   */
  count(first: RunInfo, last: RunInfo, most: number): number | null {
    if (this.#schedule.type === "delta_data_interval")
      return (
        Math.round(
          (last.logicalDate.getTime() - first.logicalDate.getTime()) / this.#schedule.deltaMs,
        ) + 1
      );
    let interval: RunInfo | null = first;
    for (let count = 1; count <= most; count++) {
      if (interval === null || interval.logicalDate >= last.logicalDate) return count;
      interval = this.after(interval.dataInterval, last.runAfter);
    }
    return null;
  }

  /** Whether each interval begins where the interval before it ends. */
  get isContiguous(): boolean {
    return this.#schedule.type.endsWith("data_interval");
  }

  /**
   * Whether an interval depends on the moment of the question, so that it must be asked
   * for when it can begin.
   */
  get beginsNow(): boolean {
    return this.#schedule.type === "continuous";
  }

  /**
   * The arguments that ask for an interval on the grid, at or just before an instant.
   * With `catchup: "last"`, ticks at a fixed distance would start over at that instant.
   */
  #near(at: number): readonly [Restriction, Date] {
    const { bounds } = this.#options;
    const spacingMs = spacingOf(this.#schedule);
    if (spacingMs === null) return [{ ...bounds, catchup: "last" }, new Date(at)];
    return [{ ...bounds, catchup: "none" }, new Date(at - spacingMs)];
  }

  #ask(last: Interval | null, restriction: Restriction, at: Date): RunInfo | null {
    const { ask = nextRun, spentMs } = this.#options;
    const found = ask(this.#schedule, last, restriction, at);
    const spent = spentMs?.() ?? 0;
    if (spent > PATIENCE_MS)
      throw new DagsmithError("SCHEDULE_TOO_SLOW", { seconds: Math.round(spent / 1_000) });
    return found;
  }
}

/** At least the time between two ticks at a fixed distance; null for other schedules. */
function spacingOf(schedule: NamedSchedule["schedule"]): number | null {
  if (schedule.type === "delta_trigger") return schedule.deltaMs;
  if (schedule.type !== "calendar_trigger") return null;
  const { months, days } = schedule.length;
  return (months * 31 + days + 1) * DAY_MS;
}
