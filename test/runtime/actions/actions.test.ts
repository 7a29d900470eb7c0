/** What people do, and what it leaves in the database. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  cancelRun,
  deployFolder,
  pauseDag,
  rollbackDag,
  triggerRun,
  unpauseDag,
} from "../../../runtime/actions/index.ts";
import { setStateValue } from "../../../runtime/actions/state.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { setState } from "../../../runtime/store/values/state.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import {
  driverOf,
  endOf,
  lost,
  play,
  runnable,
  statesOf,
  success,
} from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows, versionOf } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase();
const work = async (): Promise<null> => null;

function spec(
  id: string,
  options: DagOptions = {},
  declare: (d: Dag<unknown>) => void = (d) => void d.task("a", work),
): DagSpec {
  const d = dag(id, options) as unknown as Dag<unknown>;
  declare(d);
  return describeDag(d);
}

const auditOf = (dagId: string) =>
  rows<{ actor: string; action: string }>(
    postgres.db,
    "select actor, action from dagsmith.audit where dag_id = $1 order by id",
    [dagId],
  );
const actions = async (dagId: string): Promise<readonly string[]> =>
  (await auditOf(dagId)).map(({ action }) => action);
const dagRow = async (dagId: string) =>
  (
    await rows<{ number: number; removed_at: Date | null; next_run_after: Date | null }>(
      postgres.db,
      "select v.number, d.removed_at, d.next_run_after from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id where d.dag_id = $1",
      [dagId],
    )
  )[0]!;
const runRow = async (id: number) =>
  (
    await rows<{ state: string; reason: string | null; number: number }>(
      postgres.db,
      "select r.state, r.reason, v.number from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id where r.id = $1",
      [id],
    )
  )[0]!;
const driver = (id: number) => driverOf(postgres.db, new Plans(), id);
const me = { actor: "ann" };

/**
 * Deploys to a database that other tests share: their DAGs stand among the files that
 * could not be read.
 */
const deploy = async (specs: readonly DagSpec[], brokenFiles: readonly string[] = []) => {
  const others = await rows<{ file: string }>(
    postgres.db,
    "select distinct file from dagsmith.dag_version",
  );
  const mine = new Set([...specs.map(({ dagId }) => `${dagId}.ts`), ...brokenFiles]);
  const gone = new Set(deployGone.splice(0));
  const broken = [
    ...others.map(({ file }) => file).filter((file) => !mine.has(file) && !gone.has(file)),
    ...brokenFiles,
  ];
  return deployFolder(
    postgres.db,
    {
      versions: specs.map((one) => versionOf(one)),
      errors: broken.map((file) => ({
        file,
        line: 1,
        code: "IMPORT_FAILED",
        message: "no",
        stack: "",
      })),
    },
    me,
  );
};
const deployGone: string[] = [];

