/** Selecting instances of runs, with their states, before they are changed. */
import type { InstanceKey } from "../../engine/counts/scope.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { SELECTED } from "./instance_columns.ts";
import { INSTANCES, mapIndexIs } from "./instance_rows.ts";
import { NO_MORE } from "./recreate.ts";

/** Which instances of a run are selected. */
export interface InstanceSelection {
  readonly taskIds: readonly string[];
  /** One item of a mapped task; null for all. */
  readonly mapIndex: number | null;
  /** Only those that failed, or could not run because of one that did. */
  readonly onlyFailed: boolean;
}

/** An instance as it is before it is changed. */
export interface SelectedInstance {
  readonly instanceId: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly state: TaskState;
  readonly tryNumber: number;
  /** Whether its current try has started. */
  readonly began: boolean;
  /** Whether a token for its current try was put into the queue. */
  readonly wasQueued: boolean;
}

// An item that is no longer in its list is never selected.
const SELECT: Statement = {
  name: "task_instance_select",
  text: `
select ${SELECTED}
from dagsmith.task_instance
where run_id = any($1) and task_id = any($2) and ${mapIndexIs("$3")} and state <> 'none'
  and not (state = 'removed' and reason = '${NO_MORE}')
  and (not $4 or state in ('failed', 'upstream_failed'))
order by run_id, array_position($2, task_id), map_index`,
};

/** The selected instances of each run, in the order of the tasks. */
export function selectInstances(
  on: Queryable,
  runIds: readonly number[],
  selection: InstanceSelection,
): Promise<readonly SelectedInstance[]> {
  const { taskIds, mapIndex, onlyFailed } = selection;
  return on.query<SelectedInstance & Record<string, unknown>>(SELECT, [
    runIds,
    taskIds,
    mapIndex,
    onlyFailed,
  ]);
}

const ALL: Statement = {
  name: "task_instance_all",
  text: `
select ${SELECTED}
from dagsmith.task_instance where run_id = any($1) and state <> 'none' order by run_id`,
};

/** Every instance of these runs that is not cleared. */
export function allInstances(
  on: Queryable,
  runIds: readonly number[],
): Promise<readonly SelectedInstance[]> {
  return on.query<SelectedInstance & Record<string, unknown>>(ALL, [runIds]);
}

const IDLE: Statement = {
  name: "task_instance_idle",
  text: `
select ${SELECTED}
from ${INSTANCES.as("v")}
join dagsmith.task_instance t using (run_id, task_id, map_index)
where finished_at is not null or state = 'up_for_retry' order by task_id, map_index`,
};

/** Those of these instances that have ended or wait for their next try. */
export async function idleInstances(
  on: Queryable,
  keys: readonly InstanceKey[],
): Promise<readonly SelectedInstance[]> {
  if (keys.length === 0) return [];
  return on.query<SelectedInstance & Record<string, unknown>>(IDLE, INSTANCES.values(keys));
}
