/** Each check of a chaos run finds the promise that it is about when it is broken. */
import { beforeEach, expect, test } from "vitest";
import { migratedDatabase, rows } from "../support/migrated.ts";
import { dagSpec, Rows } from "../support/rows.ts";
import { type Check, checkAll } from "./checks.ts";
import { SCHEDULED } from "./dags.ts";
import type { Note } from "./journal.ts";

const postgres = migratedDatabase();
const TICK = { everyMs: 3_000 };
const broken = (checks: readonly Check[]): readonly string[] =>
  checks.flatMap(({ name, problems }) => (problems.length > 0 ? [name] : []));
const sql = (text: string, values: readonly unknown[] = []) => rows(postgres.db, text, values);

/**
 * An ended run with one successful task and the callback of its end, and the journal of
 * both.
 */
async function soundRun(startedAt = new Date("2026-01-01")) {
  const writer = new Rows(postgres.db.pool);
  const spec = dagSpec(SCHEDULED);
  const version = await writer.dag(spec);
  const id = await writer.run(SCHEDULED, version, { startedAt, runId: "r" });
  await writer.instance(id, "only", { state: "success" });
  await sql(
    `insert into dagsmith.callback (run_id, event, state, attempts, finished_at)
     values ($1, 'onSuccess', 'success', 1, now())`,
    [id],
  );
  return { writer, version, id };
}
const TRY = { dagId: SCHEDULED, runId: "r", taskId: "only", mapIndex: -1, tryNumber: 1 };
const SOUND: readonly Note[] = [
  { what: "start", ...TRY },
  { what: "end", ...TRY },
  { what: "callback", ...TRY, taskId: "", tryNumber: 0, event: "onSuccess" },
];
const check = (journal = SOUND) => checkAll(postgres.db, journal, TICK);

beforeEach(async () => {
  await sql("truncate dagsmith.dag, dagsmith.callback cascade");
  await sql("select dagsmith_queue.complete_jobs(array(select id from dagsmith_queue.jobs))");
});

test("a sound run breaks no promise", async () => {
  await soundRun();
  expect(broken(await check())).toEqual([]);
});

const INSTANCE = "(select id from dagsmith.task_instance)";
const RUN = "(select id from dagsmith.dag_run)";

test.each<readonly [string, string]>([
  ["every run ended", "update dagsmith.dag_run set state = 'running', finished_at = null"],
  [
    "no instance of an ended run is open",
    "update dagsmith.task_instance set state = 'queued', finished_at = null",
  ],
  [
    "every failed or lost try has a reason",
    `insert into dagsmith.task_try (task_instance_id, try_number, state) values (${INSTANCE}, 0, 'lost')`,
  ],
  [
    "a task fails by nothing that another did",
    "update dagsmith.task_instance set state = 'failed', reason = 'INVALID_TASK_MESSAGE: no JSON'",
  ],
  [
    "no instance succeeded twice",
    `insert into dagsmith.task_try (task_instance_id, try_number, state) values (${INSTANCE}, 0, 'success')`,
  ],
  [
    "slots and pools are free",
    `with queued as (update dagsmith.task_instance set state = 'queued', finished_at = null returning id)
     insert into dagsmith.slot_request (instance_id, try_number, reservations, weight, map_index)
     select id, 1, '[["pool",1,1]]', 1, -1 from queued`,
  ],
  [
    "nothing waits",
    `insert into dagsmith.depends_on_past_wait (run_id, task_id) values (${RUN}, 'only')`,
  ],
  ["the queue is empty", "select dagsmith_queue.add_job('run_task', '{}')"],
  ["every callback ended", "update dagsmith.callback set state = 'running', finished_at = null"],
  ["every end of a run is called back once", "delete from dagsmith.callback"],
  [
    "a schedule makes each interval once",
    `with first as (update dagsmith.dag_run set run_type = 'scheduled' returning *)
     insert into dagsmith.dag_run (dag_id, run_id, run_type, version_id, logical_date, data_interval_start, data_interval_end, run_after)
     select dag_id, 'again', run_type, version_id, logical_date, logical_date, logical_date, logical_date from first`,
  ],
  [
    "no interval is skipped",
    `with first as (update dagsmith.dag_run set run_type = 'scheduled' returning *)
     insert into dagsmith.dag_run (dag_id, run_id, run_type, version_id, logical_date, data_interval_start, data_interval_end, run_after)
     select dag_id, 'later', run_type, version_id, later, later, later, later
     from first, lateral (select logical_date + interval '9 seconds' as later) date`,
  ],
  ["callbacks ran as often as counted", "update dagsmith.callback set attempts = 0"],
  ["counters equal a recount", "update dagsmith.dag_run set open_tasks = 3"],
])("%s", async (name, breaking) => {
  await soundRun();
  await sql(breaking);
  expect(broken(await check())).toContain(name);
});

test.each<readonly [string, readonly Note[]]>([
  ["every try started once", [...SOUND, SOUND[0] as Note]],
  ["every started try is known", [...SOUND, { what: "start", ...TRY, tryNumber: 2 }]],
  ["every success has its end", SOUND.filter(({ what }) => what !== "end")],
  ["callbacks ran as often as counted", [...SOUND, SOUND[2] as Note]],
])("by the journal: %s", async (name, journal) => {
  await soundRun();
  expect(broken(await check(journal))).toEqual([name]);
});
