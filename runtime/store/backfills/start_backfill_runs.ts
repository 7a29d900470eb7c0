/** Starts the runs of backfills under the limit of their backfill. */
import type { Queryable, Statement } from "../database/database.ts";
import { IS_GLOBALLY_LIMITED, type RunRow, TIMEOUT_AT } from "../runs/dag_run.ts";

// In the order of the backfill. The caller has locked the DAGs, so no other transaction counts now.
const START: Statement = {
  name: "backfill_runs_start",
  text: `
update dagsmith.dag_run r
set state = 'running', started_at = now(), open_tasks = json_array_length(v.spec -> 'tasks'), timeout_at = ${TIMEOUT_AT}
from dagsmith.dag_version v,
  (select b.id, b.max_active_runs - (
      select count(*) from dagsmith.dag_run a where a.backfill_id = b.id and a.state = 'running') as free
    from dagsmith.backfill b where b.dag_id = any($1) and b.state = 'running') capacity,
  lateral (
    select id from dagsmith.dag_run q
    where q.backfill_id = capacity.id and q.state = 'queued'
    order by q.backfill_ordinal limit greatest(capacity.free, 0)
    for no key update skip locked
  ) next
where r.id = next.id and v.id = r.version_id
returning r.id, r.version_id, r.open_tasks, r.failed_leaves, r.warnings, r.state, r.generation, r.backfill_id, ${IS_GLOBALLY_LIMITED}`,
};

/** Moves queued runs of these DAGs' backfills to running, as many as each backfill allows. */
export function startBackfillRuns(
  on: Queryable,
  dagIds: readonly string[],
): Promise<readonly RunRow[]> {
  return dagIds.length === 0
    ? Promise.resolve([])
    : on.query<RunRow & Record<string, unknown>>(START, [dagIds]);
}
