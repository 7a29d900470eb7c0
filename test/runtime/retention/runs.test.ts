/** Old runs go with all they own, except those that something still needs. */
import { describe, expect, test } from "vitest";
import { clearRuns, labelRun, markRun, noteRun } from "../../../runtime/actions/index.ts";
import { markRuns } from "../../../runtime/store/retention/expired_runs.ts";
import { cleanOld, DAY_MS, History } from "../../support/history.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { Rows } from "../../support/rows.ts";

const postgres = migratedDatabase();
const runs = () => cleanOld(postgres.db, ["runs"]);

/**
 * Runs that ended 103, 102 and 101 days ago, and yesterday. Retention deletes the first
 * two.
 */
async function fourRuns(more = {}) {
  const history = await History.of(postgres.db, more);
  const ids: number[] = [];
  for (const days of [103, 102, 101, 1]) ids.push(await history.run(days));
  return { history, ids: ids as [number, number, number, number] };
}

const OWNED = ["task_instance", "task_counter", "xcom"];

test("old runs go with all they own; the newest stays, and the run before a kept one", async () => {
  const { history, ids } = await fourRuns();
  await runs();
  expect(await history.runs()).toEqual(ids.slice(2));
  for (const table of OWNED) {
    const left = await history.sql(
      `select distinct run_id as id from dagsmith.${table} where run_id = any($1) order by 1`,
      [ids],
    );
    expect(left.map(({ id }) => id)).toEqual(ids.slice(2));
  }
  const orphans = await history.sql(
    `select from dagsmith.log_chunk c left join dagsmith.task_instance t on t.id = c.task_instance_id where t.id is null
     union all select from dagsmith.task_try y left join dagsmith.task_instance t on t.id = y.task_instance_id where t.id is null`,
  );
  expect(orphans).toEqual([]);
});

describe("a run stays whatever its age", () => {
  type Made = Awaited<ReturnType<typeof fourRuns>>;
  const kept = async (more: object, pin: (made: Made) => Promise<unknown>): Promise<void> => {
    const made = await fourRuns(more);
    const [first, , third, fourth] = made.ids;
    await pin(made);
    await runs();
    expect(await made.history.runs()).toEqual([first, third, fourth]);
  };
  const scheduled = "update dagsmith.dag_run set schedule = '' where id = any($1)";
  const memory = `insert into dagsmith.dag_schedule (dag_id, name, last_interval_start, last_interval_end, gaps)
    values ($1, '', now(), now(), $2)`;

  test("while it is active", () =>
    kept({}, ({ history, ids: [first] }) =>
      history.sql(
        "update dagsmith.dag_run set state = 'running', finished_at = null where id = $1",
        [first],
      ),
    ));

  test("while a task of another DAG waits for it", () =>
    kept({}, async ({ history, ids: [first] }) => {
      const waiting = await History.of(postgres.db);
      const instance = await waiting.instance(await waiting.run(0, "running"), "waits");
      await history.sql(
        `insert into dagsmith.task_wait (task_instance_id, try_number, run_id, kind, due_at, dag_id, logical_date)
         select $1, 1, $2, 'run', now(), dag_id, logical_date from dagsmith.dag_run where id = $2`,
        [instance, first],
      );
    }));

  test("while its end waits for a DAG that listens to it", () =>
    kept({}, ({ history, ids: [first] }) =>
      history.sql(
        "insert into dagsmith.run_end (dag_id, source, run_id, state) values ($1, 's', $2, 'success')",
        [history.dagId, first],
      ),
    ));

  test("while an update of an asset that it made waits for a DAG", () =>
    kept({}, async ({ history, ids: [first] }) => {
      await history.sql("insert into dagsmith.asset (uri) values ($1)", [`x://${first}`]);
      await history.sql(
        `with event as (
           insert into dagsmith.asset_event (uri, run_id, task_id, map_index) values ($1, $2, 'only', -1) returning id)
         insert into dagsmith.asset_queue (dag_id, event_id, uri) select $3, id, $1 from event`,
        [`x://${first}`, first, history.dagId],
      );
    }));

  test("while a backfill that is not over planned it: it would run again", () =>
    kept({}, ({ history, ids: [first] }) =>
      history.sql(
        `with plan as (
           insert into dagsmith.backfill (dag_id, schedule_name, schedule, from_date, to_date, reprocess, backwards,
             max_active_runs, params, given_params, labels, code, version_id, created_by)
           values ($1, '', '{}', now(), now(), 'none', false, 1, '{}', '{}', '{}', 'latest', $2, 'ann') returning id)
         insert into dagsmith.backfill_run (backfill_id, ordinal, logical_date, data_interval_start, data_interval_end, run_after, decision, run_id)
         select id, 1, now(), now(), now(), now(), 'run', $3 from plan`,
        [history.dagId, history.versionId, first],
      ),
    ));

  test("while a callback of it has not run", () =>
    kept({}, ({ history, ids: [first] }) =>
      history.sql("insert into dagsmith.callback (run_id, event) values ($1, 'onFailure')", [
        first,
      ]),
    ));

  test("while its deadline has not come", () =>
    kept({}, ({ history, ids: [first] }) =>
      history.sql("insert into dagsmith.deadline (run_id, ordinal, due_at) values ($1, 0, now())", [
        first,
      ]),
    ));

  test("while a task of an active run looks back at it, past runs by hand", () =>
    kept({ catchup: "all" }, async ({ history, ids: [first, , , fourth] }) => {
      await history.sql(scheduled, [[first, fourth]]);
      await history.sql("update dagsmith.dag_run set run_type = 'scheduled' where id = any($1)", [
        [first, fourth],
      ]);
      await history.sql(memory, [history.dagId, "[]"]);
      await history.sql(
        "update dagsmith.dag_run set state = 'running', finished_at = null where id = $1",
        [fourth],
      );
    }));

  test("while its schedule leaves the interval open, for a catchup of the newest first", () =>
    kept({}, async ({ history, ids }) => {
      await history.sql(scheduled, [ids]);
      const before = new Date(Date.now() - 102.5 * DAY_MS).toISOString();
      await history.sql(memory, [history.dagId, JSON.stringify([{ after: null, before }])]);
    }));

  test("while another transaction has locked it, until the next pass", async () => {
    const { history, ids } = await fourRuns();
    const [first] = ids;
    await postgres.db.transaction(async (tx) => {
      await rows(tx, "select from dagsmith.dag_run where id = $1 for no key update", [first]);
      await runs();
      expect(await history.runs()).toEqual([first, ...ids.slice(2)]);
    });
    await runs();
    expect(await history.runs()).toEqual(ids.slice(2));
  });

  test.each([
    ["as many as may fail in a row", { maxConsecutiveFailedDagRuns: 4 }],
    [
      "as many as a deadline takes the average of",
      {
        deadlines: [{ type: "averageRuntime", runs: 4, intervalMs: 0 }],
      },
    ],
  ])("when it is one of the newest: %s", async (_, more) => {
    const { history, ids } = await fourRuns(more);
    await runs();
    expect(await history.runs()).toEqual(ids);
  });

  test("when its schedule has not decided its interval: the scheduler would make it again", async () => {
    const { history, ids } = await fourRuns();
    await history.sql(scheduled, [ids]);
    await runs();
    expect(await history.runs()).toEqual(ids);
    await history.sql(memory, [history.dagId, "[]"]);
    await runs();
    expect(await history.runs()).toEqual(ids.slice(2));
  });

  test("when it is the last run of its schedule, though runs of another one came later", async () => {
    const { history, ids } = await fourRuns();
    const [first, , third, fourth] = ids;
    await history.sql("update dagsmith.dag_run set schedule = 'green' where id = $1", [first]);
    await history.sql(
      "insert into dagsmith.dag_schedule (dag_id, name, last_interval_start, last_interval_end) values ($1, 'green', now(), now())",
      [history.dagId],
    );
    await runs();
    expect(await history.runs()).toEqual([first, third, fourth]);
  });
});

