/** Before a task is marked: the instances that change, and those that follow. */
import type { VNode } from "preact";
import type { MarkPreview } from "../../../actions/index.ts";
import type { Mark } from "../../../state/task_state.ts";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { DagCrumbs } from "../frame/crumbs.tsx";
import { InstanceRows, instancesText } from "../lists/instance_rows.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";

export interface MarkSheetProps extends MarkPreview {
  readonly run: RunDetail;
  readonly taskId: string;
  readonly to: Mark;
  /** One instance of a mapped task; null: the whole task. */
  readonly mapIndex: number | null;
  readonly token: string;
}

export function MarkSheet(props: MarkSheetProps): VNode {
  const { run, taskId, to, mapIndex, token, marked, around, resumed } = props;
  const task = `/runs/${run.id}/tasks/${taskId}`;
  const query = mapIndex === null ? "" : `?mapIndex=${mapIndex}`;
  return (
    <>
      <DagCrumbs dagId={run.dagId}>
        <a href={`/runs/${run.id}`}>
          <RunTitle run={run} />
        </a>
      </DagCrumbs>
      <form class="sheet" method="post" action={`${task}/mark/${to}${query}`}>
        <input type="hidden" name="_form" value={token} />
        <h1>
          Mark <Id text={taskId} /> as {to}
        </h1>
        <p>{markedText(marked.length, to)}</p>
        <InstanceRows instances={marked} />
        {around.length > 0 && <p>The group around it fails with it:</p>}
        <InstanceRows instances={around} />
        <p>{resumedText(resumed.length)}</p>
        <InstanceRows instances={resumed} />
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
