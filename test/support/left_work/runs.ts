/** Runs that are due, or that must end: left over for jobs of the scheduler. */
import { markRun, pauseDag, triggerRun, updateAsset } from "../../../runtime/actions/index.ts";
import { asset } from "../../../sdk/sources/asset.ts";
import { dagRun } from "../../../sdk/sources/dag_run.ts";
import { failed } from "../engine_driver.ts";
import { rows } from "../migrated.ts";

import {
  anHourAgo,
  both,
  DAILY,
  endOnly,
  hasRun,
  isRunState,
  type LeftWorkCase,
  lockDag,
  lockRow,
  lockRun,
  me,
  newDag,
  nextId,
  oneTask,
  pausedTwice,
  twice,
  twoBackfills,
  twoRuns,
} from "./parts.ts";

export const RUN_WORK: readonly LeftWorkCase[] = [
  {
    job: "create_runs",
    held: "a DAG",
    make: async (db) => {
      const ids = await twice(() => newDag(db, oneTask, { ...DAILY, catchup: "last" }));
      await rows(db, "update dagsmith.dag set next_run_after = now() where dag_id = any($1)", [
        ids,
      ]);
      return { lock: lockDag(ids[0]), done: both(ids, hasRun) };
    },
  },
  {
    job: "start_runs",
    held: "a DAG",
    make: async (db) => {
      const ids = await twice(() => newDag(db, oneTask));
      for (const dagId of ids) await pauseDag(db, { dagId, ...me });
      for (const dagId of ids) await triggerRun(db, { dagId, ...me });
      await rows(db, "update dagsmith.dag set is_paused = false where dag_id = any($1)", [ids]);
      return {
        lock: lockDag(ids[0]),
        done: both(
          ids,
          "exists (select from dagsmith.dag_run r where r.dag_id = k.key and r.state = 'running')",
        ),
      };
    },
  },
  {
    job: "pause_failing",
    held: "a DAG",
    make: async (db) => {
      const runs = await twoRuns(db, oneTask, { maxConsecutiveFailedDagRuns: 1 });
      for (const run of runs) await endOnly(run, failed(false));
      const ids = runs.map(({ dagId }) => dagId);
      return {
        lock: lockDag(ids[0]!),
        done: both(
          ids,
          "exists (select from dagsmith.dag d where d.dag_id = k.key and d.is_paused)",
        ),
      };
    },
  },
  {
    job: "advance_backfills",
    held: "a backfill",
    make: async (db) => {
      const found = await twoBackfills(db);
      return {
        lock: lockRow("backfill", `id = ${found[0]!.id}`),
        done: both(
          found.map(({ dagId }) => dagId),
          hasRun,
        ),
      };
    },
  },
  {
    job: "advance_backfills",
    held: "a run that a backfill runs again",
    make: async (db) => {
      const runIds = (await twoBackfills(db, { overRuns: true })).map(({ runId }) => runId);
      return {
        lock: lockRun(runIds[0]!),
        done: both(
          runIds,
          "exists (select from dagsmith.dag_run r where r.id = k.key and r.state = 'running')",
        ),
      };
    },
  },
  {
    job: "advance_backfills",
    held: "a backfill whose runs have ended",
    make: async (db) => {
      const ids = (await twoBackfills(db)).map(({ id }) => id);
      await rows(
        db,
        `update dagsmith.backfill_run set decision = 'skip', reason = 'exists' where backfill_id = any($1)`,
        [ids],
      );
      return {
        lock: lockRow("backfill", `id = ${ids[0]}`),
        done: both(
          ids,
          "exists (select from dagsmith.backfill b where b.id = k.key and b.state = 'completed')",
        ),
      };
    },
  },
  {
    job: "create_asset_runs",
    held: "a DAG",
    make: (db) => {
      const uri = `left://${nextId()}`;
      return pausedTwice(db, { schedule: asset(uri) }, () =>
        updateAsset(db, { uri, extra: {}, ...me }),
      );
    },
  },
  {
    job: "create_end_runs",
    held: "a DAG",
    make: async (db) => {
      const source = await newDag(db, oneTask);
      return pausedTwice(db, { on: [dagRun({ dag: source, name: "after" })] }, async () => {
        const { id } = await triggerRun(db, { dagId: source, ...me });
        await markRun(db, { id, to: "success", ...me });
      });
    },
  },
  {
    job: "end_overdue",
    held: "a run",
    make: async (db) => {
      const ids = (await twoRuns(db, oneTask, { dagRunTimeout: "1m" })).map(({ id }) => id);
      await anHourAgo(db, "dag_run", "timeout_at");
      return { lock: lockRun(ids[0]!), done: both(ids, isRunState("failed")) };
    },
  },
  {
    job: "miss_deadlines",
    held: "a deadline",
    make: async (db) => {
      const deadline = {
        reference: "queuedAt",
        interval: "1h",
        callback: () => undefined,
      } as const;
      const runs = await twoRuns(db, oneTask, { deadlines: [deadline] });
      await rows(db, "update dagsmith.deadline set due_at = now()");
      const ids = runs.map(({ id }) => id);
      return {
        lock: lockRow("deadline", `run_id = ${ids[0]}`),
        done: both(ids, "exists (select from dagsmith.callback c where c.run_id = k.key)"),
      };
    },
  },
];
