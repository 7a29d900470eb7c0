/** What each kind of history deletes, apart from runs, and what it keeps. */
import { describe, expect, test } from "vitest";
import { rollbackDag } from "../../../runtime/actions/index.ts";
import { LOCK_NUMBER } from "../../../runtime/store/dags/deploy.ts";
import { cleanOld, History } from "../../support/history.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { dagSpec, Rows } from "../../support/rows.ts";

const postgres = migratedDatabase();
const sql = (text: string, values: readonly unknown[] = []) =>
  rows<Record<string, unknown>>(postgres.db, text, values);

describe("logs", () => {
  const logged = async (ids: readonly number[]) =>
    (
      await sql(
        `select distinct t.run_id as id from dagsmith.log_chunk c join dagsmith.task_instance t on t.id = c.task_instance_id
         where t.run_id = any($1) order by 1`,
        [ids],
      )
    ).map(({ id }) => id);

  test("go with the age of their run, while the run and its values stay", async () => {
    const history = await History.of(postgres.db);
    const [old, young, active] = [
      await history.run(100),
      await history.run(80),
      await history.run(100, "running"),
    ];
    await cleanOld(postgres.db, ["logs"]);
    expect(await logged([old, young, active])).toEqual([young, active]);
    expect(await history.runs()).toEqual([old, young, active]);
    expect(await sql("select from dagsmith.xcom where run_id = $1", [old])).toHaveLength(1);
  });

  test("of a run that was cleared stay until its new end is old", async () => {
    const history = await History.of(postgres.db);
    const id = await history.run(100);
    await cleanOld(postgres.db, ["logs"]);
    expect(await logged([id])).toEqual([]);
    const again = await history.instance(id, "again");
    await sql("update dagsmith.dag_run set finished_at = now() where id = $1", [id]);
    await cleanOld(postgres.db, ["logs"]);
    expect(await logged([id])).toEqual([id]);
    expect(again).toBeGreaterThan(0);
  });
});

test("decisions go by the time they were taken, not by their logical date", async () => {
  const history = await History.of(postgres.db);
  await sql(
    `insert into dagsmith.schedule_decision (dag_id, schedule, decision, reason, count, logical_date, last_logical_date,
       data_interval_start, data_interval_end, run_after, last_run_after, decided_at)
     select $1, '', 'skipped', 'catchup', 1, d, d, d, d, d, d, now() - n * interval '60 days'
     from generate_series(0, 2) n, lateral (select timestamptz '2000-01-01' + n * interval '1 day' as d) dates`,
    [history.dagId],
  );
  await cleanOld(postgres.db, ["decisions"]);
  const left = await sql(
    "select logical_date::date::text as day from dagsmith.schedule_decision where dag_id = $1 order by 1",
    [history.dagId],
  );
  expect(left).toEqual([{ day: "2000-01-01" }, { day: "2000-01-02" }]);
});

test("2,500 rows of the audit go in three transactions, and the young ones stay", async () => {
  await sql(
    `insert into dagsmith.audit (at, actor, action)
     select now() - case when n <= 2500 then interval '91 days' else interval '89 days' end, 'ann', 'test'
     from generate_series(1, 2600) n`,
  );
  const steps = await cleanOld(postgres.db, ["audit"]);
  expect(steps.filter((count) => count > 0)).toEqual([1_000, 1_000, 500]);
  expect(await sql("select from dagsmith.audit where action = 'test'")).toHaveLength(100);
});

test("an update of an asset stays while a DAG waits for it, and so does the newest of each asset", async () => {
  const { dagId } = await History.of(postgres.db);
  await sql("insert into dagsmith.asset (uri) values ('x://a'), ('x://b')");
  const events = await sql(
    `insert into dagsmith.asset_event (uri, actor, at)
     select uri, 'ann', now() - interval '100 days' from unnest(array['x://a', 'x://b', 'x://a', 'x://a', 'x://b']) uri
     returning id`,
  );
  const ids = events.map(({ id }) => id);
  await sql("insert into dagsmith.asset_queue (dag_id, event_id, uri) values ($1, $2, 'x://a')", [
    dagId,
    ids[2],
  ]);
  await cleanOld(postgres.db, ["asset-events"]);
  const left = await sql("select id from dagsmith.asset_event where id = any($1) order by id", [
    ids,
  ]);
  expect(left.map(({ id }) => id)).toEqual([ids[2], ids[3], ids[4]]);
});

