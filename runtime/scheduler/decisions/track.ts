/**
 * One schedule of a DAG on its way from the last run to the next. It says what it makes next and what it passes over, and keeps what it must
 * remember: the last run, the gaps that a catchup from the newest leaves behind it, and the intervals it skipped since.
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
 * A tick is always a little late. Within this the schedule is asked as of the instant it wanted to be looked at, so that `catchup: "none"`
 * does not take the interval that has just ended for one that was missed.
 */
const PUNCTUAL_WITHIN_MS = 60_000;

/** Gaps kept apart. Beyond, the two oldest become one: what lies between them has run, and its run ids refuse to run again. */
const MOST_GAPS = 50;

/** Between the beginnings of two runs of a schedule that always has one to begin. */
const REST_MS = 1_000;

/** Skipped intervals counted one by one, unless the caller has less time. */
const MOST_COUNTED = 1_000;

export class Track {
  readonly named: NamedSchedule;
  /** What it makes next, when that is due; null: nothing any more. */
  next: RunInfo | null = null;
  error: string | null = null;
  /** What was skipped, to be written down. */
  readonly skips: SkippedIntervals[] = [];

  readonly #due: DueSchedules;
  readonly #walk: IntervalWalk;
  #last: Interval | null;
  #skipped: SkippedIntervals | null;
  #gaps: readonly Gap[];
  /** The interval after the last run, or the newest that is due; and what making it leaves behind. */
  #head: RunInfo | null = null;
  #leaves: Gap | null = null;
  /** Where {@link next} lies, when it is not the head. */
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

  /** When to look again. A schedule that follows its own runs must not fill the database with runs that end as they begin. */
  get lookAt(): Date | null {
    if (this.next === null || !this.#hasMade || !this.#walk.beginsNow)
      return this.next?.runAfter ?? null;
    return new Date(Math.max(this.next.runAfter.getTime(), this.#due.now.getTime() + REST_MS));
  }

  /** The next run is made. */
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

  /** A timetable that throws stops its own schedule, visibly, and no other. */
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

  /** @param coming an interval that was found to be the next before it was due: until then no timetable answers otherwise */
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

  /** Newest first: what is due before the newest is left for later. */
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

  /** The interval of a gap whose turn it is. A gap without any is forgotten. */
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

  /** Writes down what its catchup passes over, up to the head. */
  #skip(at: Date): void {
    // What a catchup from the newest had left lies before the last run, and no skipped interval of now joins it.
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

/** A spec is looked at again and again, and never changes. */
const known = new WeakMap<DagSpec, Restriction>();

function boundsOf(spec: DagSpec): Restriction {
  const bounds = known.get(spec) ?? restrictionOf(spec);
  known.set(spec, bounds);
  return bounds;
}

/** A first run may begin another grid than the start date's; what overlaps it was not skipped. Jitter makes all of them later. */
function endBefore({ dataInterval: { start, end }, runAfter }: RunInfo): number {
  return start.getTime() + (runAfter.getTime() - end.getTime()) + 1;
}

function bounded(gaps: readonly Gap[]): readonly Gap[] {
  const [newer, oldest] = gaps.slice(-2);
  if (gaps.length <= MOST_GAPS || !newer || !oldest) return gaps;
  return [...gaps.slice(0, -2), { after: oldest.after, before: newer.before }];
}
