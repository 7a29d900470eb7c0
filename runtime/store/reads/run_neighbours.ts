/** The runs of a DAG before and after one run. */
import type { Queryable, Statement } from "../database/database.ts";

/** Ids of runs; null where there is none. */
export interface RunNeighbours {
  readonly previous: number | null;
  readonly next: number | null;
}

const NEIGHBOURS: Statement = {
  name: "run_neighbours",
  text: `
select
  (select id from dagsmith.dag_run where dag_id = $1 and id < $2 order by id desc limit 1) as previous,
  (select id from dagsmith.dag_run where dag_id = $1 and id > $2 order by id limit 1) as next`,
};

/** In the order in which the runs were created, as lists of runs are. */
export async function runNeighbours(
  db: Queryable,
  dagId: string,
  id: number,
): Promise<RunNeighbours> {
  const [row] = await db.query<{ previous: number | null; next: number | null }>(NEIGHBOURS, [
    dagId,
    id,
  ]);
  return row ?? { previous: null, next: null };
}
