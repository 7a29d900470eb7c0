/**
 * One schedule of a DAG between its last run and the next. It returns the next run and
 * the intervals that are skipped. It keeps the memory of the schedule: the last run, the
 * gaps that a catchup from the newest leaves, and the intervals that were skipped since.
 */

import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { DagSpec, NamedSchedule } from "../../../sdk/spec/index.ts";
import type { Gap, ScheduleMemory } from "../../store/dags/dag_schedule.ts";
import type { SkippedIntervals } from "../../store/dags/schedule_decision.ts";
import {
  type Interval,
  type Restriction,
  type RunInfo,
  restrictionOf,
} from "../../timetable/index.ts";
import type { DueSchedules } from "./due_schedules.ts";
import { IntervalWalk } from "./interval_walk.ts";
import { joined, skippedBefore, spansOf } from "./skips.ts";

/**
 * A pass is always a little late. Up to this delay, the timetable is asked as of the
 * planned instant. Otherwise `catchup: "none"` would treat the interval that has just
 * ended as missed.
 */
const PUNCTUAL_WITHIN_MS = 60_000;

/**
 * Most gaps. Beyond that, the two oldest are joined: the intervals between them have run,
 * and their run ids prevent a second run.
 */
const MOST_GAPS = 50;

/**
 * Least time between the starts of two runs of a schedule that can always start another.
 */
const REST_MS = 1_000;

/** Skipped intervals that are counted one by one, unless the caller has less time. */
const MOST_COUNTED = 1_000;

export class Track {
  readonly named: NamedSchedule;
  /** The next run, created when it is due; null: no further run. */
  next: RunInfo | null = null;
  error: string | null = null;
  /** The skipped intervals, to be stored. */
  readonly skips: SkippedIntervals[] = [];

  readonly #due: DueSchedules;
  readonly #walk: IntervalWalk;
  #last: Interval | null;
  #skipped: SkippedIntervals | null;
  #gaps: readonly Gap[];
  /**
   * The interval after the last run, or the newest that is due; and the gap that its run
   * leaves.
   */
  #head: RunInfo | null = null;
  #leaves: Gap | null = null;
  /** The gap of {@link next}, when it is not the head. */
  #gap: Gap | null = null;
  #hasMade = false;

