import { runnable, success } from "../engine_driver.ts";
import { rows } from "../migrated.ts";

import {
  both,
  endOnly,
  isState,
  type LeftWorkCase,
  lockRow,
  lockRun,
  newDag,
  newRun,
  oneTask,
  silentWorker,
  twice,
  twoRuns,
} from "./parts.ts";

export const FLEET_WORK: readonly LeftWorkCase[] = [
  {
    job: "find_lost_workers",
    held: "the row of a worker",
    passes: 14,
    make: async (db) => {
      const ids = await twice(() => silentWorker(db));
      return {
        lock: lockRow("worker", `id = '${ids[0]}'`),
        done: both(
          ids,
          "exists (select from dagsmith.worker w where w.id = k.key and w.state = 'lost')",
        ),
      };
    },
  },
  {
    job: "find_lost_workers",
    held: "the row of a worker that was lost long ago",
    passes: 14,
    // Old rows are deleted when a worker is declared lost.
    before: silentWorker,
    make: async (db) => {
      const ids = await twice(() => silentWorker(db));
      await rows(
        db,
        "update dagsmith.worker set state = 'lost', heartbeat_at = now() - interval '2 days' where id = any($1)",
        [ids],
      );
      return {
        lock: lockRow("worker", `id = '${ids[0]}'`),
        done: both(ids, "not exists (select from dagsmith.worker w where w.id = k.key)"),
      };
    },
  },
  {
    job: "clean_history",
    held: "an old run",
    make: async (db) => {
      const ids = await twice(async () => {
        const dagId = await newDag(db, oneTask);
        // The newest run of each DAG is kept.
        const [old, newest] = [await newRun(db, dagId), await newRun(db, dagId)];
        for (const run of [old, newest]) await endOnly(run, success());
        await rows(
          db,
          "update dagsmith.dag_run set finished_at = now() - interval '2 days' where dag_id = $1",
          [dagId],
        );
        return old.id;
      });
      return {
        lock: lockRun(ids[0]!),
        done: both(ids, "not exists (select from dagsmith.dag_run r where r.id = k.key)"),
      };
    },
  },
  {
    job: "clean_history",
    held: "a part of an upload that was given up",
    make: async (db) => {
      const ids = await twice(async () => {
        const [chunk] = await rows<{ hash: string }>(
          db,
          `insert into dagsmith.deployment_chunk (hash, content, created_at)
           values (gen_random_uuid()::text, 'x', now() - interval '25 hours') returning hash`,
        );
        return chunk!.hash;
      });
      return {
        lock: lockRow("deployment_chunk", `hash = '${ids[0]}'`),
        done: both(
          ids,
          "not exists (select from dagsmith.deployment_chunk c where c.hash = k.key)",
        ),
      };
    },
  },
  {
    job: "rescue_tries",
    held: "a run",
    make: async (db) => {
      const runs = await twoRuns(db, oneTask);
      for (const { driver } of runs) await driver.take(runnable(await driver.look())[0]!, "gone");
      const ids = runs.map(({ id }) => id);
      return { lock: lockRun(ids[0]!), done: both(ids, isState("'queued'")) };
    },
  },
  {
    job: "unlock_jobs",
    held: "a job of the queue",
    make: async (db) => {
      const ids = (await twoRuns(db, oneTask)).map(({ id }) => id);
      const jobOf = (run: string): string =>
        `dagsmith_queue._private_jobs j where (j.payload ->> 'ti')::bigint in
          (select t.id from dagsmith.task_instance t where t.run_id = ${run})`;
      await rows(
        db,
        `update dagsmith_queue._private_jobs j set locked_by = 'gone', locked_at = now() - interval '1 hour'
         where (j.payload ->> 'ti')::bigint in
           (select t.id from dagsmith.task_instance t where t.run_id = any($1))`,
        [ids],
      );
      return {
        lock: `select from ${jobOf(String(ids[0]))} for update`,
        done: both(ids, `exists (select from ${jobOf("k.key")} and j.locked_at is null)`),
      };
    },
  },
];