test("no transaction deletes more than 1,000 rows, however wide the run was", async () => {
  const { history, ids } = await fourRuns();
  const [first, second] = ids;
  const wide = await new Rows(postgres.db.pool).instances(
    Array.from({ length: 2_500 }, (_, mapIndex) => ({
      ...{ runId: first!, taskId: "wide", mapIndex, state: "success" },
    })),
  );
  await history.sql(
    `insert into dagsmith.log_chunk (task_instance_id, try_number, seq, lines)
     select id, 1, n, 'line' from unnest($1::bigint[]) id, generate_series(1, 2) n`,
    [wide],
  );
  const steps = await runs();
  expect(Math.max(...steps)).toBe(1_000);
  expect(steps.reduce((sum, rows) => sum + rows, 0)).toBeGreaterThan(7_500);
  expect(await history.runs()).not.toContain(second);
});

test("a run that is being deleted is unknown to every action, and no task looks back at it", async () => {
  const { history, ids } = await fourRuns();
  const [first] = ids;
  await postgres.db.transaction((tx) => markRuns(tx, 90 * DAY_MS, [first]));
  const me = { actor: "ann" };
  const unknown = expect.objectContaining({ code: "UNKNOWN_RUN" });
  const acts: readonly (() => Promise<unknown>)[] = [
    () => clearRuns(postgres.db, { of: { run: first }, ...me }),
    () => markRun(postgres.db, { id: first, to: "failed", ...me }),
    () => noteRun(postgres.db, { id: first, note: "hello", ...me }),
    () => labelRun(postgres.db, { id: first, labels: { a: "b" }, ...me }),
  ];
  for (const act of acts) await expect(act()).rejects.toEqual(unknown);
  const range = await clearRuns(postgres.db, {
    of: { dagId: history.dagId, from: "2000-01-01" },
    ...me,
  });
  expect(range.map(({ id }) => id)).toEqual(ids.slice(1));
});
