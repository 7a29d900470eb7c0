/** How states look everywhere: a glyph, a word and a colour, never the colour alone. The glyphs are drawn by the stylesheet. */
import type { VNode } from "preact";
import { type ShownState, stateText } from "../../../words/shown_state.ts";

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
