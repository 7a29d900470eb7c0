/**
 * An operation that fails at each of its statements, one after the other, and is sent
 * again: its effects in between and in the end.
 */
import { expect } from "vitest";
import type { Database } from "../../runtime/store/database/database.ts";
import { Crash, type CrashingDatabase } from "./crashing_database.ts";
import { rows } from "./migrated.ts";

export interface Operation {
  readonly dagId: string;
  /** The operation; it must be possible to say it again. */
  readonly run: (db: Database) => Promise<unknown>;
  /** What holds after it was said again. */
  readonly check: () => Promise<void>;
}

/**
 * Runs the operation with a failure at each of its statements, one after the other. A
 * failure that left every row as it was needs no new start: the operation is sent again
 * to fail at the next statement.
 * @returns how many statements it has
 */
export async function atEveryStatement(
  healthy: Database,
  failing: (db: Database, statement: number) => CrashingDatabase,
  make: () => Promise<Operation>,
): Promise<number> {
  let operation = await make();
  for (let statement = 1; ; statement++) {
    const before = await rowVersions(healthy);
    const db = failing(healthy, statement);
    await failed(operation, db);
    await expectSoundQueue(healthy, operation.dagId);
    if (db.failures > 0 && (await rowVersions(healthy)) === before) continue;
    await sentAgain(operation, healthy);
    if (db.failures === 0) return db.statements;
    operation = await make();
  }
}

async function failed({ run }: Operation, db: CrashingDatabase): Promise<void> {
  await run(db).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
}

async function sentAgain({ dagId, run, check }: Operation, healthy: Database): Promise<void> {
  await run(healthy);
  await expectSoundQueue(healthy, dagId);
  await check();
}

/**
 * One number for the rows of all tables: each write that was committed gives another one.
 */
async function rowVersions(db: Database): Promise<string> {
  const tables = await rows<{ name: string }>(
    db,
    `select c.oid::regclass::text as name from pg_class c
     where c.relkind = 'r' and c.relnamespace in ('dagsmith'::regnamespace, 'dagsmith_queue'::regnamespace)
     order by 1`,
  );
  const versions = tables.map(
    ({ name }) =>
      `select hashtextextended(concat_ws(' ', tableoid, ctid, xmin), 0) as h from ${name}`,
  );
  const [all] = await rows<{ sum: string }>(
    db,
    `select coalesce(sum(h), 0)::text as sum from (${versions.join(" union all ")}) v`,
  );
  return all!.sum;
}

/**
 * Every instance that waits for a worker, which a group never does, has one token for its
 * try, and no other instance has one for its own.
 */
export async function expectSoundQueue(db: Database, dagId: string): Promise<void> {
  const wrong = await rows(
    db,
    `select t.id, t.task_id, t.map_index, t.state, t.try_number, count(j.id)::int as tokens
     from dagsmith.dag_run r join dagsmith.task_instance t on t.run_id = r.id
     left join dagsmith_queue._private_jobs j on (j.payload ->> 'ti')::bigint = t.id and (j.payload ->> 'try')::int = t.try_number
     left join dagsmith.task_wait w on w.task_instance_id = t.id and w.try_number = t.try_number and w.kind = 'group_retry'
     where r.dag_id = $1
     group by t.id, w.kind having count(j.id) <> case when t.state in ('queued', 'up_for_retry') and w.kind is null then 1 else count(j.id) end
       or (t.state in ('none', 'scheduled') and count(j.id) > 0) or count(j.id) > 1`,
    [dagId],
  );
  expect(wrong).toEqual([]);
}

/** Lets an error pass that a second saying of the operation may meet. */
export const allowing =
  (...codes: readonly string[]) =>
  (error: { readonly code?: string }): void => {
    if (!codes.includes(error.code ?? "")) throw error;
  };
