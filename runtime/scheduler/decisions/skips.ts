/**
 * Intervals that get no run, and why: they were due during a pause, or waited for
 * capacity for too long, or catchup does not include them.
 */
import type { DueDag } from "../../store/dags/dag.ts";
import type { SkippedIntervals, SkipReason } from "../../store/dags/schedule_decision.ts";
import type { RunInfo } from "../../timetable/index.ts";
import type { IntervalWalk } from "./interval_walk.ts";

/**
 * Intervals that are due within it were skipped for this reason; start inclusive, end
 * exclusive.
 */
interface Span {
  readonly from: Date;
  readonly until: Date;
  readonly reason: SkipReason;
}

/** The reasons why a DAG had no runs until now. Where two overlap, the first counts. */
export function spansOf({ pausedAt, unpausedAt, fullSince }: DueDag, now: Date): readonly Span[] {
  const later = new Date(now.getTime() + 1);
  const spans: Span[] = [];
  if (pausedAt)
    spans.push({
      from: pausedAt,
      until: unpausedAt && unpausedAt >= pausedAt ? unpausedAt : later,
      reason: "paused",
    });
  if (fullSince) spans.push({ from: fullSince, until: later, reason: "max_active_runs" });
  return spans;
}

/**
 * The intervals from `first` on that are due before `until`. Intervals in a row with the
 * same reason are one result, however many they are.
 * @param mostCounted most intervals that are counted one by one; the count of more is
 *   null
 */
export function* skippedBefore(
  walk: IntervalWalk,
  first: RunInfo,
  until: Date,
  spans: readonly Span[],
  mostCounted: number,
): Generator<SkippedIntervals> {
  for (let interval: RunInfo | null = first; interval !== null && interval.runAfter < until; ) {
    const { runAfter } = interval;
    const reason =
      spans.find(({ from, until: end }) => from <= runAfter && runAfter < end)?.reason ?? "catchup";
    const border = Math.min(
      until.getTime(),
      ...spans
        .flatMap((span) => [span.from, span.until])
        .filter((at) => at > runAfter)
        .map(Number),
    );
    const last = walk.lastBefore(interval, new Date(border));
    yield { reason, count: walk.count(interval, last, mostCounted), first: interval, last };
    if (border === until.getTime()) return;
    const next = walk.after(last.dataInterval, until);
    interval = next && next.logicalDate > last.logicalDate ? next : null;
  }
}

/** Joins two neighbours with the same reason. */
export function joined(one: SkippedIntervals, next: SkippedIntervals): SkippedIntervals {
  return {
    ...one,
    last: next.last,
    count: one.count === null || next.count === null ? null : one.count + next.count,
  };
}
