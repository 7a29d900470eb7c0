/**
 * The look of states everywhere: a glyph, a word and a colour, never the colour alone.
 * The stylesheet draws the glyphs.
 */
import type { VNode } from "preact";
import { type ShownState, stateText } from "../../../words/shown_state.ts";

/** `1 warning`: a task failed, and its failure is allowed. */
export function Warnings({ count }: { readonly count: number }): VNode | null {
  return count === 0 ? null : (
    <span class="warning" title="failed, which is allowed">
      <i aria-hidden="true">⚠</i> {count === 1 ? "1 warning" : `${count} warnings`}
    </span>
  );
}

/** The glyph followed by its word. */
export function State({ state }: { readonly state: ShownState }): VNode {
  return (
    <span class={`state ${state}`}>
      <i class="glyph" aria-hidden="true" />
      {stateText(state)}
    </span>
  );
}
