/**
 * Cleaning that dies at any statement, that another cleaner crosses, and that goes on
 * while runs go on.
 */
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { clean, previewClean, triggerRun } from "../../../runtime/actions/index.ts";
import { restForRuns } from "../../../runtime/actions/rest_for_runs.ts";
import { RETENTION_KINDS } from "../../../runtime/retention.ts";
import { cleanHistoryJob } from "../../../runtime/scheduler/jobs/clean_history.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { cleanHistory } from "../../../runtime/transactions/clean_history.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { disconnectedAt, dyingAt } from "../../support/crashing_database.ts";
import { driverOf, listOf, play, scripted, statesOf } from "../../support/engine_driver.ts";
import { atEveryStatement } from "../../support/every_statement.ts";
import { cleanOld, DAY_MS, History } from "../../support/history.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const AGES = Object.fromEntries(RETENTION_KINDS.map((kind) => [kind, 90 * DAY_MS]));

/** A DAG with old history of every kind: two runs to delete and two to keep. */
async function oldHistory() {
  const history = await History.of(postgres.db);
  const { dagId } = history;
  const ids: number[] = [];
  for (const days of [103, 102, 101, 1]) ids.push(await history.run(days));
  await history.sql(
    `insert into dagsmith.schedule_decision (dag_id, schedule, decision, reason, count, logical_date, last_logical_date,
       data_interval_start, data_interval_end, run_after, last_run_after, decided_at)
     values ($1, '', 'skipped', 'catchup', 1, now(), now(), now(), now(), now(), now(), now() - interval '100 days')`,
    [dagId],
  );
  await history.sql(
    "insert into dagsmith.audit (at, actor, action, dag_id) values (now() - interval '100 days', 'ann', 'x', $1)",
    [dagId],
  );
  return { history, dagId, ids };
}

/** Rows of a DAG's history, by table. */
async function leftOf(dagId: string) {
  const [counts] = await rows<Record<string, number>>(
    postgres.db,
    `with run as (select id from dagsmith.dag_run where dag_id = $1),
       instance as (select id from dagsmith.task_instance where run_id in (select id from run))
     select (select count(*)::int from run) as runs, (select count(*)::int from instance) as instances,
       (select count(*)::int from dagsmith.log_chunk where task_instance_id in (select id from instance)) as logs,
       (select count(*)::int from dagsmith.task_try where task_instance_id in (select id from instance)) as tries,
       (select count(*)::int from dagsmith.xcom where run_id in (select id from run)) as xcoms,
       (select count(*)::int from dagsmith.schedule_decision where dag_id = $1) as decisions,
       (select count(*)::int from dagsmith.audit where dag_id = $1) as audit`,
    [dagId],
  );
  return counts;
}
// The log of the run of 101 days ago is gone, the run itself stays: it is right before a
// kept one.
const CLEANED = { runs: 2, instances: 2, logs: 6, tries: 2, xcoms: 2, decisions: 0, audit: 0 };

describe.each([
  ["dies", dyingAt],
  ["loses its connection", disconnectedAt],
])("a cleaner that %s before any statement", (_, failing) => {
  test("leaves nothing that the next one does not finish", async () => {
    const statements = await atEveryStatement(postgres.db, failing, async () => {
      const { dagId } = await oldHistory();
      return {
        dagId,
        run: async (db) => {
          for await (const step of cleanHistory(db, AGES)) expect(step.rows).toBeLessThan(1_001);
        },
        check: async () => expect(await leftOf(dagId)).toEqual(CLEANED),
      };
    });
    expect(statements).toBeGreaterThan(20);
  });
});

test("three cleaners at once delete each row once, and what they keep is whole", async () => {
  const made = [await oldHistory(), await oldHistory(), await oldHistory()];
  await Promise.all([1, 2, 3].map(() => cleanOld(postgres.db, RETENTION_KINDS)));
  await cleanOld(postgres.db, RETENTION_KINDS);
  for (const { dagId } of made) expect(await leftOf(dagId)).toEqual(CLEANED);
});

test("while runs go on: they end as without a cleaner", async () => {
  const d = dag("goes_on");
  const list = d.task("list", async (): Promise<number[]> => []);
  d.task("each", { each: list }, async () => null);
  await known(postgres.db, describeDag(d as never));
  await oldHistory();
  let isOver = false;
  const cleaning = (async () => {
    while (!isOver) await cleanOld(postgres.db, RETENTION_KINDS);
  })();
  for (let turn = 0; turn < 5; turn++) {
    const { id } = await triggerRun(postgres.db, { dagId: "goes_on", actor: "ann" });
    const end = await play(driverOf(postgres.db, new Plans(), id), scripted({ list: listOf(5) }));
    expect(end.run).toBe("success");
    expect(Object.values(statesOf(end))).toEqual(Array(6).fill("success"));
  }
  isOver = true;
  await cleaning;
});

