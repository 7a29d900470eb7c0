/**
 * Updates of assets and the runs that they make: on a real database, at the same time as
 * others, and when their writer dies.
 */
import { describe, expect, test } from "vitest";
import {
  pauseDag,
  rollbackDag,
  triggerRun,
  unpauseDag,
  updateAsset,
} from "../../../runtime/actions/index.ts";
import { completeTries } from "../../../runtime/engine/results/complete_tries.ts";
import { deployVersions } from "../../../runtime/store/dags/deploy.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import type { Database } from "../../../runtime/store/database/database.ts";
import { assetEvents } from "../../../runtime/store/sources/asset.ts";
import { createAssetRuns } from "../../../runtime/transactions/asset_runs.ts";
import { runEngineTransaction } from "../../../runtime/transactions/engine_tx.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { allOf, anyOf, asset, assetAlias } from "../../../sdk/sources/asset.ts";
import { dagRun } from "../../../sdk/sources/dag_run.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { Crash, disconnectedAt, dyingAt } from "../../support/crashing_database.ts";
import { driverOf, endOf, failed, play, runnable, success } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows, versionOf } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };
const work = async (): Promise<null> => null;

let last = 0;
/** Names that no other test has. */
function names(): { readonly id: string; uri(name: string): string } {
  last += 1;
  const id = `n${last}`;
  return { id, uri: (name) => `s3://lake/${id}/${name}` };
}

function spec(
  dagId: string,
  options: DagOptions,
  declare: (d: Dag<unknown>) => void = (d) => void d.task("a", work),
): DagSpec {
  const d = dag(dagId, options) as unknown as Dag<unknown>;
  declare(d);
  return describeDag(d);
}

const runsOf = (dagId: string) =>
  rows<{
    id: number;
    run_id: string;
    run_type: string;
    state: string;
    trigger: Extract<RunTrigger, { type: "assets" }>;
    logical_date: Date;
    data_interval_end: Date;
  }>(
    postgres.db,
    "select id, run_id, run_type, state, trigger, logical_date, data_interval_end from dagsmith.dag_run where dag_id = $1 order by id",
    [dagId],
  );
const waiting = async (dagId: string): Promise<number> =>
  (await rows(postgres.db, "select from dagsmith.asset_queue where dag_id = $1", [dagId])).length;
const update = (uri: string, extra = {}) => updateAsset(postgres.db, { uri, extra, ...me });
const driver = (id: number) => driverOf(postgres.db, new Plans(), id);

/** A DAG whose one task updates an asset: ends a run of it as a worker does. */
async function runWriter(dagId: string, outcome = success()): Promise<void> {
  const { id } = await triggerRun(postgres.db, { dagId, ...me });
  await play(driver(id), () => outcome);
  await createAssetRuns(postgres.db, new Plans());
}

describe("a DAG that waits for several assets", () => {
  test("runs once all were updated since its last run, several updates of one counting once", async () => {
    const { id, uri } = names();
    const [a1, a2, a3] = ["a1", "a2", "a3"].map(uri) as [string, string, string];
    await known(postgres.db, spec(id, { schedule: allOf(asset(a1), asset(a2), asset(a3)) }));
    const updates = [a1, a1, a2, a1, a2, a1, a3, a2, a3, a2, a3, a2, a1];
    const runsAfter: number[] = [];
    for (const one of updates) {
      await update(one);
      runsAfter.push((await runsOf(id)).length);
    }
    expect(runsAfter).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2]);
    const [first, second] = await runsOf(id);
    expect(first!.trigger.events.map(({ uri: of }) => of)).toEqual(updates.slice(0, 7));
    expect(second!.trigger.events.map(({ uri: of }) => of)).toEqual(updates.slice(7));
    expect(await waiting(id)).toBe(0);
  });

  test("is told which task's success it was, with what the task said, in a run of no length that begins at once", async () => {
    const { id, uri } = names();
    const [a, b] = [asset(uri("a")), asset(uri("b"))];
    await known(
      postgres.db,
      spec(`${id}_writer`, {}, (d) => void d.task("write", { outlets: [a, b] }, work)),
      spec(id, { schedule: allOf(a, b) }),
    );
    await runWriter(`${id}_writer`, {
      kind: "success",
      output: null,
      assets: [{ uri: a.uri, alias: null, extra: { rows: 3 } }],
    });
    const [run] = await runsOf(id);
    expect(run).toMatchObject({ run_type: "asset_triggered", state: "running" });
    expect(run!.run_id).toMatch(/^asset_triggered__\d{4}-\d\d-\d\dT[\d:.]+\+00:00_[a-z0-9]{8}$/);
    expect(run!.data_interval_end).toEqual(run!.logical_date);
    const source = expect.objectContaining({
      dagId: `${id}_writer`,
      taskId: "write",
      mapIndex: -1,
    });
    expect(run!.trigger).toMatchObject({ type: "assets", count: 2 });
    expect(run!.trigger.events).toEqual([
      expect.objectContaining({ uri: a.uri, extra: { rows: 3 }, source }),
      expect.objectContaining({ uri: b.uri, extra: {}, source }),
    ]);
  });
});

