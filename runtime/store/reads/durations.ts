/** How long the runs of DAGs take, for forecasts. */
import type { Queryable, Statement } from "../database/database.ts";

// The newest runs only, by the index on (dag_id, id desc): the same work however long the
// history is.
const AVERAGE: Statement = {
  name: "run_durations_average",
  text: `
select d.dag_id, extract(epoch from avg(r.finished_at - r.started_at)) * 1000 as ms
from unnest($1::text[]) as d (dag_id),
  lateral (select state, started_at, finished_at from dagsmith.dag_run where dag_id = d.dag_id order by id desc limit 50) r
where r.state = 'success' and r.started_at is not null
group by d.dag_id`,
};

/**
 * The average length in milliseconds of those among each DAG's last 50 runs that
 * succeeded; DAGs without any are missing.
 */
export async function averageDurations(
  db: Queryable,
  dagIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db.query<{ dag_id: string; ms: string }>(AVERAGE, [dagIds]);
  return new Map(rows.map((row) => [row.dag_id, Math.round(Number(row.ms))]));
}
