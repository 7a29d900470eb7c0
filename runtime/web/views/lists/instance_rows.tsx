/** The task instances that a change would concern, for the sheet before the change. */
import type { VNode } from "preact";
import type { TaskState } from "../../../state/task_state.ts";
import { Id } from "../parts/id.tsx";
import { State } from "../parts/state.tsx";

/** Rows of one table. The sheet says how many instances there are. */
const SHOWN = 200;

export interface ListedInstance {
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly state: TaskState;
  readonly tryNumber: number;
}

export function InstanceRows({
  instances,
}: {
  readonly instances: readonly ListedInstance[];
}): VNode | null {
  if (instances.length === 0) return null;
  return (
    <table class="list">
      <tbody>
        {instances.slice(0, SHOWN).map(({ taskId, mapIndex, state, tryNumber }) => (
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

/** `1 task instance`, `3 task instances`. */
export const instancesText = (count: number): string =>
  count === 1 ? "1 task instance" : `${count} task instances`;
