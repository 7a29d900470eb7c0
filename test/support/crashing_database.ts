/** A database that fails at one chosen statement: as when this process dies there, or when its connection breaks there. */
import type { Database, Queryable } from "../../runtime/store/database/database.ts";

/** Says: this process is gone. Nothing after it may run. */
export class Crash extends Error {}

export interface CrashingDatabase extends Database {
  /** Whether the chosen statement was reached. */
  readonly fired: boolean;
}

type Failure = (on: Queryable, inTransaction: boolean) => Promise<void>;

/** The process dies before its n-th statement, counted from 1. What its transaction did is undone by the server. */
export function dyingAt(db: Database, statement: number): CrashingDatabase {
  return failingAt(db, statement, async () => {
    throw new Crash(`at statement ${statement}`);
  });
}

/** The server ends the connection before the n-th statement. Outside a transaction nothing of ours holds a connection, so nothing breaks. */
export function disconnectedAt(db: Database, statement: number): CrashingDatabase {
  return failingAt(db, statement, async (on, inTransaction) => {
    if (inTransaction)
      await on.query({ name: "", text: "select pg_terminate_backend(pg_backend_pid())" });
  });
}

function failingAt(db: Database, statement: number, fail: Failure): CrashingDatabase {
  let count = 0;
  let fired = false;
  const counted = (on: Queryable, inTransaction: boolean): Queryable => ({
    query: async (text, values) => {
      count += 1;
      if (count === statement) {
        fired = true;
        await fail(on, inTransaction);
      }
      return on.query(text, values);
    },
  });
  return {
    ...db,
    query: counted(db, false).query,
    transaction: (work) => db.transaction((tx) => work(counted(tx, true))),
    get fired() {
      return fired;
    },
  };
}
