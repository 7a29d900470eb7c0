/**
 * The slots that no decision was made about yet, and what they wait for. Derived, never stored: from what the schedules remember and how
 * their DAG stands. Pure.
 */
import { errorMessage } from "../../../sdk/error_message.ts";
import type { DagSpec, NamedSchedule } from "../../../sdk/spec/index.ts";
import type { Gap, ScheduleMemory } from "../../store/dags/dag_schedule.ts";
import { type RunInfo, restrictionOf } from "../../timetable/index.ts";
import { SlotLine } from "../slot_line.ts";

/**
 * Why the next slot of a schedule has no run yet. `not_due`: its time has not come. `due`: a scheduler is about to decide. `end_date`: none
 * comes any more. `error`: the timetable failed. `removed`: the DAG is not deployed any more.
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

export interface WaitingSlot {
  readonly schedule: string;
  readonly reason: WaitReason;
  /** The slot that comes next; null when none does. */
  readonly slot: RunInfo | null;
  /** The timetable's words, for an error. */
  readonly detail: string | null;
  /** More slots wait, before this instant: those that a catchup from the newest has left behind. */
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

/** The next slot of each schedule, in the order of the schedules, and after it what a catchup has left behind. */
export function waitingSlots(standing: Standing): readonly WaitingSlot[] {
  return standing.spec.schedules.flatMap((named) => {
    const memory = standing.memories.find(({ name }) => name === named.name);
    try {
      return waitingOf(named, memory, standing);
    } catch (error) {
      const detail = errorMessage(error);
      return [{ schedule: named.name, reason: "error" as const, slot: null, detail, before: null }];
    }
  });
}

function waitingOf(
  named: NamedSchedule,
  memory: ScheduleMemory | undefined,
  standing: Standing,
): readonly WaitingSlot[] {
  const { spec, now } = standing;
  const none = { schedule: named.name, slot: null, detail: null, before: null };
  if (memory?.error) return [{ ...none, reason: "error", detail: memory.error }];
  const line = new SlotLine(named, { bounds: restrictionOf(spec) });
  const wanted = memory?.nextRunAfter;
  const slot = line.next(memory?.lastInterval ?? null, wanted && wanted <= now ? wanted : now);
  const next: WaitingSlot =
    slot === null
      ? { ...none, reason: "end_date" }
      : { ...none, slot, reason: reasonOf(slot, standing) };
  return [next, ...(memory?.gaps ?? []).flatMap((gap) => leftBehind(line, gap, next, standing))];
}

function leftBehind(
  line: SlotLine,
  { after, before }: Gap,
  next: WaitingSlot,
  standing: Standing,
): readonly WaitingSlot[] {
  const slot = line.after(after, before);
  return slot && slot.runAfter < before
    ? [{ ...next, slot, before, reason: reasonOf(slot, standing) }]
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
