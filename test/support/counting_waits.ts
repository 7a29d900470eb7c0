/** How often a process waits for its database: for statements sent together it waits once. */
import type { Database, Queryable } from "../../runtime/store/database/database.ts";

export function countingWaits(healthy: Database): {
  readonly db: Database;
  readonly waits: number;
} {
  let [waits, unanswered] = [0, 0];
  const counted = (on: Queryable): Queryable => ({
    query: async (statement, values) => {
      if (unanswered === 0) waits += 1;
      unanswered += 1;
      try {
        return await on.query(statement, values);
      } finally {
        unanswered -= 1;
      }
    },
  });
  return {
    db: {
      ...healthy,
      query: counted(healthy).query,
      transaction: (work) => healthy.transaction((tx) => work(counted(tx))),
    },
    get waits() {
      return waits;
    },
  };
}
