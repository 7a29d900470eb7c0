/** Starts the runs of backfills under the limit of their backfill. */
import type { Queryable, Statement } from "../database/database.ts";
import { type RunRow, startRuns } from "../runs/dag_run.ts";

// In the order of the backfill. The caller has locked the DAGs, so no other transaction
// counts now.
const START: Statement = {
  name: "backfill_runs_start",
  text: startRuns(`(select b.id, b.max_active_runs - (
      select count(*) from dagsmith.dag_run a
      where a.backfill_id = b.id and a.state = 'running') as free
    from dagsmith.backfill b where b.dag_id = any($1) and b.state = 'running') capacity,
  lateral (
    select id from dagsmith.dag_run q
    where q.backfill_id = capacity.id and q.state = 'queued'
    order by q.backfill_ordinal limit greatest(capacity.free, 0)
    for no key update skip locked
  ) next`),
};

/** Starts queued runs of these DAGs' backfills, as many as each backfill allows. */
export function startBackfillRuns(
  on: Queryable,
  dagIds: readonly string[],
): Promise<readonly RunRow[]> {
  return dagIds.length === 0
    ? Promise.resolve([])
    : on.query<RunRow & Record<string, unknown>>(START, [dagIds]);
}
