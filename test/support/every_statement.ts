/** An operation that fails at each of its statements, one after the other, and is sent again: its effects in between and in the end. */
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

/** Runs the operation as often as it has statements, each time failing at the next one. @returns how many statements it has */
export async function atEveryStatement(
  healthy: Database,
  failing: (db: Database, statement: number) => CrashingDatabase,
  make: () => Promise<Operation>,
): Promise<number> {
  for (let statement = 1; ; statement++) {
    const { dagId, run, check } = await make();
    const db = failing(healthy, statement);
    await run(db).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    await expectSoundQueue(healthy, dagId);
    await run(healthy);
    await expectSoundQueue(healthy, dagId);
    await check();
    if (!db.fired) return statement - 1;
  }
}

/** Every instance that waits for a worker, which a group never does, has one token for its try, and no other instance has one for its own. */
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
