/** Counts of instances by how they ended: how a state is named among them, and the sums that everything that counts needs. Pure. */
import type { FinalState } from "../../state/task_state.ts";
import type { Counts } from "../store.ts";

export const NOTHING: Counts = { success: 0, failed: 0, skipped: 0, upstreamFailed: 0, removed: 0 };

export const COUNT_OF: Readonly<Record<FinalState, keyof Counts>> = {
  success: "success",
  failed: "failed",
  skipped: "skipped",
  upstream_failed: "upstreamFailed",
  removed: "removed",
};

export function added(a: Counts, b: Counts): Counts {
  return {
    success: a.success + b.success,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    upstreamFailed: a.upstreamFailed + b.upstreamFailed,
    removed: a.removed + b.removed,
  };
}

/** How many ended, however they did. */
export function totalOf({ success, failed, skipped, upstreamFailed, removed }: Counts): number {
  return success + failed + skipped + upstreamFailed + removed;
}
