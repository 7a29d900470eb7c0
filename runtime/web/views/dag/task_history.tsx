/** The durations of one task over the last runs of its DAG, drawn and as a table. */
import type { VNode } from "preact";
import { HISTORY_RUNS, type PastTask } from "../../../store/reads/task_history.ts";
import { durationText, longestMs, tookMs } from "../../../words/duration_text.ts";
import { stateText } from "../../../words/shown_state.ts";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State } from "../parts/state.tsx";
import { utcText } from "../parts/text.ts";
import { StartedAndTook } from "../parts/time.tsx";

const [STEP, HEIGHT, LEFT] = [16, 120, 64];

export interface TaskHistoryProps {
  readonly taskId: string;
  /** Newest first. */
  readonly runs: readonly PastTask[];
}

export function TaskHistory({ taskId, runs }: TaskHistoryProps): VNode {
  return (
    <>
      <h2>
        <Id text={taskId} /> in the last {HISTORY_RUNS} runs
      </h2>
      {runs.length === 0 ? (
        <p class="nothing">None of the last {HISTORY_RUNS} runs of this DAG has this task.</p>
      ) : (
        <>
          <Chart runs={runs.toReversed()} />
          <Table taskId={taskId} runs={runs} />
        </>
      )}
    </>
  );
}

/** @param runs oldest first */
function Chart({ runs }: Pick<TaskHistoryProps, "runs">): VNode {
  const longest = longestMs(runs);
  return (
    <section class="scroll newest history" aria-label="Durations">
      <svg
        width={LEFT + runs.length * STEP}
        height={HEIGHT + 12}
        aria-label="Duration in each run; the table below has the same"
      >
        {[1, 0.5, 0].map((part) => (
          <>
            <path class="axis" d={`M${LEFT} ${yOf(part)}h${runs.length * STEP}`} />
            <text x={LEFT - 8} y={yOf(part) + 4}>
              {part === 0 ? "0" : durationText(longest * part)}
            </text>
          </>
        ))}
        {runs.map((run, index) => (
          <Bar run={run} x={LEFT + index * STEP + 3} part={(tookMs(run) ?? 0) / longest} />
        ))}
      </svg>
    </section>
  );
}

const yOf = (part: number): number => 8 + (HEIGHT - 8) * (1 - part);

function Bar({ run, x, part }: { run: PastTask; x: number; part: number }): VNode {
  const ms = tookMs(run);
  const y = Math.min(yOf(part), HEIGHT - 2);
  return (
    <rect class={run.state} x={x} y={y} width="10" height={HEIGHT - y} rx="2">
      <title>
        {[stateText(run.state), utcText(run.logicalDate), ms === null ? "" : durationText(ms)]
          .filter((text) => text !== "")
          .join(" · ")}
      </title>
    </rect>
  );
}

function Table({ taskId, runs }: TaskHistoryProps): VNode {
  return (
    <table class="list">
      <thead>
        <tr>
          <th>Run</th>
          <th>State</th>
          <th>Started</th>
          <th>Duration</th>
          <th class="number">Tries</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr data-key={String(run.id)}>
            <th scope="row">
              <a href={`/runs/${run.id}/tasks/${taskId}`}>
                <RunTitle run={run} />
              </a>
            </th>
            <td>
              <State state={run.state} />
            </td>
            <StartedAndTook startedAt={run.startedAt} finishedAt={run.finishedAt} />
            <td class="number">{run.tryNumber}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
