/**
 * Every statement that moves runs, tried on one run in each state: exactly those move
 * that its verbs may move, and each gets the columns of its new state.
 */
import { expect, test } from "vitest";
import { RUN_STATES, type RunState } from "../../../runtime/state/run_state.ts";
import { mayLeave, RUN_VERBS, type RunVerbName } from "../../../runtime/state/run_verbs.ts";
import { cancelBackfillRow, createBackfill } from "../../../runtime/store/backfills/backfill.ts";
import { startBackfillRuns } from "../../../runtime/store/backfills/start_backfill_runs.ts";
import { getDag } from "../../../runtime/store/dags/dag.ts";
import { createRuns, startQueued, updateRuns } from "../../../runtime/store/runs/dag_run.ts";
import { cancelRunRows, markRunRow, timeOutRuns } from "../../../runtime/store/runs/end_run.ts";
import { reopenRunRows } from "../../../runtime/store/runs/reopen_run.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { dagSpec, Rows } from "../../support/rows.ts";

const postgres = migratedDatabase();

/** The times that `now()` did not write. */
const BEFORE = new Date("2026-01-01");

interface Made {
  readonly dagId: string;
  readonly backfill: number;
  readonly ids: readonly number[];
}

let dags = 0;
/** One run of a DAG in each state; on request all of one backfill. */
async function inEveryState(isBackfill: boolean): Promise<Made> {
  const dagId = `moves_${++dags}`;
  await known(postgres.db, dagSpec(dagId));
  const dag = await getDag(postgres.db, dagId);
  const backfill = await createBackfill(postgres.db, {
    ...{ dagId, scheduleName: "s", schedule: null as never, from: new Date(0), to: new Date(0) },
    ...{ reprocess: "none", backwards: false, maxActiveRuns: 10, params: {}, givenParams: {} },
    ...{ labels: {}, code: "original", versionId: dag!.versionId, createdBy: "ada" },
  });
  const { versionId } = dag!;
  const ids = await new Rows(postgres.db.pool).runs(
    RUN_STATES.map((state, index) => ({
      ...{ dagId, versionId, state, reason: "before", startedAt: BEFORE, tookMs: 0 },
      ...(state !== "queued" && { timeoutAt: BEFORE }),
      ...(isBackfill && { backfill: { id: backfill!, ordinal: index + 1 } }),
    })),
  );
  return { dagId, backfill: backfill!, ids };
}

interface Row extends Record<string, unknown> {
  readonly state: RunState;
  /** Another after each write of the row. */
  readonly written: string;
  readonly columns: Readonly<Record<string, string>>;
}

const TIMES = ["queued_at", "started_at", "timeout_at", "finished_at"];

function runsOf(dagId: string): Promise<readonly Row[]> {
  const columns = TIMES.map(
    (name) =>
      `'${name}', case when ${name} is null then 'null' when ${name} = '${BEFORE.toISOString()}' then 'kept' else 'now' end`,
  );
  return rows<Row>(
    postgres.db,
    `select state, xmin::text as written,
       json_build_object(${columns.join(", ")}, 'reason', coalesce(reason, 'null')) as columns
     from dagsmith.dag_run where dag_id = $1 order by id`,
    [dagId],
  );
}

/** What the columns of a run in each state must be after a move; absent: any. */
const HAS: Readonly<Record<RunState, Readonly<Record<string, string>>>> = {
  queued: {
    ...{ queued_at: "now", started_at: "null", timeout_at: "null" },
    ...{ finished_at: "null", reason: "null" },
  },
  running: { queued_at: "kept", finished_at: "null", reason: "before" },
  success: { queued_at: "kept" },
  failed: { queued_at: "kept" },
};

const PROGRESS = { openTasks: 1, failedLeaves: 0, warnings: 0 };