  constructor(named: NamedSchedule, due: DueSchedules) {
    this.named = named;
    this.#due = due;
    this.#walk = new IntervalWalk(named, {
      bounds: boundsOf(due.spec),
      spentMs: due.spentMs,
      ask: due.ask,
    });
    const memory = due.memories.find(({ name }) => name === named.name);
    this.#last = memory?.lastInterval ?? null;
    this.#skipped = memory?.skipped ?? null;
    this.#gaps = memory?.gaps ?? [];
    this.#guarded(() => this.#look(this.#askedAt(memory), memory?.coming));
  }

  /**
   * When to check again. A `@continuous` schedule must not fill the database with runs
   * that end as they start.
   */
  get lookAt(): Date | null {
    if (this.next === null || !this.#hasMade || !this.#walk.beginsNow)
      return this.next?.runAfter ?? null;
    return new Date(Math.max(this.next.runAfter.getTime(), this.#due.now.getTime() + REST_MS));
  }

  /** Records that the next run was created. */
  advance(): void {
    const made = this.next;
    if (made === null) return;
    this.#hasMade = true;
    this.#guarded(() => {
      if (this.#gap) this.#narrow(this.#gap, made);
      else this.#move(made);
      if (
        this.next &&
        this.next.runAfter <= made.runAfter &&
        this.next.logicalDate <= made.logicalDate &&
        !this.#gap
      )
        throw new DagsmithError("SCHEDULE_STANDS_STILL", { at: made.logicalDate.toISOString() });
    });
  }

  get memory(): ScheduleMemory {
    return {
      dagId: this.#due.dag.dagId,
      name: this.named.name,
      lastInterval: this.#last,
      nextRunAfter: this.next?.runAfter ?? null,
      error: this.error,
      gaps: this.#gaps,
      skipped: this.#skipped,
      coming: this.#head && this.#head.runAfter > this.#due.now ? this.#head : null,
    };
  }

  /** A timetable that throws stops only its own schedule, and the error is shown. */
  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.next = null;
      this.error = errorMessage(error);
    }
  }

  #askedAt(memory: ScheduleMemory | undefined): Date {
    const { dag, now } = this.#due;
    const wanted =
      memory?.nextRunAfter && memory.nextRunAfter <= now ? memory.nextRunAfter : dag.dueAt;
    return now.getTime() - wanted.getTime() <= PUNCTUAL_WITHIN_MS && !this.#walk.beginsNow
      ? wanted
      : now;
  }

  #move(made: RunInfo): void {
    this.#last = made.dataInterval;
    this.#skipped = null;
    if (this.#leaves) this.#gaps = bounded([this.#leaves, ...this.#gaps]);
    this.#look(this.#due.now);
  }

  #narrow(gap: Gap, made: RunInfo): void {
    const rest = this.#isNewestFirst
      ? { ...gap, before: made.runAfter }
      : { ...gap, after: made.dataInterval };
    this.#gaps = this.#gaps.map((one) => (one === gap ? rest : one));
    this.#choose();
  }

  /**
   * @param coming an interval that was found to be the next before it was due: no
   *   timetable changes its answer until then
   */
  #look(at: Date, coming?: RunInfo | null): void {
    const { spec, now } = this.#due;
    const isKnown = coming && coming.runAfter >= at && !this.#walk.beginsNow;
    this.#leaves = null;
    this.#head = isKnown ? coming : this.#walk.next(this.#last, at);
    if (spec.catchup !== "all") this.#skip(at);
    else if (this.#isNewestFirst && this.#head && this.#head.runAfter <= now)
      this.#leap(this.#head);
    this.#choose();
  }

  /** Newest first: intervals that are due before the newest remain as a gap. */
  #leap(first: RunInfo): void {
    const newest = this.#walk.lastBefore(first, new Date(this.#due.now.getTime() + 1));
    if (newest.logicalDate <= first.logicalDate) return;
    this.#leaves = { after: this.#last, before: newest.runAfter };
    this.#head = newest;
  }

  #choose(): void {
    const isHeadDue = this.#head !== null && this.#head.runAfter <= this.#due.now;
    const left = this.#isNewestFirst && isHeadDue ? null : this.#fromGaps();
    this.#gap = left?.gap ?? null;
    this.next = left?.interval ?? this.#head;
  }

  /** The next interval of a gap. A gap without intervals is removed. */
  #fromGaps(): { readonly gap: Gap; readonly interval: RunInfo } | null {
    for (;;) {
      const gap = this.#gaps.at(this.#isNewestFirst ? 0 : -1);
      if (!gap) return null;
      const first = this.#walk.after(gap.after, gap.before);
      if (first && first.runAfter < gap.before)
        return {
          gap,
          interval: this.#isNewestFirst ? this.#walk.lastBefore(first, gap.before) : first,
        };
      this.#gaps = this.#gaps.filter((one) => one !== gap);
    }
  }

  /** Records the intervals that catchup does not include, up to the head. */
  #skip(at: Date): void {
    // The gaps of a catchup from the newest are before the last run, so their skipped
    // intervals are not joined with new ones.
    for (const { after, before } of this.#gaps.toReversed())
      this.skips.push(...this.#skippedFrom(this.#walk.after(after, before), before));
    this.#gaps = [];
    const decided = this.#skipped?.last.dataInterval ?? this.#last;
    const head = this.#head;
    if (
      decided &&
      head &&
      this.#walk.isContiguous &&
      decided.end.getTime() === head.dataInterval.start.getTime()
    )
      return;
    const until =
      head === null
        ? at.getTime() + 1
        : this.#walk.isContiguous
          ? endBefore(head)
          : head.runAfter.getTime();
    for (const skipped of this.#skippedFrom(this.#walk.after(decided, at), new Date(until))) {
      const isMore = this.#skipped?.reason === skipped.reason;
      if (isMore && this.skips.at(-1) === this.#skipped) this.skips.pop();
      this.#skipped = isMore && this.#skipped ? joined(this.#skipped, skipped) : skipped;
      this.skips.push(this.#skipped);
    }
  }

  #skippedFrom(first: RunInfo | null, until: Date): Iterable<SkippedIntervals> {
    const { dag, now, mostCounted = MOST_COUNTED } = this.#due;
    return first === null
      ? []
      : skippedBefore(this.#walk, first, until, spansOf(dag, now), mostCounted);
  }

  get #isNewestFirst(): boolean {
    return this.#due.spec.catchupOrder === "newest";
  }
}

/** The bounds of a spec never change, and are needed at every pass. */
const known = new WeakMap<DagSpec, Restriction>();

function boundsOf(spec: DagSpec): Restriction {
  const bounds = known.get(spec) ?? restrictionOf(spec);
  known.set(spec, bounds);
  return bounds;
}

/**
 * The first run may start another grid than that of the start date. An interval that
 * overlaps the first run was not skipped. Jitter delays all of them.
 */
function endBefore({ dataInterval: { start, end }, runAfter }: RunInfo): number {
  return start.getTime() + (runAfter.getTime() - end.getTime()) + 1;
}

function bounded(gaps: readonly Gap[]): readonly Gap[] {
  const [newer, oldest] = gaps.slice(-2);
  if (gaps.length <= MOST_GAPS || !newer || !oldest) return gaps;
  return [...gaps.slice(0, -2), { after: oldest.after, before: newer.before }];
}
