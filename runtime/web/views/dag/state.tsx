/** The state of a DAG and its tasks: each value, who set it last, and its deletion. */
import type { VNode } from "preact";
import type { StateRow, StateWriter } from "../../read/read_state.ts";
import { PagedTable } from "../lists/paged_table.tsx";
import { PostButton } from "../parts/form.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";
import { JsonFold } from "../values/json_fold.tsx";

export interface StateListProps {
  readonly dagId: string;
  readonly state: readonly StateRow[];
  /** The address of the next page; null on the last. */
  readonly next: string | null;
  /** Undefined: the user may not delete. */
  readonly token: string | undefined;
}

export function StateList({ dagId, state, next, token }: StateListProps): VNode {
  if (state.length === 0)
    return <p class="nothing">No state: no task of this DAG has set a value.</p>;
  const columns = [
    "Key",
    "Value",
    "Task",
    "Revision",
    "Changed",
    "By",
    token !== undefined && "Delete",
  ];
  return (
    <PagedTable columns={columns} next={next} nextLabel="More">
      {state.map((row) => (
        <Row dagId={dagId} row={row} token={token} />
      ))}
    </PagedTable>
  );
}

interface RowProps extends Pick<StateListProps, "dagId" | "token"> {
  readonly row: StateRow;
}

function Row({ dagId, row, token }: RowProps): VNode {
  const { scope, key, value, bytes, revision, updatedAt, writer } = row;
  const task = taskOf(scope);
  return (
    <tr data-key={`${scope} ${key}`}>
      <th scope="row">{key}</th>
      <td>
        <JsonFold value={value} bytes={bytes} />
      </td>
      <td>{task !== null && <Id text={task} />}</td>
      <td class="number">{revision}</td>
      <td>
        <Time at={updatedAt} />
      </td>
      <td>{writer && <Writer {...writer} />}</td>
      {token !== undefined && (
        <td>
          <PostButton
            action={deleteAddress(dagId, task, key)}
            token={token}
            class="button small danger"
            confirm={`Delete ${key}? The next run begins without it.`}
          >
            Delete
          </PostButton>
        </td>
      )}
    </tr>
  );
}

function Writer({ run, taskId, mapIndex, tryNumber }: StateWriter): VNode {
  const index = mapIndex >= 0 ? `/${mapIndex}` : "";
  return (
    <a href={`/runs/${run}/tasks/${taskId}${index}?try=${tryNumber}`}>
      <Id text={taskId} />
      {mapIndex >= 0 && ` [${mapIndex}]`}, try {tryNumber}
    </a>
  );
}

/** The task that owns the value; null for the DAG. */
function taskOf(scope: string): string | null {
  return scope.startsWith("task:") ? scope.slice(scope.indexOf("/") + 1) : null;
}

function deleteAddress(dagId: string, task: string | null, key: string): string {
  const query = new URLSearchParams({ key, ...(task === null ? {} : { task }) });
  return `/dags/${dagId}/state/delete?${query}`;
}
