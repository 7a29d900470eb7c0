/** How states look everywhere: a glyph, a word and a colour, never the colour alone. The glyphs are drawn by the stylesheet. */
import type { VNode } from "preact";
import type { RunState } from "../../../state/run_state.ts";
import type { TaskState } from "../../../state/task_state.ts";

/** `none`: the task's turn has not come. */
export type ShownState = RunState | TaskState | "lost" | "none";

/** Whether it has ended, one way or another. */
export function isOver(state: ShownState): boolean {
  return (
    state === "success" ||
    state === "failed" ||
    state === "skipped" ||
    state === "upstream_failed" ||
    state === "removed"
  );
}

const WORDS: Readonly<Partial<Record<ShownState, string>>> = {
  up_for_retry: "up for retry",
  up_for_reschedule: "waiting",
  deferred: "waiting",
  upstream_failed: "upstream failed",
  none: "not yet",
};

export function stateText(state: ShownState): string {
  return WORDS[state] ?? state;
}

/** `1 warning`: something failed, and was allowed to. */
export function Warnings({ count }: { readonly count: number }): VNode | null {
  return count === 0 ? null : (
    <span class="warning" title="failed, which is allowed">
      <i aria-hidden="true">⚠</i> {count === 1 ? "1 warning" : `${count} warnings`}
    </span>
  );
}

/** The glyph with its word beside it. */
export function State({ state }: { readonly state: ShownState }): VNode {
  return (
    <span class={`state ${state}`}>
      <i class="glyph" aria-hidden="true" />
      {stateText(state)}
    </span>
  );
}
