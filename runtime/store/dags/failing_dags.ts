/** DAGs whose last runs failed. */
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/** A DAG, and how many failed runs in a row pause it. */
interface LimitedDag {
  readonly dagId: string;
  readonly limit: number;
  /** Stored with the pause. */
  readonly reason: string;
}

const LIMITED = rowsOf<LimitedDag>({
  dag_id: ["text", ({ dagId }) => dagId],
  most: ["int", ({ limit }) => limit],
  reason: ["text", ({ reason }) => reason],
});

// By the index on (dag_id, id desc): for each DAG as many rows as its limit, and its
// active runs.
const PAUSE: Statement = {
  name: "dag_pause_failing",
  text: `
update dagsmith.dag d set is_paused = true, pause_reason = v.reason, paused_at = now()
from ${LIMITED.as("v")}
where d.dag_id = v.dag_id and not d.is_paused and d.removed_at is null
  and v.most = (
    select count(*) filter (where last.state = 'failed') from (
      select r.state from dagsmith.dag_run r
      where r.dag_id = v.dag_id and r.state in ('success', 'failed')
      order by r.id desc limit v.most
    ) last
  )
returning d.dag_id as "dagId", v.reason`,
};

/** Pauses those of these DAGs whose last runs all failed. @returns what was paused */
export async function pauseFailingDags(
  tx: Queryable,
  dags: readonly LimitedDag[],
): Promise<readonly { readonly dagId: string; readonly reason: string }[]> {
  const inOrder = dags.toSorted((a, b) => (a.dagId < b.dagId ? -1 : 1));
  return tx.query<{ dagId: string; reason: string }>(PAUSE, LIMITED.values(inOrder));
}
