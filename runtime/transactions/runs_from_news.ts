/**
 * The loop that creates runs of DAGs which wait for news: updates of assets, or ends of
 * other runs. A DAG that another transaction holds is left, so that it holds up no other
 * DAG.
 */
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { retryHeld } from "../store/database/retry_held.ts";
import { startQueuedRuns } from "./start_runs.ts";

/** DAGs of one transaction. */
const BATCH = 200;

/** What a transaction did for a batch of DAGs. */
export interface CreatedRuns {
  /** The DAGs of the batch that no other transaction held. */
  readonly locked: readonly string[];
  /** The DAGs that got runs, once for each run. */
  readonly made: readonly string[];
}

/** One kind of news. */
export interface News {
  /** The DAGs with news that no transaction has seen. */
  readonly dags: (db: Queryable) => Promise<readonly string[]>;
  /** Marks the news of these DAGs as seen, and creates the runs for which all is there. */
  readonly createRuns: (
    tx: Queryable,
    plans: Plans,
    dagIds: readonly string[],
  ) => Promise<CreatedRuns>;
}

/**
 * Creates the runs for which the news are complete, and starts them if the limits of
 * their DAGs allow.
 * @returns how many runs were created
 */
export async function createRunsFromNews(db: Database, plans: Plans, news: News): Promise<number> {
  let created = 0;
  await retryHeld(await news.dags(db), async (dagIds) => {
    const held = new Set<string>();
    for (let left = dagIds; left.length > 0; left = await newsBeyond(db, news, held)) {
      const batch = left.slice(0, BATCH);
      const { locked, made } = await db.transaction((tx) => news.createRuns(tx, plans, batch));
      for (const dagId of batch) if (!locked.includes(dagId)) held.add(dagId);
      if (made.length > 0) await startQueuedRuns(db, plans, [...new Set(made)]);
      created += made.length;
    }
    return [...held];
  });
  return created;
}

async function newsBeyond(
  db: Database,
  { dags }: News,
  held: ReadonlySet<string>,
): Promise<readonly string[]> {
  return (await dags(db)).filter((dagId) => !held.has(dagId));
}
