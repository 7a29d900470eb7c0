/**
 * The head of the grid: each run as a bar as high as it took, above its day; and the axis
 * of the bars.
 */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { durationText, longestMs, tookMs } from "../../../words/duration_text.ts";
import { stateText } from "../../../words/shown_state.ts";
import { utcText } from "../parts/text.ts";

const BAR_HEIGHT = 40;

interface RunsProps {
  readonly runs: readonly RunDetail[];
}

/** Bars grow with the root of the duration: half the height is a quarter of the time. */
export function DurationAxis({ runs }: RunsProps): VNode | null {
  const most = longestMs(runs);
  if (most <= 1) return null;
  return (
    <span class="axis" aria-hidden="true">
      <span>{durationText(most)}</span>
      <span>{durationText(most / 4)}</span>
      <span>0</span>
    </span>
  );
}

export function RunHeads({ runs }: RunsProps): VNode {
  const most = longestMs(runs);
  return (
    <>
      {runs.map((run, index) => (
        <RunHead run={run} before={runs[index - 1]} longest={most} />
      ))}
    </>
  );
}

interface RunHeadProps {
  readonly run: RunDetail;
  /** The run of the column before. */
  readonly before: RunDetail | undefined;
  readonly longest: number;
}

function RunHead({ run, before, longest: most }: RunHeadProps): VNode {
  const ms = tookMs(run);
  const height =
    ms === null ? BAR_HEIGHT / 2 : Math.max(4, Math.round(BAR_HEIGHT * Math.sqrt(ms / most)));
  const what = `${stateText(run.state)} · ${utcText(run.logicalDate)}${ms === null ? "" : ` · ${durationText(ms)}`}`;
  return (
    <th scope="col" data-key={String(run.id)}>
      <a href={`/runs/${run.id}`} title={what}>
        <svg width="14" height={BAR_HEIGHT} aria-hidden="true">
          <rect class={run.state} x="2" y={BAR_HEIGHT - height} width="10" height={height} rx="2" />
        </svg>
        <DayOf run={run} before={before} />
        <span class="hidden">{what}</span>
      </a>
    </th>
  );
}

/** Only where the day, or the month, differs from that of the column before. */
function DayOf({ run, before }: Pick<RunHeadProps, "run" | "before">): VNode {
  const [at, last] = [dateOf(run), before && dateOf(before)];
  return (
    <span class="day" aria-hidden="true">
      {at.day === last?.day && at.month === last.month ? "" : at.day}
      <br />
      {at.month === last?.month ? "" : at.month}
    </span>
  );
}

function dateOf({ logicalDate }: RunDetail): { readonly day: number; readonly month: string } {
  const month = logicalDate.toLocaleDateString("en", { month: "short", timeZone: "UTC" });
  return { day: logicalDate.getUTCDate(), month };
}