describe("an update", () => {
  test("comes of success only: not of a failure, a skip or a try that is repeated", async () => {
    const { id, uri } = names();
    const a = asset(uri("a"));
    await known(
      postgres.db,
      spec(
        `${id}_writer`,
        {},
        (d) => void d.task("write", { outlets: [a], retries: 1, retryDelay: "0s" }, work),
      ),
      spec(id, { schedule: a }),
    );
    await runWriter(`${id}_writer`, failed(false));
    await runWriter(`${id}_writer`, { kind: "skipped", reason: "nothing new" });
    expect(await runsOf(id)).toEqual([]);
    const run = await triggerRun(postgres.db, { dagId: `${id}_writer`, ...me });
    await play(driver(run.id), ({ tryNumber }) => (tryNumber === 1 ? failed() : success()));
    expect(await assetEvents(postgres.db, a.uri, { limit: 10 })).toHaveLength(1);
  });

  test("that is said twice is written once", async () => {
    const { id, uri } = names();
    const a = asset(uri("a"));
    await known(
      postgres.db,
      spec(id, {}, (d) => void d.task("write", { outlets: [a] }, work)),
    );
    const run = await triggerRun(postgres.db, { dagId: id, ...me });
    const [instance] = runnable(await driver(run.id).look());
    await driver(run.id).take(instance!);
    await driver(run.id).complete([endOf(instance!, success()), endOf(instance!, success())]);
    await driver(run.id).complete([endOf(instance!, success())]);
    expect(await assetEvents(postgres.db, a.uri, { limit: 10 })).toHaveLength(1);
  });

  test("by each item of a mapped task makes one run of who waits for another asset too", async () => {
    const { id, uri } = names();
    const [a, b] = [asset(uri("a")), asset(uri("b"))];
    await known(
      postgres.db,
      spec(
        `${id}_writer`,
        {},
        (d) => void d.task("write", { each: [1, 2, 3], outlets: [a] }, work),
      ),
      spec(id, { schedule: allOf(a, b) }),
    );
    await runWriter(`${id}_writer`);
    expect(await waiting(id)).toBe(3);
    await update(b.uri);
    expect((await runsOf(id)).map(({ trigger }) => trigger.count)).toEqual([4]);
  });

  test("of a task that only holds a place counts like any other", async () => {
    const { id, uri } = names();
    const a = asset(uri("a"));
    await known(
      postgres.db,
      spec(`${id}_writer`, {}, (d) => void d.empty("place", { outlets: [a] })),
      spec(id, { schedule: a }),
    );
    await runWriter(`${id}_writer`);
    expect(await runsOf(id)).toHaveLength(1);
  });

  test("of an asset that nobody names is refused", async () => {
    await expect(update("s3://lake/mistyped")).rejects.toMatchObject({ code: "UNKNOWN_ASSET" });
  });

  test("is limited in what it may say", async () => {
    const { id, uri } = names();
    await known(postgres.db, spec(id, { schedule: asset(uri("a")) }));
    await expect(update(uri("a"), { text: "x".repeat(70_000) })).rejects.toMatchObject({
      code: "OUTPUT_TOO_LARGE",
    });
    expect(await runsOf(id)).toEqual([]);
  });

  test("of which there were very many tells the run the newest, and how many there were", async () => {
    const { id, uri } = names();
    const [a, b] = [uri("a"), uri("b")];
    await known(postgres.db, spec(id, { schedule: allOf(asset(a), asset(b)) }));
    const { recordAssetEvents } = await import("../../../runtime/store/sources/asset.ts");
    await postgres.db.transaction((tx) =>
      recordAssetEvents(
        tx,
        Array.from({ length: 1_500 }, (_, number) => ({ uri: a, extra: { number }, ...me })),
      ),
    );
    await update(b);
    const [run] = await runsOf(id);
    expect([run!.trigger.count, run!.trigger.events.length]).toEqual([1_501, 1_000]);
    expect(run!.trigger.events[0]!.extra).toEqual({ number: 501 });
  });
});