describe("versions", () => {
  /**
   * Five versions, of which the last is a day old; the others were made 300, 299, … days
   * ago.
   */
  async function fiveVersions() {
    const history = await History.of(postgres.db);
    const { dagId } = history;
    for (let more = 0; more < 4; more++) await new Rows(postgres.db.pool).dag(dagSpec(dagId));
    await sql(
      `update dagsmith.dag_version set created_at = now() - (case when number = 5 then 1 else 301 - number end) * interval '1 day'
       where dag_id = $1`,
      [dagId],
    );
    await sql("update dagsmith.bundle set created_at = now() - interval '300 days'");
    const ids = (
      await sql("select id from dagsmith.dag_version where dag_id = $1 order by id", [dagId])
    ).map(({ id }) => Number(id));
    return { history, dagId, ids };
  }
  const numbers = async (dagId: string) =>
    (
      await sql("select number from dagsmith.dag_version where dag_id = $1 order by 1", [dagId])
    ).map(({ number }) => number);

  test("go with their bundles when they were replaced long ago and nothing names them", async () => {
    const { dagId, history } = await fiveVersions();
    await history.run(1);
    await cleanOld(postgres.db, ["versions"]);
    // The first has a run, the fourth is where a rollback leads, the fifth is current.
    expect(await numbers(dagId)).toEqual([1, 4, 5]);
    const unused = await sql(
      "select from dagsmith.bundle b where not exists (select from dagsmith.dag_version v where v.bundle_hash = b.hash)",
    );
    expect(unused).toEqual([]);
    expect(await rollbackDag(postgres.db, { dagId, actor: "ann" })).toBe(4);
  });

  test.each([
    [
      "an earlier generation of a run",
      `insert into dagsmith.dag_run_generation (run_id, version_id, params)
       select r.id, $2, '{}' from dagsmith.dag_run r where r.dag_id = $1`,
    ],
    [
      "a backfill",
      `insert into dagsmith.backfill (dag_id, schedule_name, schedule, from_date, to_date, reprocess, backwards,
         max_active_runs, params, given_params, labels, code, version_id, created_by)
       values ($1, '', '{}', now(), now(), 'none', false, 1, '{}', '{}', '{}', 'original', $2, 'ann')`,
    ],
  ])("stay while %s names them", async (_, statement) => {
    const { dagId, ids, history } = await fiveVersions();
    await history.run(1);
    await sql(statement, [dagId, ids[2]]);
    await cleanOld(postgres.db, ["versions"]);
    expect(await numbers(dagId)).toEqual([1, 3, 4, 5]);
  });

  test("stay when a rollback made an old one current: it and the one before it are needed", async () => {
    const { dagId } = await fiveVersions();
    await rollbackDag(postgres.db, { dagId, version: 3, actor: "ann" });
    await cleanOld(postgres.db, ["versions"]);
    expect(await numbers(dagId)).toEqual([2, 3, 4, 5]);
  });

  test("stay while a deployment is under way, which may name a stored bundle", async () => {
    const { dagId } = await fiveVersions();
    await postgres.db.transaction(async (tx) => {
      await rows(tx, `select pg_advisory_xact_lock(${LOCK_NUMBER})`);
      await cleanOld(postgres.db, ["versions"]);
      expect(await numbers(dagId)).toHaveLength(5);
    });
  });
});

test("a backfill goes with its plan when it ended long ago and none of its runs is left", async () => {
  const history = await History.of(postgres.db);
  const run = await history.run(100);
  const plans = async (runs: readonly (number | null)[]) => {
    const [made] = await sql(
      `insert into dagsmith.backfill (dag_id, schedule_name, schedule, from_date, to_date, reprocess, backwards, max_active_runs,
         params, given_params, labels, code, version_id, created_by, state, ended_at)
       values ($1, '', '{}', now(), now(), 'none', false, 1, '{}', '{}', '{}', 'latest', $2, 'ann', 'completed', now() - interval '91 days')
       returning id`,
      [history.dagId, history.versionId],
    );
    for (const [index, id] of runs.entries()) {
      await sql(
        `insert into dagsmith.backfill_run (backfill_id, ordinal, logical_date, data_interval_start, data_interval_end, run_after, decision, run_id)
         values ($1, $2, now(), now(), now(), now(), 'run', $3)`,
        [made?.id, index + 1, id],
      );
      await sql(
        "update dagsmith.dag_run set backfill_id = $1, backfill_ordinal = 1 where id = $2",
        [made?.id, id],
      );
    }
    return Number(made?.id);
  };
  const kept = await plans([run, null]);
  const gone = await plans([null, null]);
  await cleanOld(postgres.db, ["backfills"]);
  const left = await sql("select id from dagsmith.backfill where id = any($1)", [[kept, gone]]);
  expect(left).toEqual([{ id: kept }]);
  expect(
    await sql("select from dagsmith.backfill_run where backfill_id = $1", [kept]),
  ).toHaveLength(2);
});
