/** Before a task is marked: the instances that change, and those that follow. */
import type { VNode } from "preact";
import type { MarkPreview } from "../../../actions/index.ts";
import type { Mark } from "../../../state/task_state.ts";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State } from "../parts/state.tsx";

export interface MarkSheetProps extends MarkPreview {
  readonly run: RunDetail;
  readonly taskId: string;
  readonly to: Mark;
  /** One instance of a mapped task; null: the whole task. */
  readonly mapIndex: number | null;
  readonly token: string;
}

export function MarkSheet(props: MarkSheetProps): VNode {
  const { run, taskId, to, mapIndex, token, marked, resumed } = props;
  const task = `/runs/${run.id}/tasks/${taskId}`;
  const query = mapIndex === null ? "" : `?mapIndex=${mapIndex}`;
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href="/">DAGs</a>
        <a href={`/dags/${run.dagId}`}>
          <Id text={run.dagId} />
        </a>
        <a href={`/runs/${run.id}`}>
          <RunTitle run={run} />
        </a>
      </nav>
      <form class="sheet" method="post" action={`${task}/mark/${to}${query}`}>
        <input type="hidden" name="_form" value={token} />
        <h1>
          Mark <Id text={taskId} /> as {to}
        </h1>
        <p>{markedText(marked.length, to)}</p>
        <Instances rows={marked} />
        <p>{resumedText(resumed.length)}</p>
        <Instances rows={resumed} />
        <p>
          <button type="submit" class="button primary">
            Mark as {to}
          </button>{" "}
          <a class="button" href={mapIndex === null ? task : `${task}/${mapIndex}`}>
            Back
          </a>
        </p>
      </form>
    </>
  );
}

const instancesText = (count: number): string =>
  count === 1 ? "1 task instance" : `${count} task instances`;

function markedText(count: number, to: Mark): string {
  return count === 0
    ? `The task has no instance yet: one is created as ${to}.`
    : `${instancesText(count)} will be marked ${to}; tries stay in the history.`;
}

function resumedText(count: number): string {
  return count === 0
    ? "No downstream task is decided again."
    : `${instancesText(count)} will be decided again, and so will the state of the run:`;
}

/** Instances shown of each kind. */
const SHOWN = 100;

function Instances({ rows }: { readonly rows: MarkPreview["marked"] }): VNode | null {
  if (rows.length === 0) return null;
  return (
    <table class="list">
      <tbody>
        {rows.slice(0, SHOWN).map(({ taskId, mapIndex, state, tryNumber }) => (
          <tr>
            <th scope="row">
              <Id text={mapIndex < 0 ? taskId : `${taskId} [${mapIndex}]`} />
            </th>
            <td>
              <State state={state} />
            </td>
            <td class="faint">try {tryNumber}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
