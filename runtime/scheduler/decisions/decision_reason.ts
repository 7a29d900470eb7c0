/**
 * The reason why an interval has no run, as text: the same on the page and the command
 * line.
 */
import type { SkipReason } from "../../store/dags/schedule_decision.ts";
import type { WaitReason } from "./waiting_intervals.ts";

const WORDS: Readonly<Record<SkipReason | WaitReason, string>> = {
  catchup: "missed, and catchup does not include it",
  paused: "the DAG is or was paused",
  max_active_runs: "the DAG has as many active runs as maxActiveRuns allows",
  when: "the events do not fit the when of their source",
  not_due: "not due yet",
  due: "due now",
  end_date: "the schedule has ended",
  removed: "the DAG is no longer deployed",
  error: "the schedule stopped",
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
