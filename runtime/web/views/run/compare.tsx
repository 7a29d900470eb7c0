/** Two runs of a DAG side by side: the state and the duration of each task in both. */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { durationText, tookMs } from "../../../words/duration_text.ts";
import type { ComparedTask } from "../../read/read_history.ts";
import { DagCrumbs } from "../frame/crumbs.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State } from "../parts/state.tsx";
import { Took } from "../parts/time.tsx";
import { codeAddress } from "../values/code_link.tsx";

export interface CompareProps {
  readonly one: RunDetail;
  readonly other: RunDetail;
  readonly tasks: readonly ComparedTask[];
}

export function ComparePage({ one, other, tasks }: CompareProps): VNode {
  return (
    <>
      <DagCrumbs dagId={one.dagId} />
      <div class="title">
        <h1>Two runs compared</h1>
      </div>
      {one.version !== other.version && (
        <p class="lead">
          They ran versions {one.version} and {other.version}:{" "}
          <a href={`${codeAddress(one.dagId, one.version)}&against=${other.version}`}>
            see what changed
          </a>
          .
        </p>
      )}
      <table class="list">
        <thead>
          <tr>
            <th>Task</th>
            <RunHead run={one} />
            <RunHead run={other} />
            <th class="number">Difference</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">The whole run</th>
            <Half part={one} />
            <Half part={other} />
            <td class="number">{difference(one, other)}</td>
          </tr>
          {tasks.map((task) => (
            <tr>
              <th scope="row">
                <a href={`/dags/${one.dagId}/tasks/${task.taskId}`}>
                  <Id text={task.taskId} />
                </a>
              </th>
              <Half part={task.one} />
              <Half part={task.other} />
              <td class="number">{difference(task.one, task.other)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function RunHead({ run }: { readonly run: RunDetail }): VNode {
  return (
    <th scope="col" colSpan={2}>
      <a href={`/runs/${run.id}`}>
        <RunTitle run={run} />
      </a>
    </th>
  );
}

type Part = Pick<RunDetail, "startedAt" | "finishedAt"> & {
  readonly state: NonNullable<ComparedTask["one"]>["state"] | RunDetail["state"];
};

function Half({ part }: { readonly part: Part | null }): VNode {
  return (
    <>
      <td>
        <State state={part?.state ?? "none"} />
      </td>
      <td class="number">
        <Took from={part?.startedAt ?? null} to={part?.finishedAt ?? null} />
      </td>
    </>
  );
}

/** How much longer the first took: `+2 min`, `−3 s`; empty when one has no duration. */
function difference(one: Part | null, other: Part | null): string {
  const [a, b] = [one && tookMs(one), other && tookMs(other)];
  if (a === null || b === null) return "";
  return a === b ? "0" : `${a > b ? "+" : "−"}${durationText(Math.abs(a - b))}`;
}
