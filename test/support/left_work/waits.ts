/** Tasks that wait for slots, times, runs or calls: left over for jobs of the scheduler. */
import { cancelTask, markRun, triggerRun } from "../../../runtime/actions/index.ts";
import type { Database } from "../../../runtime/store/database/database.ts";
import { makeCalls } from "../../../runtime/transactions/make_calls.ts";
import type { AskSpec } from "../../../sdk/spec/index.ts";
import { externalRun, waitFor } from "../../../sdk/task/wait.ts";
import { driverOf, success } from "../engine_driver.ts";
import { rows } from "../migrated.ts";

import {
  anHourAgo,
  both,
  calledRunOf,
  endOnly,
  idOf,
  isCallState,
  isRunState,
  isState,
  type LeftWorkCase,
  lockInstances,
  lockRow,
  lockRun,
  me,
  newDag,
  oneTask,
  plans,
  twoCalls,
  twoRuns,
  twoWaitingRuns,
} from "./parts.ts";

/** Two runs that ask people, and remind them. */
async function twoQuestions(db: Database) {
  const options = ["yes", "no"] as const;
  const runs = await twoRuns(db, (d) =>
    d.ask("it", { subject: "Go?", options, onAsk: () => undefined }),
  );
  for (const run of runs) await endOnly(run, { kind: "deferred", wait: ASK });
  return runs;
}

const ASK: AskSpec = {
  ...{ type: "ask", subject: "Go?", body: null, timeoutMs: null, otherwise: null },
  reminderMs: 3_600_000,
};
const REMINDERS = "(select count(*)::int from dagsmith.callback c where c.run_id = k.key)";
const lockQuestion = (runId: number): string => lockRow("question", `run_id = ${runId}`);
const isQuestion = (condition: string): string =>
  `exists (select from dagsmith.question q where q.run_id = k.key and ${condition})`;

