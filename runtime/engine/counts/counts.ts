/** Numbers of instances by final state, and the sums of them. Pure. */
import type { FinalState } from "../../state/task_state.ts";

/** How many instances ended in each final state. */
export interface Counts {
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly upstreamFailed: number;
  readonly removed: number;
}

export const NOTHING: Counts = { success: 0, failed: 0, skipped: 0, upstreamFailed: 0, removed: 0 };

/** The field of {@link Counts} that counts a final state. */
export const COUNT_OF: Readonly<Record<FinalState, keyof Counts>> = {
  success: "success",
  failed: "failed",
  skipped: "skipped",
  upstream_failed: "upstreamFailed",
  removed: "removed",
};

/** The counts of so many instances in one final state. */
export function countsOf(state: FinalState, count = 1): Counts {
  return { ...NOTHING, [COUNT_OF[state]]: count };
}

/** Adds counts; a field that `b` does not name stays as it is. */
export function added(a: Counts, b: Partial<Counts>): Counts {
  return {
    success: a.success + (b.success ?? 0),
    failed: a.failed + (b.failed ?? 0),
    skipped: a.skipped + (b.skipped ?? 0),
    upstreamFailed: a.upstreamFailed + (b.upstreamFailed ?? 0),
    removed: a.removed + (b.removed ?? 0),
  };
}

/** The number of ended instances. */
export function totalOf({ success, failed, skipped, upstreamFailed, removed }: Counts): number {
  return success + failed + skipped + upstreamFailed + removed;
}