describe("an alias", () => {
  test("stands for what was updated under it, for whoever waits for it", async () => {
    const { id, uri } = names();
    const alias = assetAlias(`${id}_exports`);
    await known(
      postgres.db,
      spec(`${id}_writer`, {}, (d) => void d.task("write", { outlets: [alias] }, work)),
      spec(id, { schedule: anyOf(alias, asset(uri("other"))) }),
    );
    await runWriter(`${id}_writer`);
    expect(await runsOf(id)).toEqual([]);
    await runWriter(`${id}_writer`, {
      kind: "success",
      output: null,
      assets: [{ uri: uri("a"), alias: alias.alias, extra: {} }],
    });
    await update(uri("a"));
    expect(
      (await runsOf(id)).map(({ trigger }) => trigger.events.map((event) => event.uri)),
    ).toEqual([[uri("a")], [uri("a")]]);
  });
});

describe("a DAG that is paused", () => {
  test("keeps its updates, and makes one run of them when it goes on", async () => {
    const { id, uri } = names();
    await known(postgres.db, spec(id, { schedule: asset(uri("a")) }));
    await pauseDag(postgres.db, { dagId: id, ...me });
    for (let n = 0; n < 3; n++) await update(uri("a"));
    await tick(postgres.db, new Plans());
    expect(await runsOf(id)).toEqual([]);
    await unpauseDag(postgres.db, { dagId: id, ...me });
    await tick(postgres.db, new Plans());
    expect((await runsOf(id)).map(({ trigger }) => trigger.count)).toEqual([3]);
  });
});

describe("a new version", () => {
  test("that waits for less is looked at again with what waited already; so is an older one", async () => {
    const { id, uri } = names();
    const [a, b, c] = ["a", "b", "c"].map((name) => asset(uri(name))) as [
      ReturnType<typeof asset>,
      ReturnType<typeof asset>,
      ReturnType<typeof asset>,
    ];
    await known(postgres.db, spec(id, { schedule: anyOf(allOf(a, c), b) }));
    await update(a.uri);
    await known(postgres.db, spec(id, { schedule: allOf(a, b) }));
    await tick(postgres.db, new Plans());
    expect(await runsOf(id)).toEqual([]);
    await known(postgres.db, spec(id, { schedule: a }));
    await tick(postgres.db, new Plans());
    expect(await runsOf(id)).toHaveLength(1);
    await rollbackDag(postgres.db, { dagId: id, version: 1, ...me });
    await update(c.uri);
    await update(a.uri);
    expect(await runsOf(id)).toHaveLength(2);
  });

  test("that waits for none forgets what waited", async () => {
    const { id, uri } = names();
    const [a, b] = [asset(uri("a")), asset(uri("b"))];
    await known(postgres.db, spec(id, { schedule: allOf(a, b) }));
    await update(a.uri);
    await known(postgres.db, spec(id, {}));
    await tick(postgres.db, new Plans());
    expect([await waiting(id), await runsOf(id)]).toEqual([0, []]);
  });
});

