/** The counts that are stored of a run, and those of its instances. */
import { expect } from "vitest";
import { type StateCount, tasksByIndex } from "../../runtime/engine/counts/instance_states.ts";
import { planOf } from "../../runtime/engine/plan/plan_of.ts";
import type { Queryable } from "../../runtime/store/database/database.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { rows } from "./migrated.ts";
import { recount } from "./recount.ts";

/** @param byElement mapped groups, and the tasks within them */
async function statesOf(
  db: Queryable,
  runId: number,
  byElement: readonly string[],
): Promise<readonly StateCount[]> {
  return rows<StateCount & Record<string, unknown>>(
    db,
    `select task_id as "taskId", case when task_id = any($2) then map_index else -1 end as "mapIndex", map_index >= 0 as "isMapped", state,
       count(*)::int as count, min(map_index) as lowest
     from dagsmith.task_instance where run_id = $1 and not (state = 'removed' and reason = 'its list no longer has the item')
     group by task_id, 2, map_index >= 0, state`,
    [runId, byElement],
  );
}

/** The stored counts of a run, and the counts of its instances. */
export async function expectCountsHold(db: Queryable, runId: number, spec: DagSpec): Promise<void> {
  const plan = planOf(spec);
  const counted = recount({ id: runId, plan }, await statesOf(db, runId, tasksByIndex(plan)));
  const [run] = await rows(
    db,
    "select open_tasks, failed_leaves from dagsmith.dag_run where id = $1",
    [runId],
  );
  expect(run).toEqual({ open_tasks: counted.openTasks, failed_leaves: counted.failedLeaves });
  const stored = await rows<{ task_id: string; map_index: number }>(
    db,
    `select task_id, map_index, upstream_total, upstream_success, upstream_failed, upstream_skipped, upstream_upstream_failed, setups, in_scope, decided, instances,
       own_success, own_failed, own_skipped, own_upstream_failed from dagsmith.task_counter where run_id = $1`,
    [runId],
  );
  const told = counted.rows
    .filter(({ taskId }) => plan.tasks.get(taskId)!.isCounted)
    .map(
      ({
        taskId,
        mapIndex,
        upstreamTotal,
        upstream,
        setups,
        inScope,
        decided,
        instances,
        own,
      }) => ({
        ...{
          task_id: taskId,
          map_index: mapIndex,
          upstream_total: upstreamTotal,
          upstream_success: upstream.success,
          upstream_failed: upstream.failed,
        },
        ...{
          upstream_skipped: upstream.skipped,
          upstream_upstream_failed: upstream.upstreamFailed,
          setups,
          in_scope: inScope,
          decided,
          instances,
        },
        ...{
          own_success: own.success,
          own_failed: own.failed,
          own_skipped: own.skipped,
          own_upstream_failed: own.upstreamFailed,
        },
      }),
    );
  // Groups that have not begun have nothing to count, and groups that have ended are not
  // counted again.
  const asked = new Set(
    counted.rows
      .filter(({ isOpen }) => isOpen)
      .map(({ taskId, mapIndex }) => `${taskId}/${mapIndex}`),
  );
  const inOrder = <Row extends { task_id: string; map_index: number }>(
    all: readonly Row[],
  ): readonly Row[] =>
    all
      .filter((row) => asked.has(`${row.task_id}/${row.map_index}`))
      .toSorted((a, b) => a.task_id.localeCompare(b.task_id) || a.map_index - b.map_index);
  expect(inOrder(stored)).toEqual(inOrder(told));
}
