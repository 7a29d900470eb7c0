/** A run with its names and its version, locked for a change. */
import type { RunState } from "../../state/run_state.ts";
import type { Queryable, Statement } from "../database/database.ts";

export interface NamedRun {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  readonly state: RunState;
  readonly versionId: number;
}

const RUN = `
select id, dag_id as "dagId", run_id as "runId", state, version_id as "versionId"
from dagsmith.dag_run where id = any($1) and deleting_since is null order by id`;
const SEE: Statement = { name: "dag_run_see", text: RUN };
const HOLD: Statement = { name: "dag_run_hold", text: `${RUN} for no key update` };

const BETWEEN: Statement = {
  name: "dag_run_between",
  text: `
select id from dagsmith.dag_run
where dag_id = $1 and logical_date >= coalesce($2, '-infinity'::timestamptz)
  and logical_date <= coalesce($3, 'infinity'::timestamptz) and deleting_since is null
order by logical_date, id limit $4`,
};

/** Runs by id; unknown ids are missing. */
export function seeRuns(db: Queryable, ids: readonly number[]): Promise<readonly NamedRun[]> {
  return db.query<NamedRun & Record<string, unknown>>(SEE, [ids]);
}

/**
 * The same, locked until the end of the transaction. Only workers that claim tries do not
 * wait for it.
 */
export function holdRuns(tx: Queryable, ids: readonly number[]): Promise<readonly NamedRun[]> {
  return tx.query<NamedRun & Record<string, unknown>>(HOLD, [ids]);
}

/** The runs of a DAG with logical dates in a range, inclusive; null: no bound. */
export async function runsBetweenDates(
  db: Queryable,
  dagId: string,
  range: { readonly from: Date | null; readonly to: Date | null },
  limit: number,
): Promise<readonly number[]> {
  return (await db.query<{ id: number }>(BETWEEN, [dagId, range.from, range.to, limit])).map(
    ({ id }) => id,
  );
}
