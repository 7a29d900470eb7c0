/** The arguments and the results of a timetable. */
import type { Catchup } from "../../sdk/spec/index.ts";

/**
 * A span of time, start inclusive, end exclusive. Both are equal when it has no length.
 */
export interface Interval {
  readonly start: Date;
  readonly end: Date;
}

/**
 * Which runs a DAG allows. Both bounds are inclusive; null: no bound. They bound the
 * start of the interval where a run covers the interval between two ticks, and the tick
 * itself where a run happens at a tick.
 */
export interface Restriction {
  readonly earliest: Date | null;
  readonly latest: Date | null;
  readonly catchup: Catchup;
}

/** The part of the data that a run works on, by name. */
export interface Partition {
  readonly key: string;
  readonly date: Date;
}

/**
 * One run. It may be created once the clock has reached {@link runAfter}, which may be in
 * the future.
 */
export interface RunInfo {
  readonly logicalDate: Date;
  readonly dataInterval: Interval;
  readonly runAfter: Date;
  /** Null for a schedule without partitions. */
  readonly partition: Partition | null;
}

/** A run over the interval between two instants, created when the interval has ended. */
export function runOver(start: number, end: number): RunInfo {
  return {
    logicalDate: new Date(start),
    dataInterval: { start: new Date(start), end: new Date(end) },
    runAfter: new Date(end),
    partition: null,
  };
}

/** An instant as an interval without length. */
export function momentary(instant: number): Interval {
  return { start: new Date(instant), end: new Date(instant) };
}

/** The instants of the dates that are set. */
export function instantsOf(...dates: readonly (Date | null | undefined)[]): number[] {
  return dates.flatMap((date) => (date ? [date.getTime()] : []));
}

/** The timetable of one kind of schedule. */
export interface Timetable {
  /**
   * The run after `last`, the interval of the last automated run; null when there is
   * none.
   */
  next(last: Interval | null, restriction: Restriction, now: number): RunInfo | null;
  /** The interval of a manual run at `runAfter`. */
  manual(runAfter: number): Interval;
}