describe("a deployment", () => {
  test("said twice changes nothing the second time", async () => {
    const one = spec("twice");
    expect((await deploy([one])).deployed).toEqual([{ dagId: "twice", version: 1, isNew: true }]);
    expect((await deploy([one])).deployed).toEqual([{ dagId: "twice", version: 1, isNew: false }]);
    expect(await actions("twice")).toEqual(["deploy"]);
  });

  test("at the same time as others leaves one version of each, and one row of it", async () => {
    const specs = [spec("race_a"), spec("race_b")];
    await Promise.all(Array.from({ length: 5 }, () => deploy(specs)));
    expect(await actions("race_a")).toEqual(["deploy"]);
    expect(
      await rows(
        postgres.db,
        "select number from dagsmith.dag_version where dag_id like 'race\\_%'",
      ),
    ).toEqual([{ number: 1 }, { number: 1 }]);
  });

  test("of something else numbers its versions in turn, and goes back to one it had", async () => {
    const [first, second] = [spec("steps"), spec("steps", {}, (d) => void d.task("b", work))];
    await deploy([first]);
    expect((await deploy([second])).deployed).toEqual([
      { dagId: "steps", version: 2, isNew: true },
    ]);
    expect((await deploy([first])).deployed).toEqual([{ dagId: "steps", version: 1, isNew: true }]);
  });

  test("retires a DAG that is gone, while its run goes on, and takes it back with its schedule", async () => {
    const one = spec("gone", { schedule: "@daily", startDate: "2026-01-01" });
    await deploy([one]);
    const { id } = await triggerRun(postgres.db, { dagId: "gone", ...me });
    deployGone.push("gone.ts");
    expect((await deploy([])).removed).toEqual(["gone"]);
    expect((await dagRow("gone")).removed_at).not.toBeNull();
    await expect(triggerRun(postgres.db, { dagId: "gone", ...me })).rejects.toMatchObject({
      code: "UNKNOWN_DAG",
    });
    expect((await play(driver(id))).run).toBe("success");
    await tick(postgres.db, new Plans());
    expect(
      await rows(
        postgres.db,
        "select from dagsmith.dag_run where dag_id = 'gone' and run_type = 'scheduled'",
      ),
    ).toHaveLength(0);
    await deploy([one]);
    await tick(postgres.db, new Plans());
    expect(
      await rows(
        postgres.db,
        "select from dagsmith.dag_run where dag_id = 'gone' and run_type = 'scheduled'",
      ),
    ).toHaveLength(1);
    expect(await actions("gone")).toEqual(["deploy", "trigger", "remove"]);
  });

  test("whose file is broken keeps the last good version", async () => {
    await deploy([spec("good")]);
    expect((await deploy([], ["good.ts"])).removed).toEqual([]);
    expect(await dagRow("good")).toMatchObject({ number: 1, removed_at: null });
    expect(
      await rows(postgres.db, "select code from dagsmith.import_error where file = 'good.ts'"),
    ).toEqual([{ code: "IMPORT_FAILED" }]);
    await deploy([spec("good")]);
    expect(
      await rows(postgres.db, "select from dagsmith.import_error where file = 'good.ts'"),
    ).toEqual([]);
  });

  test("leaves a run with the version it began with", async () => {
    await deploy([spec("pinned")]);
    const { id } = await triggerRun(postgres.db, { dagId: "pinned", ...me });
    await deploy([spec("pinned", {}, (d) => void d.task("b", work))]);
    expect((await runRow(id)).number).toBe(1);
    expect(statesOf(await play(driver(id)))).toEqual({ a: "success" });
    const next = await triggerRun(postgres.db, { dagId: "pinned", ...me });
    expect(statesOf(await play(driver(next.id)))).toEqual({ b: "success" });
  });
});

describe("a rollback", () => {
  test("goes to the version before, or the one that is named", async () => {
    for (const task of ["a", "b", "c"])
      await deploy([spec("back", {}, (d) => void d.task(task, work))]);
    expect(await rollbackDag(postgres.db, { dagId: "back", ...me })).toBe(2);
    expect(await rollbackDag(postgres.db, { dagId: "back", version: 1, ...me })).toBe(1);
    expect((await dagRow("back")).number).toBe(1);
    await expect(rollbackDag(postgres.db, { dagId: "back", ...me })).rejects.toMatchObject({
      code: "UNKNOWN_VERSION",
    });
    await expect(
      rollbackDag(postgres.db, { dagId: "back", version: 9, ...me }),
    ).rejects.toMatchObject({ code: "UNKNOWN_VERSION" });
    expect(await actions("back")).toEqual(["deploy", "deploy", "deploy", "rollback", "rollback"]);
  });
});

