/** Values that tasks keep between runs, for the page and the API. */
import type { Queryable, Statement } from "../database/database.ts";

/** Largest part of a value that is shown, in characters. */
const SHOWN_VALUE = 20_000;
/** Most values of one instance that are listed. */
const MOST_WRITTEN = 100;

/** The try that set a value last. */
export interface StateWriter {
  /** The number of its run. */
  readonly run: number;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
}

export interface StateRow {
  /** As it is stored: `dag:orders`, `task:orders/load`, `shared:cursors`. */
  readonly scope: string;
  readonly key: string;
  /** JSON text, cut at 20,000 characters. */
  readonly value: string;
  /** Size of the whole value. */
  readonly bytes: number;
  readonly revision: number;
  readonly updatedAt: Date;
  /** Null when a person set the value, or the run was deleted. */
  readonly writer: StateWriter | null;
}

const ROWS = `
select s.scope, s.key, left(s.value::text, ${SHOWN_VALUE}) as value,
  octet_length(s.value::text) as bytes, s.revision, s.updated_at as "updatedAt",
  case when r.id is not null then json_build_object('run', r.id, 'runId', r.run_id,
    'taskId', s.task_id, 'mapIndex', coalesce(s.map_index, -1),
    'tryNumber', coalesce(s.try_number, 1)) end as writer
from dagsmith.state s left join dagsmith.dag_run r on r.id = s.run_id`;

const OF_DAG: Statement = {
  name: "state_of_dag",
  text: `${ROWS}
where (s.scope = 'dag:' || $1 or s.scope ^@ ('task:' || $1 || '/'))
  and (s.scope collate "C", s.key collate "C") > ($2, $3)
order by s.scope collate "C", s.key collate "C" limit $4`,
};

const BY_TASK: Statement = {
  name: "state_by_task",
  text: `${ROWS}
where s.run_id = $1 and s.task_id = $2 and ($3::int < 0 or s.map_index = $3)
order by s.scope collate "C", s.key collate "C" limit ${MOST_WRITTEN}`,
};

export interface StateQuery {
  readonly dagId: string;
  /** The last value of the page before; null: from the first. */
  readonly after: Pick<StateRow, "scope" | "key"> | null;
  readonly limit: number;
}

/** The state of a DAG and of its tasks, by scope and key. */
export function stateOfDag(
  db: Queryable,
  { dagId, after, limit }: StateQuery,
): Promise<readonly StateRow[]> {
  const values = [dagId, after?.scope ?? "", after?.key ?? "", limit];
  return db.query<StateRow & Record<string, unknown>>(OF_DAG, values);
}

/**
 * The values that a task set last, and that no later try has changed.
 * @param mapIndex -1: those of all instances
 */
export function stateSetBy(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<readonly StateRow[]> {
  return db.query<StateRow & Record<string, unknown>>(BY_TASK, [runId, taskId, mapIndex]);
}
