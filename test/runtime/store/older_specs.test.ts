/** A spec as a dagsmith of format 2 stored it: its runs go on, and pages show it. */
import { expect, test } from "vitest";
import { clearRuns, triggerRun } from "../../../runtime/actions/index.ts";
import { getVersions } from "../../../runtime/store/dags/dag_version.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { getDag, listDeployedDags } from "../../../runtime/store/reads/dags.ts";
import { findRunSpec } from "../../../runtime/store/reads/runs.ts";
import { whyWaiting } from "../../../runtime/store/reads/why.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { completeSpec, type StoredSpec } from "../../../sdk/spec/complete_spec.ts";
import { chain } from "../../../sdk/task/wirable.ts";
import { driverOf, failed, play, statesOf, success } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();

const FORMAT_2_TASK = {
  ...({
    operator: "task",
    doc: null,
    inputs: {},
    each: null,
    maxActive: null,
    triggerRule: "all_success",
  } as const),
  ...{
    retries: 1,
    retryDelayMs: 0,
    retryBackoff: 1,
    maxRetryDelayMs: null,
    executionTimeoutMs: null,
    freshProcess: false,
  },
};

const FORMAT_2 = {
  ...{
    dagId: "older",
    description: null,
    tags: ["a"],
    timezone: "UTC",
    paramsSchema: null,
    pausedAtCreation: false,
  },
  schedules: [
    {
      name: "",
      schedule: { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" },
      params: {},
    },
  ],
  ...{ startDate: "2026-01-01T00:00:00.000Z", endDate: null, catchup: "last", maxActiveRuns: 16 },
  tasks: [
    { ...FORMAT_2_TASK, taskId: "list", upstream: [] },
    {
      ...FORMAT_2_TASK,
      taskId: "each",
      upstream: ["list"],
      inputs: { list: "list" },
      each: { taskId: "list" },
      maxActive: 1,
    },
    {
      ...FORMAT_2_TASK,
      taskId: "end",
      operator: "empty",
      upstream: ["each"],
      triggerRule: "all_done",
    },
  ],
} as const satisfies StoredSpec;

/** The same DAG as it is described now. */
function current() {
  const d = dag("older", {
    schedule: "@daily",
    startDate: "2026-01-01",
    tags: ["a"],
    defaults: { retries: 1, retryDelay: "0s" },
  });
  const list = d.task("list", () => [1, 2]);
  const each = d.task("each", { inputs: { list }, each: list, maxActive: 1 }, () => null);
  chain(each, d.empty("end", { triggerRule: "all_done" }));
  return describeDag(d as unknown as Dag<unknown>);
}

test("has every field that this dagsmith always writes", () => {
  const [now, then] = [current(), completeSpec(FORMAT_2)];
  expect(Object.keys(then).sort()).toEqual(Object.keys(now).sort());
  for (const [index, task] of now.tasks.entries())
    expect(Object.keys(then.tasks[index]!).sort()).toEqual(Object.keys(task).sort());
});

test("carries a run from its beginning through a retry, a mapped task and a clear to its end, and is shown", async () => {
  const { db } = postgres;
  await known(db, current());
  await rows(db, "update dagsmith.dag_version set spec = $1 where dag_id = 'older'", [
    JSON.stringify(FORMAT_2),
  ]);
  const { id } = await triggerRun(db, { dagId: "older", actor: "test" });
  const driver = driverOf(db, new Plans(), id);
  const ends = await play(driver, ({ taskId, tryNumber }) =>
    tryNumber === 1 ? failed() : success(taskId === "list" ? [1, 2] : undefined),
  );
  expect([ends.run, statesOf(ends)]).toEqual([
    "success",
    { list: "success", "each[0]": "success", "each[1]": "success", end: "success" },
  ]);
  await clearRuns(db, { of: { run: id }, taskId: "each", downstream: true, actor: "test" });
  expect((await whyWaiting(db, id)).tasks.length).toBeGreaterThan(0);
  expect((await play(driver)).run).toBe("success");
  expect(await tick(db, new Plans())).toBeDefined();
  const [version] = await rows<{ version_id: number }>(
    db,
    "select version_id from dagsmith.dag where dag_id = 'older'",
  );
  const read = [
    (await getVersions(db, [version!.version_id]))[0],
    await getDag(db, "older"),
    (await listDeployedDags(db)).find(({ dagId }) => dagId === "older"),
  ];
  for (const spec of [...read.map((one) => one?.spec), await findRunSpec(db, id)])
    expect(spec).toEqual(completeSpec(FORMAT_2));
});
