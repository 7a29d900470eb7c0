/**
 * A DAG's last runs as bars: the height is the duration, the colour and the shape are the
 * state, the newest is at the right.
 */
import type { VNode } from "preact";
import type { RecentRun } from "../../../store/reads/dags.ts";
import { RECENT_RUNS } from "../../../store/reads/dags.ts";
import { durationText } from "../../../words/duration_text.ts";
import { stateText } from "../../../words/shown_state.ts";
import { utcText } from "../parts/text.ts";

const STEP = 9;
const HEIGHT = 28;
const LEAST = 5;

export function RunBars({
  dagId,
  runs,
}: {
  readonly dagId: string;
  readonly runs: readonly RecentRun[];
}): VNode {
  const longest = Math.max(1, ...runs.map((run) => tookMs(run) ?? 0));
  const offset = RECENT_RUNS - runs.length;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing with links cannot be a fieldset
    <svg
      class="bars"
      width={RECENT_RUNS * STEP}
      height={HEIGHT}
      role="group"
      aria-label={barsText(dagId, runs)}
    >
      {runs.map((run, index) => (
        <Bar run={run} x={(offset + index) * STEP} longest={longest} />
      ))}
    </svg>
  );
}

function Bar({
  run,
  x,
  longest,
}: {
  readonly run: RecentRun;
  readonly x: number;
  readonly longest: number;
}): VNode {
  const ms = tookMs(run);
  const height =
    ms === null ? HEIGHT / 2 : Math.round(LEAST + (HEIGHT - LEAST - 2) * Math.sqrt(ms / longest));
  const y = HEIGHT - height;
  return (
    <a href={`/runs/${run.id}`}>
      <title>{`${stateText(run.state)} · ${utcText(new Date(run.logicalDate))}${ms === null ? "" : ` · ${durationText(ms)}`}`}</title>
      {run.state === "failed" ? (
        <path class="failed" d={`M${x} ${HEIGHT}v${3 - height}l3-3 3 3v${height - 3}z`} />
      ) : (
        <rect class={run.state} x={x} y={y} height={height} />
      )}
    </a>
  );
}

function tookMs(run: RecentRun): number | null {
  if (run.startedAt === null || run.finishedAt === null) return null;
  return Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt));
}

function barsText(dagId: string, runs: readonly RecentRun[]): string {
  const counts = Map.groupBy(runs, (run) => run.state);
  const words = [...counts].map(([state, { length }]) => `${length} ${stateText(state)}`);
  return `${dagId}: last ${runs.length} runs, ${words.join(", ") || "none yet"}`;
}
