/** DAGs whose last runs failed. */
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/** A DAG, and how many failed runs in a row pause it. */
export interface LimitedDag {
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
const FAILS = `
d.dag_id = v.dag_id and not d.is_paused and d.removed_at is null and v.most = (
  select count(*) filter (where last.state = 'failed') from (
    select r.state from dagsmith.dag_run r
    where r.dag_id = v.dag_id and r.state in ('success', 'failed')
    order by r.id desc limit v.most
  ) last
)`;

const FAILING: Statement = {
  name: "dag_failing",
  text: `select d.dag_id from dagsmith.dag d join ${LIMITED.as("v")} on ${FAILS}`,
};

// A DAG that a frozen transaction holds must not hold up what its worker records.
const PAUSE: Statement = {
  name: "dag_pause_failing",
  text: `
with free as (
  select d.dag_id, v.reason from dagsmith.dag d join ${LIMITED.as("v")} on ${FAILS}
  order by d.dag_id for no key update of d skip locked)
update dagsmith.dag d set is_paused = true, pause_reason = f.reason, paused_at = now()
from free f where d.dag_id = f.dag_id
returning d.dag_id as "dagId", f.reason`,
};

// The limit is that of the run, as when the run ended. A DAG that people have unpaused
// since then goes on.
const LEFT_OVER: Statement = {
  name: "dag_failing_left_over",
  text: `
select d.dag_id as "dagId", (v.spec ->> 'maxConsecutiveFailedDagRuns')::int as "limit"
from dagsmith.dag d
cross join lateral (
  select r.version_id, r.state, r.finished_at from dagsmith.dag_run r
  where r.dag_id = d.dag_id and r.state in ('success', 'failed')
  order by r.id desc limit 1
) last
join dagsmith.dag_version v on v.id = last.version_id
where not d.is_paused and d.removed_at is null and last.state = 'failed'
  and last.finished_at > coalesce(d.unpaused_at, '-infinity')
  and (v.spec ->> 'maxConsecutiveFailedDagRuns')::int > 0`,
};

/** Those of these DAGs that are not paused and whose last runs all failed. */
export async function failingDags(
  db: Queryable,
  dags: readonly LimitedDag[],
): Promise<readonly LimitedDag[]> {
  const found = await db.query<{ dag_id: string }>(FAILING, LIMITED.values(dags));
  const failing = new Set(found.map((row) => row.dag_id));
  return dags.filter(({ dagId }) => failing.has(dagId));
}

/**
 * Pauses those of these DAGs whose last runs all failed, and that no other transaction
 * holds.
 * @returns what was paused
 */
export function pauseFailingDags(
  tx: Queryable,
  dags: readonly LimitedDag[],
): Promise<readonly { readonly dagId: string; readonly reason: string }[]> {
  return tx.query<{ dagId: string; reason: string }>(PAUSE, LIMITED.values(dags));
}

/** DAGs whose last run failed since they were unpaused, with the limit of that run. */
export function dagsThatMayFail(
  db: Queryable,
): Promise<readonly Pick<LimitedDag, "dagId" | "limit">[]> {
  return db.query<Pick<LimitedDag, "dagId" | "limit"> & Record<string, unknown>>(LEFT_OVER);
}