test("the file of a large value is released with its run, for a worker to delete", async () => {
  const { ids } = await oldHistory();
  const name = "00000000-0000-4000-8000-000000000001";
  const sha256 = "0".repeat(64);
  const insert = `insert into dagsmith.xcom_file (name, bytes, sha256) values ($1, 1, $2)`;
  await rows(postgres.db, insert, [name, sha256]);
  await rows(postgres.db, "update dagsmith.xcom set value = null, file = $2 where run_id = $1", [
    ids[0],
    name,
  ]);
  await cleanOld(postgres.db, ["runs"]);
  expect(
    await rows(postgres.db, "select state from dagsmith.xcom_file where name = $1", [name]),
  ).toEqual([{ state: "released" }]);
});

test("a preview counts what a clean then deletes, and only the clean leaves a row in the audit", async () => {
  await oldHistory();
  const preview = await previewClean(postgres.db, AGES);
  expect(await previewClean(postgres.db, AGES)).toEqual(preview);
  expect(preview.runs).toBeGreaterThan(0);
  const steps: number[] = [];
  const onProgress = (count: number): void => void steps.push(count);
  const counts = await clean(postgres.db, { ages: AGES, actor: "ann", onProgress });
  // Runs go first here, and their logs with them.
  expect({ ...counts, logs: 0 }).toEqual({ ...preview, logs: 0 });
  expect(steps.reduce((sum, count) => sum + count)).toBeGreaterThan(Number(preview.runs));
  const entries = await rows(
    postgres.db,
    "select actor, detail from dagsmith.audit where action = 'clean'",
  );
  expect(entries).toEqual([{ actor: "ann", detail: { olderThanMs: AGES } }]);
});

describe("a clean that a person asks for", () => {
  /** The rests after three transactions of 20 ms. */
  async function restsOf(): Promise<readonly number[]> {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    async function* steps() {
      for (const step of [1, 2, 3]) {
        vi.advanceTimersByTime(20);
        yield step;
      }
    }
    const rests: number[] = [];
    for await (const _ of restForRuns(postgres.db, steps(), async (ms) => rests.push(ms)));
    return rests;
  }

  test("rests after each transaction while a run is active, and not when nothing runs", async () => {
    const { history, ids } = await oldHistory();
    expect(await restsOf()).toEqual([]);
    const [last] = ids.slice(-1);
    await history.sql(
      "update dagsmith.dag_run set state = 'running', finished_at = null where id = $1",
      [last],
    );
    expect(await restsOf()).toEqual([60, 60, 60]);
  });
});

describe("the job of the scheduler", () => {
  const job = (ages = {}) => cleanHistoryJob({ db: postgres.db }, ages, 0);
  const pass = { signal: new AbortController().signal, at: () => undefined };

  test("deletes in short passes, each of which goes on where the one before stopped", async () => {
    const { dagId } = await oldHistory();
    const cleaning = job(AGES);
    const pauses: (number | null)[] = [];
    do {
      await cleaning.runOnce(pass);
      pauses.push((await cleaning.nextInMs?.()) ?? null);
    } while (pauses.at(-1) !== null);
    expect(pauses.length).toBeGreaterThan(5);
    expect(await leftOf(dagId)).toEqual(CLEANED);
  });

  test("keeps everything without DAG_RETENTION, but for the rows of schedulers that are long gone", async () => {
    const { dagId } = await oldHistory();
    const before = await leftOf(dagId);
    const insert = `insert into dagsmith.scheduler (id, hostname, pid, heartbeat_at)
      values ('gone', 'h', 1, now() - interval '2 days'), ('alive', 'h', 2, now())`;
    await rows(postgres.db, insert);
    onTestFinished(() => void rows(postgres.db, "delete from dagsmith.scheduler"));
    const idle = job();
    expect(await idle.runOnce(pass)).toBe(0);
    expect(await idle.nextInMs?.()).toBeNull();
    expect(await leftOf(dagId)).toEqual(before);
    expect(await rows(postgres.db, "select id from dagsmith.scheduler")).toEqual([{ id: "alive" }]);
  });
});
