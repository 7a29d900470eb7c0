/**
 * Task instances as people see them: one, those of a mapped task in pages, or in map
 * order.
 */
import type { StoredError } from "../../state/stored_error.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

/** Instances on one page. */
export const INSTANCES_PER_PAGE = 100;

/** One instance with its current try. */
export interface InstanceRow {
  readonly id: number;
  readonly taskId: string;
  /** -1 when the task is not mapped. */
  readonly mapIndex: number;
  /** The label that the task gives the instance. */
  readonly label: string | null;
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly workerId: string | null;
  readonly queuedAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly retryAt: Date | null;
  readonly reason: string | null;
  readonly error: StoredError | null;
  /** JSON text of the item, cut at 200 characters; null when the task is not mapped. */
  readonly item: string | null;
}

const INSTANCE = `id, task_id as "taskId", map_index as "mapIndex", label, state,
  try_number as "tryNumber", worker_id as "workerId", queued_at as "queuedAt",
  started_at as "startedAt", finished_at as "finishedAt", retry_at as "retryAt", reason, error,
  left(item::text, 200) as item`;

/** The order of a page of instances: failed ones first, successful ones last. */
const TROUBLE_FIRST: readonly TaskState[] = [
  "failed",
  "upstream_failed",
  "running",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
  "queued",
  "scheduled",
  "none",
  "skipped",
  "removed",
  "success",
];
const RANK = `array_position(array[${TROUBLE_FIRST.map((state) => `'${state}'`).join(", ")}], state)`;

const PAGE: Statement = {
  name: "task_instance_page",
  text: `
select ${INSTANCE} from (
  select *, ${RANK} as rank from dagsmith.task_instance
  where run_id = $1 and task_id = $2 and map_index >= 0 and ($6::text is null or state = $6)
) t where (rank, map_index) > ($3, $4) order by rank, map_index limit $5`,
};

const LIST: Statement = {
  name: "task_instance_list",
  text: `
select ${INSTANCE} from dagsmith.task_instance
where run_id = $1 and task_id = $2 order by map_index limit $3`,
};

const GET: Statement = {
  name: "task_instance_get",
  text: `
select ${INSTANCE} from dagsmith.task_instance
where run_id = $1 and task_id = $2 and map_index = $3`,
};

const AT: Statement = {
  name: "task_instances_at",
  text: `
select ${INSTANCE} from dagsmith.task_instance
where run_id = $1 and task_id = any($2) and map_index = $3`,
};

const LOCATE: Statement = {
  name: "task_instance_locate",
  text: `
select run_id as "runId", task_id as "taskId", map_index as "mapIndex"
from dagsmith.task_instance where id = $1`,
};

/** Where a page begins in the list: after the instance with this cursor. */
export interface InstanceCursor {
  /** Position of its state in the order of the list, from 1. */
  readonly rank: number;
  readonly mapIndex: number;
}

export function cursorOf({ state, mapIndex }: InstanceRow): InstanceCursor {
  return { rank: TROUBLE_FIRST.indexOf(state) + 1, mapIndex };
}

/**
 * A page of a mapped task's instances: failed and running ones first, then by map index.
 */
export function pageOfInstances(
  db: Queryable,
  query: {
    readonly runId: number;
    readonly taskId: string;
    readonly after: InstanceCursor;
    readonly state: TaskState | null;
  },
): Promise<readonly InstanceRow[]> {
  const { runId, taskId, after, state } = query;
  const cursor = [after.rank, after.mapIndex];
  return instances(db, PAGE, [runId, taskId, ...cursor, INSTANCES_PER_PAGE, state]);
}

/** The instances of a task in map order. */
export function listInstances(
  db: Queryable,
  runId: number,
  taskId: string,
  limit: number,
): Promise<readonly InstanceRow[]> {
  return instances(db, LIST, [runId, taskId, limit]);
}

/** @param mapIndex -1 for a task that is not mapped */
export async function getInstance(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<InstanceRow | undefined> {
  return (await instances(db, GET, [runId, taskId, mapIndex]))[0];
}

/** The instances of several tasks at one map index. Tasks without one are missing. */
export function instancesAt(
  db: Queryable,
  runId: number,
  taskIds: readonly string[],
  mapIndex: number,
): Promise<readonly InstanceRow[]> {
  return instances(db, AT, [runId, taskIds, mapIndex]);
}

function instances(
  db: Queryable,
  statement: Statement,
  values: readonly unknown[],
): Promise<readonly InstanceRow[]> {
  return db.query<InstanceRow & Record<string, unknown>>(statement, values);
}

/** The run, task and map index of an instance. */
export async function locateInstance(
  db: Queryable,
  id: number,
): Promise<
  { readonly runId: number; readonly taskId: string; readonly mapIndex: number } | undefined
> {
  type Row = { runId: number; taskId: string; mapIndex: number };
  return (await db.query<Row>(LOCATE, [id]))[0];
}
