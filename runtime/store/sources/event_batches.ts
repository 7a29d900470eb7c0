/** What the sources share whose events wait elsewhere until the DAG takes them. */
import type { Queryable, Statement } from "../database/database.ts";
import { activeRuns } from "../runs/dag_run.ts";

/** A DAG with this many active runs gets no more: further events wait where they are. */
const MOST_ACTIVE = 1_000;

const LOCK_DAG: Statement = {
  name: "event_batches_lock_dag",
  text: `
select version_id as "versionId", clock_timestamp() as now from dagsmith.dag
where dag_id = $1 and not is_paused and removed_at is null and version_id is not null
for no key update`,
};

interface OpenDag {
  readonly versionId: number;
  readonly now: Date;
}

/** Locks a DAG that may get runs; undefined when it is paused or removed. */
export async function lockOpenDag(tx: Queryable, dagId: string): Promise<OpenDag | undefined> {
  const [dag] = await tx.query<OpenDag & Record<string, unknown>>(LOCK_DAG, [dagId]);
  return dag;
}

/** How many runs the DAG may get until it has enough. */
export async function roomFor(db: Queryable, dagId: string): Promise<number> {
  const active = (await activeRuns(db, [dagId])).get(dagId)?.active ?? 0;
  return Math.max(0, MOST_ACTIVE - active);
}

/** The events in lists of at most `size`. */
export function batchesOf<One>(all: readonly One[], size: number): readonly (readonly One[])[] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, index) => all.slice(index * size, (index + 1) * size));
}
