/** The files of tasks, for the page and the API. */
import type { Queryable, Statement } from "../database/database.ts";

/** Most files of one instance that are listed. */
const MOST_FILES = 500;

export interface TaskFileRow {
  /** Its name in the store, which is also its address. */
  readonly object: string;
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly createdAt: Date;
}

const COLUMNS = `object, name, content_type as "contentType", bytes::float8 as bytes, sha256,
  created_at as "createdAt"`;

const LIST: Statement = {
  name: "task_file_list",
  text: `
select ${COLUMNS} from dagsmith.task_file
where run_id = $1 and task_id = $2 and map_index = $3 and state = 'kept'
order by name limit ${MOST_FILES}`,
};

const GET: Statement = {
  name: "task_file_get",
  text: `
select ${COLUMNS} from dagsmith.task_file
where object = $2 and state = 'kept' and (run_id, task_id, map_index) = (
  select t.run_id, t.task_id, t.map_index from dagsmith.task_instance t where t.id = $1)`,
};

/** @param mapIndex -1 for a task that is not mapped */
export function listTaskFiles(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<readonly TaskFileRow[]> {
  return db.query<TaskFileRow & Record<string, unknown>>(LIST, [runId, taskId, mapIndex]);
}

export async function getTaskFile(
  db: Queryable,
  instanceId: number,
  object: string,
): Promise<TaskFileRow | undefined> {
  return (await db.query<TaskFileRow & Record<string, unknown>>(GET, [instanceId, object]))[0];
}
