/**
 * Runs as bars: the height is the duration, the colour and the shape are the state, the
 * newest is at the right.
 */
import type { VNode } from "preact";
import { durationText } from "../../../words/duration_text.ts";
import { type ShownState, stateText } from "../../../words/shown_state.ts";
import { utcText } from "./text.ts";

/** The stylesheet has a class for each height, `h0` to `h7`. */
const HEIGHTS = 8;

export interface BarOf {
  readonly href: string;
  readonly state: ShownState;
  readonly logicalDate: Date | string;
  /** Null: it has not ended, or its duration is not known. */
  readonly tookMs: number | null;
}

interface BarsProps {
  /** Of the DAG or the task. */
  readonly name: string;
  readonly bars: readonly BarOf[];
}

export function Bars({ name, bars }: BarsProps): VNode {
  const longest = Math.max(1, ...bars.map(({ tookMs }) => tookMs ?? 0));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing with links cannot be a fieldset
    <span class="bars" role="group" aria-label={barsText(name, bars)}>
      {bars.map((bar) => (
        <Bar {...bar} longest={longest} />
      ))}
    </span>
  );
}

/** As few characters as possible: a list of 500 DAGs has 7,000 bars. */
function Bar({
  href,
  state,
  logicalDate,
  tookMs,
  longest,
}: BarOf & { readonly longest: number }): VNode {
  const parts = [
    stateText(state),
    utcText(new Date(logicalDate)),
    ...(tookMs === null ? [] : [roughly(tookMs)]),
  ];
  return (
    // biome-ignore lint/a11y/useAnchorContent: its name is its title; text would double the list
    <a class={`${state} h${levelOf(tookMs, longest)}`} title={parts.join(" · ")} href={href} />
  );
}

/** Heights grow with the root of the duration, so that short runs stay visible. */
function levelOf(tookMs: number | null, longest: number): number {
  if (tookMs === null) return HEIGHTS / 2;
  return Math.round((HEIGHTS - 1) * Math.sqrt(Math.min(1, tookMs / longest)));
}

/** `1 min`, where the page of the run says `1 min 23 s`. */
const roughly = (ms: number): string => durationText(ms).split(" ").slice(0, 2).join(" ");

function barsText(name: string, bars: readonly BarOf[]): string {
  const counts = Map.groupBy(bars, ({ state }) => state);
  const words = [...counts].map(([state, { length }]) => `${length} ${stateText(state)}`);
  return `${name}: last ${bars.length} runs, ${words.join(", ") || "none yet"}`;
}