export const WAIT_WORK: readonly LeftWorkCase[] = [
  {
    job: "grant_slots",
    held: "an instance",
    make: async (db) => {
      await rows(
        db,
        "insert into dagsmith.pool (name, slots) values ('left', 100) on conflict do nothing",
      );
      const runs = await twoRuns(db, (d) =>
        d.task("a", { pool: "left", retries: 1, retryDelay: "1h" }, async () => null),
      );
      const ids = runs.map(({ id }) => id);
      await rows(
        db,
        `with again as (
           update dagsmith.slot_request set admitted_at = null
           where instance_id in (select id from dagsmith.task_instance where run_id = any($1))
           returning instance_id)
         update dagsmith.task_instance set state = 'scheduled', queued_at = null
         where id in (select instance_id from again)`,
        [ids],
      );
      return { lock: lockInstances(ids[0]!), done: both(ids, isState("'queued'")) };
    },
  },
  {
    job: "end_waits",
    held: "a run",
    make: async (db) => {
      const ids = (await twoRuns(db, (d) => d.task("a", waitFor("1m")))).map(({ id }) => id);
      await anHourAgo(db, "task_wait", "due_at");
      return { lock: lockRun(ids[0]!), done: both(ids, isState("'success'")) };
    },
  },
  {
    job: "end_waits",
    held: "a run that waits for another run",
    make: async (db) => {
      const awaited = await newDag(db, oneTask);
      const runs = await twoRuns(db, (d) => d.task("a", externalRun({ dag: awaited })));
      const { id } = await triggerRun(db, { dagId: awaited, ...me });
      await markRun(db, { id, to: "success", ...me });
      await rows(
        db,
        `update dagsmith.task_wait w set logical_date = r.logical_date
         from dagsmith.dag_run r where r.id = $1 and w.kind = 'run'`,
        [id],
      );
      const ids = runs.map((run) => run.id);
      return { lock: lockRun(ids[0]!), done: both(ids, isState("'success'")) };
    },
  },
  {
    job: "end_waits",
    held: "the instance of a sensor",
    make: async (db) => {
      const runs = await twoRuns(db, (d) =>
        d.sensor("a", { interval: "1h", timeout: "1d" }, async () => false),
      );
      for (const run of runs) await endOnly(run, { kind: "not_yet" });
      await anHourAgo(db, "task_wait", "due_at");
      const ids = runs.map(({ id }) => id);
      return { lock: lockInstances(ids[0]!), done: both(ids, isState("'queued'")) };
    },
  },
  {
    job: "follow_calls",
    held: "a new call",
    make: async (db) => {
      const ids = (await twoCalls(db)).map(({ id }) => id);
      return {
        lock: `select from dagsmith.task_call where task_instance_id in
          (select id from dagsmith.task_instance where run_id = ${ids[0]}) for update`,
        done: both(ids, isCallState("going")),
      };
    },
  },
  {
    job: "follow_calls",
    held: "a run whose call has ended",
    make: async (db) => {
      const ids = (await twoCalls(db)).map(({ id }) => id);
      await makeCalls(db, plans);
      for (const id of ids) {
        const called = driverOf(db, plans, await idOf(db, calledRunOf(id)));
        await endOnly({ driver: called }, success());
      }
      return { lock: lockRun(ids[0]!), done: both(ids, isState("'success'")) };
    },
  },
  {
    job: "follow_calls",
    held: "a run that no task waits for any more",
    make: async (db) => {
      const runs = await twoCalls(db);
      await makeCalls(db, plans);
      for (const { id } of runs) await cancelTask(db, { id, taskId: "it", ...me });
      const called = [];
      for (const { id } of runs) called.push(await idOf(db, calledRunOf(id)));
      return { lock: lockRun(called[0]!), done: both(called, isRunState("failed")) };
    },
  },
  {
    job: "expire_queued",
    held: "a run",
    make: async (db) => {
      const runs = await twoRuns(db, (d) => d.task("a", { queueTimeout: "1m" }, async () => null));
      await anHourAgo(db, "task_instance", "queued_at");
      const ids = runs.map(({ id }) => id);
      return { lock: lockRun(ids[0]!), done: both(ids, isState("'failed'")) };
    },
  },
  {
    job: "release_depends_on_past",
    held: "a run",
    make: async (db) => {
      const ids = await twoWaitingRuns(db);
      return { lock: lockRun(ids[0]!), done: both(ids, isState("'queued'")) };
    },
  },
  {
    job: "sweep_waits",
    held: "a wait",
    make: async (db) => {
      const runs = await twoRuns(db, (d) => d.task("a", waitFor("1h")));
      const ids = runs.map(({ id }) => id);
      // As a process of an older version leaves it: the wait stays.
      await rows(
        db,
        "update dagsmith.task_wait set try_number = try_number + 1 where run_id = any($1)",
        [ids],
      );
      return {
        lock: lockRow("task_wait", `run_id = ${ids[0]}`),
        done: both(ids, "not exists (select from dagsmith.task_wait w where w.run_id = k.key)"),
      };
    },
  },
  {
    job: "sweep_waits",
    held: "a question",
    make: async (db) => {
      const runs = await twoQuestions(db);
      const ids = runs.map(({ id }) => id);
      // As a process leaves it that died while it ended the wait.
      await rows(
        db,
        "update dagsmith.question set try_number = try_number + 1 where run_id = any($1)",
        [ids],
      );
      return { lock: lockQuestion(ids[0]!), done: both(ids, isQuestion("q.state = 'closed'")) };
    },
  },
  {
    job: "remind_questions",
    held: "a question",
    make: async (db) => {
      const ids = (await twoQuestions(db)).map(({ id }) => id);
      const before = both(ids, REMINDERS);
      const [first, second] = await rows<{ done: number }>(db, before);
      await rows(db, "update dagsmith.question set remind_at = now() where run_id = any($1)", [
        ids,
      ]);
      const already = `case k.key when ${ids[0]} then ${first!.done} else ${second!.done} end`;
      return { lock: lockQuestion(ids[0]!), done: both(ids, `(${REMINDERS}) > ${already}`) };
    },
  },
];
