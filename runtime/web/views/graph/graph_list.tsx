/** The graph as a list: each task with its upstream tasks, in its group. */
import type { VNode } from "preact";
import type { DagSpec, TaskSpec } from "../../../../sdk/spec/index.ts";
import { mappedTaskIds } from "../../../engine/plan/plan_of.ts";
import type { Folds } from "../../groups/folded_groups.ts";
import { groupAnchor, groupTree, type TreeRow, treeRows } from "../../groups/group_tree.ts";
import { FoldAll, RowName } from "../lists/row_name.tsx";
import { tasksText } from "../parts/text.ts";

export function GraphList({
  spec,
  folds,
}: {
  readonly spec: DagSpec;
  readonly folds: Folds;
}): VNode {
  const tasks = new Map(spec.tasks.map((task) => [task.taskId, task]));
  const many = mappedTaskIds(spec);
  return (
    <table class="list tasks">
      <thead>
        <tr>
          <th>
            Task
            <FoldAll spec={spec} folds={folds} />
          </th>
          <th>Operator</th>
          <th>After</th>
          <th>Trigger rule</th>
          <th>Retries</th>
        </tr>
      </thead>
      <tbody>
        {treeRows(groupTree(spec.tasks, spec.groups), folds.folded).map((row) => (
          <ListRow
            row={row}
            task={tasks.get(row.item.id)}
            isMapped={many.has(row.item.id)}
            folds={folds}
          />
        ))}
      </tbody>
    </table>
  );
}

interface ListRowProps {
  readonly row: TreeRow;
  /** Undefined: a plain group. */
  readonly task: TaskSpec | undefined;
  readonly isMapped: boolean;
  readonly folds: Folds;
}

function ListRow({ row, task, isMapped, folds }: ListRowProps): VNode {
  const { item } = row;
  const doc = task?.doc ?? (item.type === "group" ? item.doc : null);
  return (
    <tr id={item.type === "task" ? `task-${item.id}` : groupAnchor(item.id)}>
      <RowName row={row} folds={folds}>
        {isMapped && <span class="faint"> [ ] mapped</span>}
        {doc !== null && <p>{doc}</p>}
      </RowName>
      {task ? (
        <TaskCells task={task} />
      ) : (
        <td colSpan={4} class="faint">
          {item.type === "group" && tasksText(item.taskIds.length)}
        </td>
      )}
    </tr>
  );
}

function TaskCells({ task }: { readonly task: TaskSpec }): VNode {
  return (
    <>
      <td>
        <code>{task.operator}</code>
      </td>
      <td>
        {task.upstream.length === 0 ? <span class="faint">nothing</span> : task.upstream.join(", ")}
      </td>
      <td>{task.triggerRule}</td>
      <td>{task.retries}</td>
    </>
  );
}
