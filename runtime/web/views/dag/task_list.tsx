/** The tasks of a DAG over its last runs. Each leads to its durations and tries. */
import type { VNode } from "preact";
import { durationText } from "../../../words/duration_text.ts";
import type { TaskLine } from "../../read/task_lines.ts";
import { Bars } from "../parts/bars.tsx";
import { Id } from "../parts/id.tsx";
import { State } from "../parts/state.tsx";

export interface TaskListProps {
  readonly dagId: string;
  readonly tasks: readonly TaskLine[];
  /** How many runs were looked at. */
  readonly runs: number;
}

export function TaskList({ dagId, tasks, runs }: TaskListProps): VNode {
  if (tasks.length === 0) return <p class="nothing">This DAG has no tasks.</p>;
  return (
    <>
      <p class="faint above">
        {runs === 0
          ? "No runs yet: durations and failures show after the first run."
          : `The last ${runs === 1 ? "run" : `${runs} runs`}. A task leads to its last 50 runs.`}
      </p>
      <table class="list tasks">
        <thead>
          <tr>
            <th>Task</th>
            <th class="low">Operator</th>
            <th class="mid">Last runs</th>
            <th>Last state</th>
            <th class="number">Usual duration</th>
            <th class="number">Failures</th>
            <th class="number low">Most tries</th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <TaskRow dagId={dagId} task={task} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function TaskRow({ dagId, task }: { readonly dagId: string; readonly task: TaskLine }): VNode {
  const { taskId, operator, isMapped, past, medianMs, failures, mostTries } = task;
  const last = past.at(-1);
  const bars = past.map(({ run, state, tookMs }) => ({
    ...{ href: `/runs/${run.id}/tasks/${taskId}`, state, tookMs, logicalDate: run.logicalDate },
  }));
  return (
    <tr data-key={taskId}>
      <th scope="row">
        <a href={`/dags/${dagId}/tasks/${taskId}`}>
          <Id text={taskId} />
        </a>
        {isMapped && <span class="faint"> [ ]</span>}
      </th>
      <td class="low">
        <code>{operator}</code>
      </td>
      <td class="mid">
        <Bars name={taskId} bars={bars} />
      </td>
      <td>{last ? <State state={last.state} /> : <span class="faint">not run yet</span>}</td>
      <td class="number" title="The median of the runs in which it succeeded">
        {medianMs === null ? "–" : durationText(medianMs)}
      </td>
      <td class="number">{failures}</td>
      <td class="number low">{mostTries}</td>
    </tr>
  );
}