const MOVES: readonly (readonly [
  verbs: readonly RunVerbName[],
  how: string,
  work: (of: Made) => Promise<unknown>,
])[] = [
  [["start"], "of a DAG", ({ dagId }) => startQueued(postgres.db, [{ dagId, runs: 10 }])],
  [["start"], "of a backfill", ({ dagId }) => startBackfillRuns(postgres.db, [dagId])],
  ...(["running", "success", "failed"] as const).map(
    (state) =>
      [
        [state === "running" ? "advance" : "finish"],
        `as ${state}`,
        ({ ids }: Made) =>
          updateRuns(
            postgres.db,
            ids.map((id) => ({ ...PROGRESS, id, state })),
          ),
      ] as const,
  ),
  [
    ["cancel"],
    "of a run",
    ({ ids }) =>
      cancelRunRows(
        postgres.db,
        ids.map((id) => ({ id, reason: "why" })),
      ),
  ],
  [
    ["timeOut"],
    "of many runs",
    ({ ids }) =>
      timeOutRuns(
        postgres.db,
        ids.map((id) => ({ id, reason: "why" })),
      ),
  ],
  ...(["success", "failed"] as const).map(
    (state) =>
      [
        ["mark"],
        `as ${state}`,
        async ({ ids }: Made) => {
          for (const id of ids) await markRunRow(postgres.db, id, state, "why");
        },
      ] as const,
  ),
  [
    ["reopen", "goOn"],
    "of many runs",
    ({ ids }) =>
      reopenRunRows(
        postgres.db,
        ids.map((id) => ({ id, versionId: null, params: undefined })),
      ),
  ],
];

test.each(MOVES)("%j %s moves exactly the runs that it may move", async (verbs, how, work) => {
  const made = await inEveryState(how === "of a backfill");
  const before = await runsOf(made.dagId);
  await work(made);
  const after = await runsOf(made.dagId);
  const moved = after.flatMap((row, at) =>
    row.written === before[at]!.written ? [] : [{ ...row, from: before[at]!.state }],
  );
  const states = RUN_STATES.filter((state) => verbs.some((verb) => mayLeave(verb, state)));
  expect(moved.map(({ from }) => from)).toEqual(states);
  for (const { from, state, columns } of moved) {
    const verb = verbs.find((one) => mayLeave(one, from))!;
    expect(RUN_VERBS[verb].to).toContain(state);
    expect(columns).toMatchObject(HAS[state]);
    expect(columns.finished_at !== "null").toBe(state === "success" || state === "failed");
  }
});

test("the cancel of a backfill ends its queued runs and no others", async () => {
  const { dagId, backfill } = await inEveryState(true);
  expect(await cancelBackfillRow(postgres.db, backfill, "why")).toBe(true);
  const states = (await runsOf(dagId)).map(({ state, columns }) => [state, columns.reason]);
  expect(states).toEqual([
    ["failed", "why"],
    ["running", "before"],
    ["success", "before"],
    ["failed", "before"],
  ]);
});

test("a created run is queued", async () => {
  const { dagId } = await inEveryState(false);
  const [version] = await rows<{ id: number }>(
    postgres.db,
    "select version_id as id from dagsmith.dag where dag_id = $1",
    [dagId],
  );
  const at = new Date("2026-02-01T00:00:00Z");
  const dates = { logicalDate: at, dataIntervalStart: at, dataIntervalEnd: at, runAfter: at };
  const what = { params: {}, schedule: null, trigger: null, runType: "manual" as const };
  const run = { dagId, runId: "manual__new", versionId: version!.id, ...dates, ...what };
  expect(await createRuns(postgres.db, [run])).toHaveLength(1);
  const created = (await runsOf(dagId)).at(-1)!;
  expect(created.state).toBe("queued");
  expect(created.columns).toMatchObject(HAS.queued);
});

test("the start of a running run is kept when instances of it are cleared", async () => {
  const { dagId, ids } = await inEveryState(false);
  const running = ids[RUN_STATES.indexOf("running")]!;
  await reopenRunRows(postgres.db, [{ id: running, versionId: null, params: undefined }]);
  expect((await runsOf(dagId))[RUN_STATES.indexOf("running")]!.columns).toMatchObject({
    ...{ started_at: "kept", timeout_at: "kept", queued_at: "kept" },
  });
});

test("the statements cover every verb of runs", () => {
  const tried = new Set([...MOVES.flatMap(([verbs]) => verbs), "create"]);
  expect(tried).toEqual(new Set(Object.keys(RUN_VERBS)));
});
