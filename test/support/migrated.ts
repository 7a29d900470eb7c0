/**
 * A database of one's own with our tables and the queue's in it, open; and what tests ask
 * of it again and again.
 */

import { createHash } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { type DeployableVersion, deployVersions } from "../../runtime/store/dags/deploy.ts";
import {
  type Database,
  openDatabase,
  type Queryable,
} from "../../runtime/store/database/database.ts";
import type { Dag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { MIGRATED, testDatabase } from "./postgres.ts";

/**
 * Opens one for all tests of a file. Read `.db` inside tests only: it is there once they
 * begin.
 */
export function migratedDatabase(poolSize = 10): { readonly db: Database } {
  let db: Database | undefined;
  let drop = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const database = await testDatabase({ from: MIGRATED });
    drop = () => database.drop();
    db = openDatabase(database.url, { poolSize });
  });
  afterAll(async () => {
    await db?.close();
    await drop();
  });
  return {
    get db() {
      if (!db) throw new Error("the database opens when the tests begin");
      return db;
    },
  };
}

/** A row query in a test's own words. */
export async function rows<Row extends Record<string, unknown>>(
  db: Queryable,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const name = `test_${createHash("sha256").update(text).digest("hex").slice(0, 40)}`;
  return db.query<Row>({ name, text }, values);
}

/** A version without code: for tests in which no task body runs. */
export function versionOf(dag: Dag<never> | DagSpec, generation = "1"): DeployableVersion {
  const spec =
    "tasks" in dag && "catchup" in dag
      ? (dag as DagSpec)
      : describeDag(dag as unknown as Dag<unknown>);
  const code = Buffer.from(`${JSON.stringify(spec)} ${generation}`);
  const bundleHash = createHash("sha256").update(code).digest("hex");
  return {
    dagId: spec.dagId,
    versionHash: bundleHash.slice(0, 12),
    bundleHash,
    file: `${spec.dagId}.ts`,
    spec,
    positions: {},
    code,
    sourceMap: Buffer.from("{}"),
  };
}

/** Makes DAGs known to a database, as a deployment does. */
export async function known(db: Database, ...specs: readonly DagSpec[]): Promise<void> {
  await db.transaction((tx) =>
    deployVersions(
      tx,
      specs.map((spec) => versionOf(spec)),
    ),
  );
}

/** The wake-up tokens in the queue, as `instance#try`, in order. */
export async function tokens(db: Queryable): Promise<readonly string[]> {
  const found = await rows<{ token: string }>(
    db,
    "select (payload ->> 'ti') || '#' || (payload ->> 'try') as token from dagsmith_queue._private_jobs order by (payload ->> 'ti')::bigint, (payload ->> 'try')::int",
  );
  return found.map(({ token }) => token);
}

/**
 * A worker with a lease: only such a worker may take a try. @returns false when it has
 * one
 */
export async function registeredWorker(db: Queryable, id: string): Promise<boolean> {
  const registered = await rows(
    db,
    `insert into dagsmith.worker (id, pool_id, hostname, pid, session_name, slots)
     values ($1, $1, 'host', 1, $1, 1) on conflict do nothing returning id`,
    [id],
  );
  return registered.length > 0;
}