describe("a trigger", () => {
  test("of a DAG that does not exist is refused", async () => {
    await expect(triggerRun(postgres.db, { dagId: "nobody", ...me })).rejects.toMatchObject({
      code: "UNKNOWN_DAG",
    });
  });

  test("with params that do not fit names each problem, and makes no run", async () => {
    await known(
      postgres.db,
      spec("with_params", { params: z.object({ repo: z.string(), pages: z.number().default(3) }) }),
    );
    await expect(
      triggerRun(postgres.db, { dagId: "with_params", params: { repo: 1, pages: "x" }, ...me }),
    ).rejects.toMatchObject({
      code: "INVALID_PARAMS",
      message: expect.stringMatching(/repo.*pages/s),
    });
    expect(await actions("with_params")).toEqual([]);
    const { id } = await triggerRun(postgres.db, {
      dagId: "with_params",
      params: { repo: "a/b" },
      ...me,
    });
    expect(
      await rows(postgres.db, "select params from dagsmith.dag_run where id = $1", [id]),
    ).toEqual([{ params: { repo: "a/b", pages: 3 } }]);
  });

  test("of a DAG without params takes none", async () => {
    await known(postgres.db, spec("no_params"));
    await expect(
      triggerRun(postgres.db, { dagId: "no_params", params: { a: 1 }, ...me }),
    ).rejects.toMatchObject({
      code: "INVALID_PARAMS",
    });
  });

  test("twice for the same date makes one run", async () => {
    await known(postgres.db, spec("dated"));
    const ask = () => triggerRun(postgres.db, { dagId: "dated", logicalDate: "2026-02-01", ...me });
    const answers = await Promise.allSettled([ask(), ask(), ask()]);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(ask()).rejects.toMatchObject({ code: "RUN_EXISTS" });
    expect(await actions("dated")).toEqual(["trigger"]);
  });

  test("without a date never meets another", async () => {
    await known(postgres.db, spec("undated", { maxActiveRuns: 50 }));
    const asked = await Promise.all(
      Array.from({ length: 20 }, () => triggerRun(postgres.db, { dagId: "undated", ...me })),
    );
    expect(new Set(asked.map(({ runId }) => runId)).size).toBe(20);
  });

  test.each(["yesterday", "2026-02-30", ""])("for the date %j is refused", async (logicalDate) => {
    await known(postgres.db, spec("misdated"));
    await expect(
      triggerRun(postgres.db, { dagId: "misdated", logicalDate, ...me }),
    ).rejects.toMatchObject({ code: "INVALID_DATE" });
  });

  test("of a paused DAG waits until it is unpaused", async () => {
    await known(postgres.db, spec("sleeping", { pausedAtCreation: true }));
    const { id } = await triggerRun(postgres.db, { dagId: "sleeping", ...me });
    await tick(postgres.db, new Plans());
    expect((await runRow(id)).state).toBe("queued");
    await unpauseDag(postgres.db, { dagId: "sleeping", ...me });
    await tick(postgres.db, new Plans());
    expect((await runRow(id)).state).toBe("running");
    await pauseDag(postgres.db, { dagId: "sleeping", ...me });
    expect((await play(driver(id))).run).toBe("success");
    expect(await actions("sleeping")).toEqual(["trigger", "unpause", "pause"]);
  });
});

describe("pausing", () => {
  test("a DAG that does not exist is refused, and leaves nothing", async () => {
    await expect(pauseDag(postgres.db, { dagId: "nobody", ...me })).rejects.toMatchObject({
      code: "UNKNOWN_DAG",
    });
    await expect(unpauseDag(postgres.db, { dagId: "nobody", ...me })).rejects.toMatchObject({
      code: "UNKNOWN_DAG",
    });
    expect(await actions("nobody")).toEqual([]);
  });
});

