/** The tasks of a run in their groups, with their times drawn to one scale. */
import type { VNode } from "preact";
import type { DagSpec } from "../../../../sdk/spec/index.ts";
import type { RunDetail } from "../../../store/reads/runs.ts";
import type { Folds } from "../../groups/folded_groups.ts";
import { type GroupProgress, groupProgress } from "../../groups/group_progress.ts";
import {
  groupAnchor,
  groupTree,
  type TreeGroup,
  type TreeRow,
  treeRows,
} from "../../groups/group_tree.ts";
import type { RunTask } from "../../read/run_tasks.ts";
import { MappedProgress } from "../lists/mapped_progress.tsx";
import { FoldAll, RowName } from "../lists/row_name.tsx";
import { Id } from "../parts/id.tsx";
import { State, Warnings } from "../parts/state.tsx";
import { Took } from "../parts/time.tsx";

export interface TaskTableProps {
  readonly run: RunDetail;
  readonly spec: DagSpec;
  readonly tasks: readonly RunTask[];
  readonly folds: Folds;
  readonly now: Date;
}

export function TaskTable({ run, spec, tasks, folds, now }: TaskTableProps): VNode {
  const from = (run.startedAt ?? run.queuedAt).getTime();
  const to = Math.max(from + 1, (run.finishedAt ?? now).getTime());
  const byId = new Map(tasks.map((task) => [task.taskId, task]));
  return (
    <table class="list tasks run-tasks">
      <thead>
        <tr>
          <th>
            Task
            <FoldAll spec={spec} folds={folds} />
          </th>
          <th>State</th>
          <th>Duration</th>
          <th>Timeline</th>
          <th>After</th>
        </tr>
      </thead>
      <tbody>
        {treeRows(groupTree(spec.tasks, spec.groups), folds.folded).map((row) => (
          <tr
            id={row.item.type === "group" ? groupAnchor(row.item.id) : undefined}
            data-key={`${row.item.type} ${row.item.id}`}
          >
            <Cells row={row} run={run} tasks={byId} folds={folds} scale={{ from, to }} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The bounds of the drawn time, in milliseconds since 1970. */
interface Scale {
  readonly from: number;
  readonly to: number;
}

interface CellsProps {
  readonly row: TreeRow;
  readonly run: RunDetail;
  readonly tasks: ReadonlyMap<string, RunTask>;
  readonly folds: Folds;
  readonly scale: Scale;
}

function Cells({ row, run, tasks, folds, scale }: CellsProps): VNode {
  const { item } = row;
  const task = tasks.get(item.id);
  if (task)
    return (
      <TaskCells
        row={row}
        folds={folds}
        task={task}
        href={`/runs/${run.id}/tasks/${item.id}`}
        scale={scale}
      />
    );
  const group = groupProgress(
    (item as TreeGroup).taskIds.flatMap((taskId) => tasks.get(taskId) ?? []),
  );
  return <GroupCells row={row} folds={folds} group={group} scale={scale} />;
}

interface TaskCellsProps {
  readonly row: TreeRow;
  readonly folds: Folds;
  readonly task: RunTask;
  readonly href: string;
  readonly scale: Scale;
}

function TaskCells({ row, folds, task, href, scale }: TaskCellsProps): VNode {
  return (
    <>
      <RowName
        row={row}
        folds={folds}
        name={
          <a href={href}>
            <Id text={row.item.name} />
          </a>
        }
      >
        {task.mapped && <MappedProgress task={task} />}
      </RowName>
      <td>
        <State state={task.state} />
        <Warnings count={task.warning ? 1 : 0} />
        {task.tryNumber > 1 && <span class="faint"> try {task.tryNumber}</span>}
        {task.why !== null && <p>{task.why}</p>}
      </td>
      <Times of={task} scale={scale} />
      <td class="faint" title={task.upstream.join(", ")}>
        {task.upstream.join(", ")}
      </td>
    </>
  );
}

interface GroupCellsProps {
  readonly row: TreeRow;
  readonly folds: Folds;
  readonly group: GroupProgress;
  readonly scale: Scale;
}

function GroupCells({ row, folds, group, scale }: GroupCellsProps): VNode {
  return (
    <>
      <RowName row={row} folds={folds} />
      <td>
        <State state={group.state} />
        <Warnings count={group.warnings} />
        <p>
          {group.successes} of {group.tasks} succeeded
        </p>
      </td>
      <Times of={group} scale={scale} />
      <td />
    </>
  );
}

type Timed = Pick<RunTask, "state" | "startedAt" | "finishedAt">;

function Times({ of, scale }: { readonly of: Timed; readonly scale: Scale }): VNode {
  return (
    <>
      <td class="number">
        <Took from={of.startedAt} to={of.finishedAt} />
      </td>
      <td>
        <Track of={of} {...scale} />
      </td>
    </>
  );
}

function Track({ of, from, to }: Scale & { readonly of: Timed }): VNode {
  const scale = 1_000 / (to - from);
  const start = of.startedAt ? (of.startedAt.getTime() - from) * scale : 0;
  const end = of.startedAt ? ((of.finishedAt?.getTime() ?? to) - from) * scale : 0;
  return (
    <svg class="track" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">
      {of.startedAt && (
        <rect
          class={of.state}
          x={Math.max(0, start)}
          y="1"
          width={Math.max(4, Math.min(1_000, end) - start)}
          height="10"
        />
      )}
    </svg>
  );
}
