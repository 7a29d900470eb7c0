/** What a deployment will change is what it then changes. */
import { describe, expect, test } from "vitest";
import { deployFolder, pauseDag, previewDeployment } from "../../../runtime/actions/index.ts";
import { pacedMap } from "../../../runtime/actions/paced.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { migratedDatabase, rows, versionOf } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };
const DAY_MS = 86_400_000;

function version(dagId: string, task: string, options: DagOptions = {}, pool?: string) {
  const d = dag(dagId, options);
  d.task(task, pool === undefined ? {} : { pool }, async () => null);
  return versionOf(describeDag(d));
}

type Version = ReturnType<typeof version>;
const folder = (versions: readonly Version[], broken: readonly string[] = []) => ({
  versions,
  errors: broken.map((file) => ({
    ...{ file, line: null, code: "IMPORT_FAILED", message: "no", stack: null },
  })),
});
const preview = (...versions: readonly Version[]) =>
  previewDeployment(postgres.db, folder(versions));
const deploy = (...versions: readonly Version[]) => deployFolder(postgres.db, folder(versions), me);

const runsOf = async (dagId: string): Promise<number> =>
  (await rows(postgres.db, "select from dagsmith.dag_run where dag_id = $1", [dagId])).length;

test("added, removed and changed DAGs are those that the deployment then changes", async () => {
  await deploy(version("stays", "a"), version("changes", "a"), version("goes", "a"));
  const coming = [version("stays", "a"), version("changes", "b"), version("comes", "a")];
  const found = await preview(...coming);
  expect(found).toMatchObject({
    ...{ added: ["comes"], removed: ["goes"], unchanged: 1 },
    changed: [{ dagId: "changes", version: 1, tasks: { added: ["b"], removed: ["a"] } }],
  });
  expect((await preview(...coming)).added).toEqual(["comes"]);
  const { deployed, removed } = await deploy(...coming);
  expect(deployed.filter(({ isNew }) => isNew).map(({ dagId }) => dagId)).toEqual([
    ...["changes", "comes"],
  ]);
  expect(removed).toEqual(found.removed);
});

test("a DAG of a broken file is not removed", async () => {
  await deploy(version("broken", "a"));
  expect(await previewDeployment(postgres.db, folder([], ["broken.ts"]))).toMatchObject({
    removed: [],
    added: [],
    changed: [],
  });
});

describe("runs", () => {
  test("that catchup would create are counted, and the scheduler then creates them", async () => {
    const startDate = new Date(Date.now() - 5 * DAY_MS).toISOString().slice(0, 10);
    const caught = version("caught", "a", { schedule: "@daily", startDate, catchup: "all" });
    const [change] = (await preview(caught)).schedules;
    expect(change).toMatchObject({ dagId: "caught", before: null, after: { runsNow: 5 } });
    await deploy(caught);
    await tick(postgres.db, new Plans());
    expect(await runsOf("caught")).toBe(5);
    const [again] = (await preview(version("caught", "b", { schedule: "@hourly" }))).schedules;
    expect(again).toMatchObject({ before: { runsNow: 0 } });
    expect(again!.before!.schedule).not.toBe(again!.after.schedule);
  });

  test("of a paused DAG are none, before and after", async () => {
    const options = { schedule: "@daily", startDate: "2020-01-01", catchup: "all" } as const;
    await deploy(version("paused", "a"));
    await pauseDag(postgres.db, { dagId: "paused", ...me });
    const [change] = (await preview(version("paused", "a2", options))).schedules;
    expect(change!.after).toMatchObject({ isPaused: true, runsNow: 0, nextRunAfter: null });
  });

  test("under way are named with the version that they keep", async () => {
    const running = version("running", "a", { schedule: "@once", startDate: "2020-01-01" });
    await deploy(running);
    await tick(postgres.db, new Plans());
    expect((await preview(version("running", "b"))).activeRuns).toEqual([
      { dagId: "running", version: 1, runs: 1 },
    ]);
    expect((await preview()).activeRuns).toEqual([{ dagId: "running", version: 1, runs: 1 }]);
    expect((await preview(running)).activeRuns).toEqual([]);
  });
});

test("a pool that does not exist is named with its DAGs", async () => {
  const found = await preview(
    version("pool_a", "a", {}, "narrow"),
    version("pool_b", "b", {}, "narrow"),
  );
  expect(found.missingPools).toEqual([{ pool: "narrow", dags: ["pool_a", "pool_b"] }]);
});

test("connections that a DAG names, and that are not stored, are missing", async () => {
  const spec = { connections: ["nowhere_one", "nowhere_two"] };
  const found = await preview(version("names_a", "a", spec), version("names_b", "b", spec));
  expect(found.missingConnections).toEqual([
    { connection: "nowhere_one", dags: ["names_a", "names_b"] },
    { connection: "nowhere_two", dags: ["names_a", "names_b"] },
  ]);
});

test("a preview of many DAGs leaves the process free between portions", async () => {
  let others = 0;
  let isDone = false;
  const count = (): void => {
    others += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const values = Array.from({ length: 30 }, (_, n) => n);
  const mapped = await pacedMap(values, (value) => {
    const until = performance.now() + 5;
    while (performance.now() < until);
    return value * 2;
  });
  isDone = true;
  expect(mapped).toEqual(values.map((value) => value * 2));
  expect(others).toBeGreaterThanOrEqual(5);
});
