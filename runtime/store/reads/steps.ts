/** The steps of task instances, for the page and the API. */
import type { Queryable, Statement } from "../database/database.ts";

/** Most steps of one instance that are listed. */
const MOST_STEPS = 500;
/** Largest part of a result that is shown, in characters. */
const SHOWN_RESULT = 20_000;

/**
 * `unfinished`: its try ended before it, or its task was stopped while it slept. A later try
 * runs it again.
 */
type StepState = "running" | "sleeping" | "done" | "unfinished";

export interface StepRow {
  readonly name: string;
  readonly state: StepState;
  /** JSON text, cut at 20,000 characters; null for a step without result. */
  readonly result: string | null;
  /** Size of the whole result. */
  readonly bytes: number;
  readonly tryNumber: number;
  /** Null for a step that an earlier version of dagsmith stored. */
  readonly startedAt: Date | null;
  /** Null until the step has ended; the wake-up time of a step that sleeps. */
  readonly finishedAt: Date | null;
}

// A clear forgets the steps of the tries before it.
const LIST: Statement = {
  name: "step_list",
  text: `
select s.name,
  case
    when s.finished_at <= now() then 'done'
    when s.try_number = t.try_number and s.finished_at is null and t.state = 'running' then 'running'
    when s.try_number = t.try_number and t.state = 'up_for_reschedule' then 'sleeping'
    else 'unfinished' end as state,
  left(s.result::text, ${SHOWN_RESULT}) as result,
  coalesce(octet_length(s.result::text), 0) as bytes, s.try_number as "tryNumber",
  s.started_at as "startedAt", s.finished_at as "finishedAt"
from dagsmith.step s
join dagsmith.task_instance t
  on t.run_id = s.run_id and t.task_id = s.task_id and t.map_index = s.map_index
  and s.try_number > t.cleared_tries
where s.run_id = $1 and s.task_id = $2 and s.map_index = $3
order by coalesce(s.started_at, s.finished_at), s.finished_at, s.name limit ${MOST_STEPS}`,
};

/**
 * In the order in which they began.
 * @param mapIndex -1 for a task that is not mapped
 */
export function listSteps(
  db: Queryable,
  runId: number,
  taskId: string,
  mapIndex: number,
): Promise<readonly StepRow[]> {
  return db.query<StepRow & Record<string, unknown>>(LIST, [runId, taskId, mapIndex]);
}
