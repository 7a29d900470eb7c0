/**
 * The reason why an interval has no run, as text: the same on the page and the command
 * line.
 */
import type { SkipReason } from "../../store/dags/schedule_decision.ts";
import type { WaitReason } from "./waiting_intervals.ts";

const WORDS: Readonly<Record<SkipReason | WaitReason, string>> = {
  catchup: "missed, and catchup leaves it out",
  paused: "the DAG is or was paused",
  max_active_runs: "the DAG has as many runs as it may",
  not_due: "not due yet",
  due: "due now",
  end_date: "the schedule is over",
  removed: "the DAG is not deployed any more",
  error: "the schedule stands still",
};

/** Without a full stop; empty for no reason. */
export function decisionReason({
  reason,
  detail,
}: {
  readonly reason: SkipReason | WaitReason | null;
  readonly detail: string | null;
}): string {
  if (reason === null) return "";
  return detail === null ? WORDS[reason] : `${WORDS[reason]}: ${detail}`;
}
