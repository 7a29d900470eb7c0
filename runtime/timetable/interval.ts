/** The values a timetable is asked with and answers with. */
import type { Catchup } from "../../sdk/spec/index.ts";

/** A slice of time, start inclusive, end exclusive; both equal when it has no length. */
export interface Interval {
  readonly start: Date;
  readonly end: Date;
}

/**
 * Which runs a DAG allows. Both bounds are inclusive and null where there is none; they bound the interval's start where a run covers
 * the interval between two ticks, and the tick itself where it runs at one.
 */
export interface Restriction {
  readonly earliest: Date | null;
  readonly latest: Date | null;
  readonly catchup: Catchup;
}

/** The piece of the data that a run works on, by name. */
export interface Partition {
  readonly key: string;
  readonly date: Date;
}

/** One run. It may be created once the clock has reached {@link runAfter}, which may lie ahead. */
export interface RunInfo {
  readonly logicalDate: Date;
  readonly dataInterval: Interval;
  readonly runAfter: Date;
  /** Null for a schedule without partitions. */
  readonly partition: Partition | null;
}

/** A run over the interval between two instants, created when it has ended. */
export function runOver(start: number, end: number): RunInfo {
  return {
    logicalDate: new Date(start),
    dataInterval: { start: new Date(start), end: new Date(end) },
    runAfter: new Date(end),
    partition: null,
  };
}

/** A moment as an interval without length. */
export function momentary(instant: number): Interval {
  return { start: new Date(instant), end: new Date(instant) };
}

/** The instants of dates, without those that are not set. */
export function instantsOf(...dates: readonly (Date | null | undefined)[]): number[] {
  return dates.flatMap((date) => (date ? [date.getTime()] : []));
}

/** The timetable of one kind of schedule. */
export interface Timetable {
  /** The run after `last`, the interval of the last automated run; null when there is none to come. */
  next(last: Interval | null, restriction: Restriction, now: number): RunInfo | null;
  /** The interval of a run that somebody asks for at `runAfter`. */
  manual(runAfter: number): Interval;
}
