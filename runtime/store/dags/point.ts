/** Makes a stored version of one DAG the current one. */
import type { Queryable, Statement } from "../database/database.ts";
import { lookAgain } from "../sources/asset.ts";

/** A version by its number, the one before the current one, or the newest. */
export type VersionChoice = number | "before" | "newest";

// A removed DAG has no version for new runs.
const POINT_TO: Statement = {
  name: "dag_point_to",
  text: `
with target as (
  select v.id, v.number from dagsmith.dag d
  join dagsmith.dag_version now_at on now_at.id = d.version_id
  join dagsmith.dag_version v on v.dag_id = d.dag_id and v.number = case $2
    when 'before' then now_at.number - 1
    when 'newest' then
      (select max(o.number) from dagsmith.dag_version o where o.dag_id = d.dag_id)
    else $3::int end
  where d.dag_id = $1 and d.removed_at is null
)
update dagsmith.dag d
set version_id = target.id, next_run_after = now(), at_capacity = false, schedule_error = null
from target where d.dag_id = $1
returning target.number`,
};

/**
 * Makes a stored version the current one. Needs the lock of deployments.
 * @returns the number of the version; undefined when there is none
 */
export async function pointToVersion(
  tx: Queryable,
  dagId: string,
  choice: VersionChoice,
): Promise<number | undefined> {
  const [word, number] = typeof choice === "number" ? ["number", choice] : [choice, null];
  const [row] = await tx.query<{ number: number }>(POINT_TO, [dagId, word, number]);
  if (row) await lookAgain(tx, [dagId]);
  return row?.number;
}