describe("a DAG whose file is away", () => {
  const away = (dagId: string, long = "2 seconds") =>
    rows(
      postgres.db,
      "update dagsmith.dag set removed_at = now() - $2::text::interval, next_run_after = null where dag_id = $1",
      [dagId, long],
    );

  test("for seconds gets the updates of that time in its next run", async () => {
    const { id, uri } = names();
    const reader = spec(id, { schedule: asset(uri("a")) });
    await known(postgres.db, reader);
    await away(id);
    await update(uri("a"), { n: 1 });
    await update(uri("a"), { n: 2 });
    await tick(postgres.db, new Plans());
    expect(await runsOf(id)).toEqual([]);
    await known(postgres.db, reader);
    await tick(postgres.db, new Plans());
    const [run, ...others] = await runsOf(id);
    expect(others).toEqual([]);
    expect(run?.trigger.events.map(({ extra }) => extra)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("and comes back in another version gets them, too, when it still waits for the asset", async () => {
    const { id, uri } = names();
    await known(postgres.db, spec(id, { schedule: allOf(asset(uri("a")), asset(uri("b"))) }));
    await away(id);
    await update(uri("a"));
    await known(postgres.db, spec(id, { schedule: asset(uri("a")) }));
    await tick(postgres.db, new Plans());
    expect(await runsOf(id)).toHaveLength(1);
  });

  test("for a day is gone for good, and gets no updates", async () => {
    const { id, uri } = names();
    await known(postgres.db, spec(id, { schedule: asset(uri("a")) }));
    await away(id, "25 hours");
    await update(uri("a"));
    expect(await waiting(id)).toBe(0);
  });

  test.each([
    ["for seconds", "2 seconds", 1],
    ["for a day", "25 hours", 0],
  ])(
    "%s and waits for a run that ends meanwhile has a run of it, or none",
    async (_how, long, runs) => {
      const { id } = names();
      const source = spec(`${id}_source`, {});
      const listener = spec(id, { on: [dagRun({ dag: `${id}_source` })] });
      await known(postgres.db, source);
      await known(postgres.db, listener);
      await away(id, long);
      await runWriter(`${id}_source`);
      await known(postgres.db, listener);
      await tick(postgres.db, new Plans());
      expect(await runsOf(id)).toHaveLength(runs);
    },
  );
});

describe("many at once", () => {
  test("writers and schedulers make as many runs as there were whole sets of updates, and lose none", async () => {
    const { id, uri } = names();
    const [a, b] = [uri("a"), uri("b")];
    await known(
      postgres.db,
      spec(id, { schedule: allOf(asset(a), asset(b)) }),
      spec(`${id}_any`, { schedule: anyOf(asset(a), asset(b)) }),
    );
    await Promise.all([
      ...Array.from({ length: 20 }, (_, n) => update(n % 2 ? a : b)),
      ...Array.from({ length: 6 }, () => tick(postgres.db, new Plans())),
    ]);
    for (const dagId of [id, `${id}_any`]) {
      const runs = await runsOf(dagId);
      const events = runs.flatMap(({ trigger }) => trigger.events.map((event) => event.id));
      expect(events.length + (await waiting(dagId))).toBe(20);
      expect(new Set(events).size).toBe(events.length);
      if (dagId === id)
        for (const { trigger } of runs)
          expect(new Set(trigger.events.map((event) => event.uri)).size).toBe(2);
      else expect(await waiting(dagId)).toBe(0);
    }
  });

  test("new versions and updates of them do not stand in each other's way", async () => {
    const { id, uri } = names();
    const a = asset(uri("a"));
    await known(postgres.db, spec(id, { schedule: a }));
    const deployAgain = (n: number) =>
      postgres.db.transaction((tx) =>
        deployVersions(tx, [versionOf(spec(id, { schedule: a, description: `version ${n}` }))]),
      );
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => (n % 2 ? deployAgain(n) : update(a.uri))),
    );
    await tick(postgres.db, new Plans());
    expect((await runsOf(id)).flatMap(({ trigger }) => trigger.events)).toHaveLength(4);
  });
});

describe.each([
  ["dies", dyingAt],
  ["loses its connection", disconnectedAt],
])("a worker that %s at any statement", (_how, failing) => {
  test("between a success and the run that waited for it makes the run once, with the help of the next tick", async () => {
    for (let statement = 1; ; statement++) {
      const { id, uri } = names();
      const a = asset(uri("a"));
      await known(
        postgres.db,
        spec(`${id}_writer`, {}, (d) => void d.task("write", { outlets: [a] }, work)),
        spec(id, { schedule: a }),
      );
      const run = await triggerRun(postgres.db, { dagId: `${id}_writer`, ...me });
      const [instance] = runnable(await driver(run.id).look());
      await driver(run.id).take(instance!);
      const plans = new Plans();
      const end = async (db: Database): Promise<void> => {
        await runEngineTransaction(db, plans, (tx) =>
          completeTries(tx, [endOf(instance!, success())]),
        );
        await createAssetRuns(db, plans);
      };
      const db = failing(postgres.db, statement);
      await end(db).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      });
      const { accepted } = await driver(run.id).complete([endOf(instance!, success())]);
      await tick(postgres.db, new Plans());
      expect(accepted.size).toBeLessThanOrEqual(1);
      expect((await runsOf(id)).map(({ state, trigger }) => [state, trigger.count])).toEqual([
        ["running", 1],
      ]);
      expect(await waiting(id)).toBe(0);
      if (db.failures === 0) {
        expect(statement).toBeGreaterThan(6);
        return;
      }
    }
  });
});