describe("cancelling", () => {
  test("a run that waits for its place ends it, and takes no place from the next", async () => {
    await known(postgres.db, spec("line", { maxActiveRuns: 1 }));
    const asked = [];
    for (const day of [1, 2, 3])
      asked.push(
        await triggerRun(postgres.db, { dagId: "line", logicalDate: `2026-01-0${day}`, ...me }),
      );
    await cancelRun(postgres.db, { id: asked[1]!.id, ...me });
    expect(await runRow(asked[1]!.id)).toMatchObject({
      state: "failed",
      reason: "cancelled by ann",
    });
    await cancelRun(postgres.db, { id: asked[0]!.id, reason: "wrong day", ...me });
    expect(await runRow(asked[0]!.id)).toMatchObject({
      state: "failed",
      reason: "cancelled by ann: wrong day",
    });
    expect((await runRow(asked[2]!.id)).state).toBe("running");
  });

  test("a running run fails what runs, skips what waits, and refuses what comes late", async () => {
    await known(
      postgres.db,
      spec("running", {}, (d) => {
        const [a] = [d.task("a", work), d.task("b", work)];
        chain(a!, d.task("c", work));
      }),
    );
    const { id } = await triggerRun(postgres.db, { dagId: "running", ...me });
    const run = driver(id);
    const [a, b] = runnable(await run.look());
    await run.take(a!);
    await cancelRun(postgres.db, { id, ...me });
    expect(statesOf(await run.look())).toEqual({ a: "failed", b: "skipped" });
    for (const outcome of [success(), lost])
      expect((await run.complete([endOf(a!, outcome)])).accepted.size).toBe(0);
    expect(await run.take(b!)).toBe(false);
    expect(statesOf(await run.look())).toEqual({ a: "failed", b: "skipped" });
    await expect(cancelRun(postgres.db, { id, ...me })).rejects.toMatchObject({
      code: "RUN_FINISHED",
    });
    expect(await actions("running")).toEqual(["trigger", "cancel"]);
  });

  test("a run that ended, or never was, is refused", async () => {
    await known(postgres.db, spec("ended"));
    const { id } = await triggerRun(postgres.db, { dagId: "ended", ...me });
    await play(driver(id));
    await expect(cancelRun(postgres.db, { id, ...me })).rejects.toMatchObject({
      code: "RUN_FINISHED",
    });
    expect((await runRow(id)).state).toBe("success");
    await expect(cancelRun(postgres.db, { id: 1_000_000, ...me })).rejects.toMatchObject({
      code: "UNKNOWN_RUN",
    });
  });

  test("a task mapped 1,000 times ends all of them, those that wait for a place too", async () => {
    await known(
      postgres.db,
      spec(
        "wide",
        {},
        (d) => void d.task("each", { each: [...Array(1_000).keys()], maxActive: 10 }, work),
      ),
    );
    const { id } = await triggerRun(postgres.db, { dagId: "wide", ...me });
    const run = driver(id);
    const [one] = runnable(await run.look());
    await run.take(one!);
    await cancelRun(postgres.db, { id, ...me });
    const { instances } = await run.look();
    expect(instances.filter(({ state }) => state === "skipped")).toHaveLength(999);
    expect(instances.filter(({ state }) => state === "failed")).toHaveLength(1);
  });

  test("at the same moment as the last task ends leaves one of both, whole", async () => {
    await known(postgres.db, spec("close", { maxActiveRuns: 50 }));
    for (let round = 0; round < 10; round++) {
      const { id } = await triggerRun(postgres.db, { dagId: "close", ...me });
      const run = driver(id);
      const [a] = runnable(await run.look());
      await run.take(a!);
      const [, cancelled] = await Promise.allSettled([
        run.complete([endOf(a!, success())]),
        cancelRun(postgres.db, { id, ...me }),
      ]);
      const end = await run.look();
      expect([end.run, statesOf(end).a]).toEqual(
        cancelled.status === "fulfilled" ? ["failed", "failed"] : ["success", "success"],
      );
    }
  });

  test("with a reason that holds characters no database takes, is done all the same", async () => {
    await known(postgres.db, spec("odd_reason"));
    const { id } = await triggerRun(postgres.db, { dagId: "odd_reason", ...me });
    await cancelRun(postgres.db, { id, reason: "a\0b", ...me });
    expect((await runRow(id)).state).toBe("failed");
  });
});

test("the audit of a changed state value has the value that a try wrote meanwhile", async () => {
  const { db } = postgres;
  const place = { scope: "shared:audited", key: "day" };
  await setStateValue(db, { ...place, value: 1, actor: "ann" });
  let change: Promise<void> | undefined;
  await db.transaction(async (tx) => {
    await setState(tx, { ...place, json: "2" });
    change = setStateValue(db, { ...place, value: 3, actor: "bob" });
    await until("the wait of the change for the row", async () => {
      const [session] = await rows<{ waits: boolean }>(
        db,
        `select count(*) > 0 as waits from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return session?.waits;
    });
  });
  await change;
  const [entry] = await rows(
    db,
    "select detail->'before' as before, detail->'after' as after from dagsmith.audit where actor = 'bob'",
  );
  expect(entry).toEqual({ before: { value: 2 }, after: { value: 3 } });
});
