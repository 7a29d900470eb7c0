/**
 * A database that fails at chosen statements: as when this process dies there, or when
 * its connection breaks there.
 */
import type { Database, Queryable } from "../../runtime/store/database/database.ts";

/** Says: this process is gone. Nothing after it may run. */
export class Crash extends Error {}

export interface CrashingDatabase extends Database {
  /** How many statements were sent, the one that failed included. */
  readonly statements: number;
  /** How often it failed. */
  readonly failures: number;
}

/**
 * The process dies before its n-th statement, counted from 1. What its transaction did is
 * undone by the server.
 */
export function dyingAt(healthy: Database, statement: number): CrashingDatabase {
  let [statements, failures] = [0, 0];
  const counted = (on: Queryable): Queryable => ({
    query: async (text, values) => {
      statements += 1;
      if (statements === statement) {
        failures += 1;
        throw new Crash(`at statement ${statement}`);
      }
      return on.query(text, values);
    },
  });
  return {
    ...healthy,
    query: counted(healthy).query,
    transaction: (work) => healthy.transaction((tx) => work(counted(tx))),
    get statements() {
      return statements;
    },
    get failures() {
      return failures;
    },
  };
}

/**
 * The server ends the connection of every transaction once, before its n-th statement.
 * Outside a transaction nothing of ours holds a connection, so nothing can break.
 */
export function disconnectedAt(healthy: Database, statement: number): CrashingDatabase {
  let [statements, failures] = [0, 0];
  const counted = (on: Queryable, before: () => Promise<unknown>): Queryable => ({
    query: async (text, values) => {
      statements += 1;
      await before();
      return on.query(text, values);
    },
  });
  const breakingOnce = (): ((tx: Queryable) => Queryable) => {
    let isBroken = false;
    return (tx) => {
      let nth = 0;
      return counted(tx, async () => {
        nth += 1;
        if (isBroken || nth !== statement) return;
        isBroken = true;
        failures += 1;
        await tx.query({ name: "", text: "select pg_terminate_backend(pg_backend_pid())" });
      });
    };
  };
  return {
    ...healthy,
    query: counted(healthy, async () => undefined).query,
    transaction: (work) => {
      const breaking = breakingOnce();
      return healthy.transaction((tx) => work(breaking(tx)));
    },
    get statements() {
      return statements;
    },
    get failures() {
      return failures;
    },
  };
}
