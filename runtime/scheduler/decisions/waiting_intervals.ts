/**
 * The intervals without a decision, and what they wait for. Derived from the memories of
 * the schedules and the state of their DAG, never stored. Pure.
 */
import { errorMessage } from "../../../sdk/error_message.ts";
import type { DagSpec, NamedSchedule } from "../../../sdk/spec/index.ts";
import type { Gap, ScheduleMemory } from "../../store/dags/dag_schedule.ts";
import { type RunInfo, restrictionOf } from "../../timetable/index.ts";
import { IntervalWalk } from "./interval_walk.ts";

/**
 * Why the next interval of a schedule has no run yet. `not_due`: its time has not come.
 * `due`: a scheduler is about to decide. `end_date`: there is no further interval.
 * `error`: the timetable failed. `removed`: the DAG is no longer deployed.
 */
export const WAIT_REASONS = [
  "not_due",
  "due",
  "paused",
  "max_active_runs",
  "end_date",
  "error",
  "removed",
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

export interface WaitingInterval {
  readonly schedule: string;
  readonly reason: WaitReason;
  /** The next interval; null when there is none. */
  readonly interval: RunInfo | null;
  /** The message of the timetable, for an error. */
  readonly detail: string | null;
  /**
   * More intervals wait, before this instant: those that a catchup from the newest left.
   */
  readonly before: Date | null;
}

export interface Standing {
  readonly spec: DagSpec;
  readonly memories: readonly ScheduleMemory[];
  readonly isPaused: boolean;
  readonly isRemoved: boolean;
  readonly atCapacity: boolean;
  readonly now: Date;
}

/**
 * The next interval of each schedule, in the order of the schedules, and after it the
 * intervals that a catchup left.
 */
export function waitingIntervals(standing: Standing): readonly WaitingInterval[] {
  return standing.spec.schedules.flatMap((named) => {
    const memory = standing.memories.find(({ name }) => name === named.name);
    try {
      return waitingOf(named, memory, standing);
    } catch (error) {
      const detail = errorMessage(error);
      return [
        { schedule: named.name, reason: "error" as const, interval: null, detail, before: null },
      ];
    }
  });
}

function waitingOf(
  named: NamedSchedule,
  memory: ScheduleMemory | undefined,
  standing: Standing,
): readonly WaitingInterval[] {
  const { spec, now } = standing;
  const none = { schedule: named.name, interval: null, detail: null, before: null };
  if (memory?.error) return [{ ...none, reason: "error", detail: memory.error }];
  const walk = new IntervalWalk(named, { bounds: restrictionOf(spec) });
  const wanted = memory?.nextRunAfter;
  const interval = walk.next(memory?.lastInterval ?? null, wanted && wanted <= now ? wanted : now);
  const next: WaitingInterval =
    interval === null
      ? { ...none, reason: "end_date" }
      : { ...none, interval, reason: reasonOf(interval, standing) };
  return [next, ...(memory?.gaps ?? []).flatMap((gap) => leftBehind(walk, gap, next, standing))];
}

function leftBehind(
  walk: IntervalWalk,
  { after, before }: Gap,
  next: WaitingInterval,
  standing: Standing,
): readonly WaitingInterval[] {
  const interval = walk.after(after, before);
  return interval && interval.runAfter < before
    ? [{ ...next, interval, before, reason: reasonOf(interval, standing) }]
    : [];
}

function reasonOf(
  { runAfter }: RunInfo,
  { isPaused, isRemoved, atCapacity, now }: Standing,
): WaitReason {
  if (isRemoved) return "removed";
  if (isPaused) return "paused";
  if (runAfter > now) return "not_due";
  return atCapacity ? "max_active_runs" : "due";
}
