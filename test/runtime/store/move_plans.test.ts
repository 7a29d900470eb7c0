/**
 * Statements that move instances and runs find their rows by keys, and read no others: a
 * guard on the state must not lead the plan into an index on states, or into the whole
 * table. A generic plan does not know the limits of the statements that start runs and
 * wake sensors, so they are not tried here.
 */
import { beforeAll, expect, test } from "vitest";
import { UNROUTED } from "../../../runtime/engine/limits/limits.ts";
import { succeed } from "../../../runtime/state/transition.ts";
import { getDag } from "../../../runtime/store/dags/dag.ts";
import type { Queryable } from "../../../runtime/store/database/database.ts";
import { applyTransitions } from "../../../runtime/store/instances/apply_transitions.ts";
import { beginGroups } from "../../../runtime/store/instances/group_instance.ts";
import { reviveInstances } from "../../../runtime/store/instances/recreate.ts";
import { startTries } from "../../../runtime/store/instances/start_tries.ts";
import { releaseInstances } from "../../../runtime/store/instances/task_instance.ts";
import { markGranted } from "../../../runtime/store/limits/slot_request.ts";
import { updateRuns } from "../../../runtime/store/runs/dag_run.ts";
import { cancelRunRows, markRunRow, timeOutRuns } from "../../../runtime/store/runs/end_run.ts";
import { reopenRunRows } from "../../../runtime/store/runs/reopen_run.ts";
import { known, migratedDatabase, registeredWorker, rows } from "../../support/migrated.ts";
import { readBy } from "../../support/plans.ts";
import { dagSpec, Rows } from "../../support/rows.ts";

const postgres = migratedDatabase();

/** Active runs of each DAG, and instances of the task `each`. */
const MANY = 5_000;

beforeAll(async () => {
  const { db } = postgres;
  await known(db, dagSpec("one"), dagSpec("two"));
  await registeredWorker(db, "w");
  const writer = new Rows(db.pool);
  const numbers = [...Array(MANY).keys()];
  const [one, two] = [(await getDag(db, "one"))!, (await getDag(db, "two"))!];
  await writer.runs(
    numbers.flatMap((n) =>
      [one, two].map(({ dagId, versionId }) => ({
        ...({ dagId, versionId, state: n % 2 === 0 ? "running" : "queued" } as const),
      })),
    ),
  );
  await writer.instances(
    ["none", "scheduled", "queued", "running"].flatMap((state) =>
      numbers.map((mapIndex) => ({
        ...{ runId: 1, taskId: state, state, mapIndex },
        ...(state === "running" && { workerId: "w" }),
      })),
    ),
  );
  await rows(
    db,
    `insert into dagsmith.slot_request (instance_id, try_number, reservations, weight, map_index)
     select id, 1, 'p:1', 1, map_index from dagsmith.task_instance where state = 'scheduled'`,
  );
  await rows(db, "analyze dagsmith.dag_run, dagsmith.task_instance, dagsmith.slot_request");
});

async function ids(state: string, count: number): Promise<readonly number[]> {
  const found = await rows<{ id: number }>(
    postgres.db,
    "select id from dagsmith.task_instance where task_id = $1 and map_index >= 1000 order by id limit $2",
    [state, count],
  );
  return found.map(({ id }) => id);
}

const TEN = Array.from({ length: 10 }, (_, index) => index);
const RUNNING = TEN.map((index) => 4 * index + 1);
const RANGE = { runId: 1, taskId: "scheduled", from: 1_000, to: 1_010 };

/** Each moves ten instances. */
const INSTANCES: Readonly<Record<string, (on: Queryable) => Promise<unknown>>> = {
  start: async (on) =>
    startTries(
      on,
      "w",
      (await ids("queued", 10)).map((instanceId) => ({ instanceId, tryNumber: 1 })),
    ),
  succeed: async (on) =>
    applyTransitions(
      on,
      (await ids("running", 10)).map((instanceId) => succeed({ instanceId, tryNumber: 1 }, "w")),
    ),
  release: (on) => releaseInstances(on, [{ ...RANGE, route: UNROUTED }]),
  beginGroup: (on) => beginGroups(on, RANGE, undefined),
  recreate: (on) =>
    reviveInstances(
      on,
      TEN.map((index) => ({
        ...{ runId: 1, taskId: "none", mapIndex: 1_000 + index, state: "queued" as const },
        ...{ item: null, reason: null, error: null, route: UNROUTED },
      })),
    ),
  grant: async (on) => markGranted(on, await ids("scheduled", 10), []),
};

test.each(Object.entries(INSTANCES))("%s reads the instances that it moves", async (_, move) => {
  const { read } = await readBy(postgres.db, "task_instance", move);
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThanOrEqual(3 * TEN.length);
});

/** Each moves one run, or ten. */
const RUNS: Readonly<Record<string, (on: Queryable) => Promise<unknown>>> = {
  "advance and finish": (on) =>
    updateRuns(
      on,
      RUNNING.map((id) => ({ id, openTasks: 0, failedLeaves: 0, warnings: 0, state: "success" })),
    ),
  cancel: (on) => cancelRunRows(on, [{ id: RUNNING[0]!, reason: "why" }]),
  timeOut: (on) =>
    timeOutRuns(
      on,
      RUNNING.map((id) => ({ id, reason: "why" })),
    ),
  reopen: (on) =>
    reopenRunRows(
      on,
      RUNNING.map((id) => ({ id, versionId: null, params: undefined })),
    ),
};

test.each(Object.entries(RUNS))("%s reads the runs that it moves", async (_, move) => {
  const { read } = await readBy(postgres.db, "dag_run", move);
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThanOrEqual(3 * RUNNING.length);
});

test("mark reads the run that it moves", async () => {
  const { db } = postgres;
  const [id] = RUNNING;
  // The last statement of a mark queues callbacks, so the plan of the move is not the
  // last.
  const reads: number[] = [];
  await markRunRow(
    {
      query: async (statement, values) => {
        const { read } = await readBy(db, "dag_run", (on) => on.query(statement, values));
        if (statement.name === "dag_run_mark") reads.push(read);
        return [];
      },
    },
    id!,
    "success",
    "why",
  );
  expect(reads).toEqual([1]);
});
