/**
 * Backfills from what is asked for to their end: on a real database, by its own clock,
 * the scheduler's tick called by hand.
 */
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  cancelBackfill,
  createBackfill,
  pauseBackfill,
  previewBackfill,
  resumeBackfill,
} from "../../../runtime/actions/backfill.ts";
import { clearRuns, deployFolder, triggerRun } from "../../../runtime/actions/index.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { findBackfill, listBackfillRuns } from "../../../runtime/store/reads/backfills.ts";
import { startQueuedRuns } from "../../../runtime/transactions/start_runs.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { driverOf, failed, play, type Script, success } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows, versionOf } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };
const today = DateTime.utc().startOf("day");
const daysAgo = (days: number): string => today.minus({ days }).toISO();
const date = (days: number): string => today.minus({ days }).toISODate();

function daily(
  id: string,
  options: DagOptions = {},
  declare = (d: Dag<unknown>): void => void d.task("a", async () => null),
): DagSpec {
  const d = dag(id, { schedule: "@daily", catchup: "none", ...options }) as unknown as Dag<unknown>;
  declare(d);
  return describeDag(d);
}

const look = () => tick(postgres.db, new Plans());
type Run = {
  id: number;
  run_id: string;
  run_type: string;
  state: string;
  params: unknown;
  version: number;
  ordinal: number | null;
};
const runsOf = (dagId: string) =>
  rows<Run>(
    postgres.db,
    `select r.id, r.run_id, r.run_type, r.state, r.params, v.number as version, r.backfill_ordinal as ordinal
     from dagsmith.dag_run r join dagsmith.dag_version v on v.id = r.version_id where r.dag_id = $1 order by r.id`,
    [dagId],
  );
const statesOf = async (dagId: string) => (await runsOf(dagId)).map(({ state }) => state);
const running = async (dagId: string) =>
  (await runsOf(dagId)).filter(({ state }) => state === "running");
const plannedOf = async (id: number) =>
  (await listBackfillRuns(postgres.db, id, 0, 1_000)).map(
    ({ logicalDate, decision, reason, runState }) => {
      return [
        DateTime.fromJSDate(logicalDate, { zone: "utc" }).toISODate(),
        reason ?? runState ?? decision,
      ];
    },
  );
const stateOf = async (id: number) => (await findBackfill(postgres.db, id))?.state;

/** Ends a run as a worker does. */
async function finish(
  { id }: { readonly id: number },
  dagId: string,
  script: Script = () => success(),
): Promise<void> {
  await play(driverOf(postgres.db, new Plans(), id), script);
  await startQueuedRuns(postgres.db, new Plans(), [dagId]);
}

/** Ticks and ends runs until the backfill is over. */
async function toTheEnd(id: number, dagId: string, script?: Script): Promise<void> {
  for (let turn = 0; (await stateOf(id)) === "running"; turn++) {
    if (turn > 200) throw new Error("the backfill does not end");
    await look();
    for (const run of await running(dagId)) await finish(run, dagId, script);
  }
}

describe("a backfill", () => {
  test("runs the intervals of its range in order, a few at a time, beside the runs of the DAG, and ends by itself", async () => {
    await known(postgres.db, daily("range", { maxActiveRuns: 1 }));
    await triggerRun(postgres.db, { dagId: "range", ...me });
    const { id, runs } = await createBackfill(postgres.db, {
      dagId: "range",
      from: daysAgo(5),
      to: daysAgo(2),
      maxActiveRuns: 2,
      ...me,
    });
    expect(runs).toBe(4);
    await look();
    const made = (await runsOf("range")).filter(({ run_type }) => run_type === "backfill");
    expect(made.map(({ run_id, state, ordinal }) => [run_id, state, ordinal])).toEqual([
      [`backfill__${date(5)}T00:00:00+00:00`, "running", 1],
      [`backfill__${date(4)}T00:00:00+00:00`, "running", 2],
      [`backfill__${date(3)}T00:00:00+00:00`, "queued", 3],
      [`backfill__${date(2)}T00:00:00+00:00`, "queued", 4],
    ]);
    expect((await statesOf("range"))[0]).toBe("running");
    await finish(made[0]!, "range");
    expect(
      (await runsOf("range")).filter(
        ({ run_type, state }) => run_type === "backfill" && state === "running",
      ),
    ).toHaveLength(2);
    await toTheEnd(id, "range");
    expect(await findBackfill(postgres.db, id)).toMatchObject({
      state: "completed",
      progress: { total: 4, waiting: 0, queued: 0, running: 0, success: 4, failed: 0, skipped: 0 },
    });
  });

  test("backwards begins with the newest", async () => {
    await known(postgres.db, daily("backwards"));
    await createBackfill(postgres.db, {
      dagId: "backwards",
      from: daysAgo(4),
      to: daysAgo(2),
      backwards: true,
      maxActiveRuns: 1,
      ...me,
    });
    await look();
    expect((await running("backwards")).map(({ run_id }) => run_id)).toEqual([
      `backfill__${date(2)}T00:00:00+00:00`,
    ]);
  });

  test("counts its failed runs, and goes on after them", async () => {
    await known(postgres.db, daily("failing"));
    const { id } = await createBackfill(postgres.db, {
      dagId: "failing",
      from: daysAgo(4),
      to: daysAgo(2),
      maxActiveRuns: 1,
      ...me,
    });
    await toTheEnd(id, "failing", () => failed(false));
    expect((await findBackfill(postgres.db, id))!.progress).toMatchObject({
      failed: 3,
      success: 0,
    });
  });

  test("with no run left to make ends at once, with a reason for each", async () => {
    await known(postgres.db, daily("done"));
    const range = { dagId: "done", from: daysAgo(3), to: daysAgo(2), ...me };
    await toTheEnd((await createBackfill(postgres.db, range)).id, "done");
    const second = await createBackfill(postgres.db, range);
    await look();
    expect(await plannedOf(second.id)).toEqual([
      [date(3), "already exists"],
      [date(2), "already exists"],
    ]);
    expect(await stateOf(second.id)).toBe("completed");
  });

  test("gives its runs params and labels", async () => {
    await known(
      postgres.db,
      daily("given", {
        params: z.object({ full: z.boolean().default(false), region: z.string().default("eu") }),
      }),
    );
    const { id } = await createBackfill(postgres.db, {
      ...{
        dagId: "given",
        from: daysAgo(2),
        to: daysAgo(2),
        params: { full: true },
        labels: { why: "fix" },
        ...me,
      },
    });
    await toTheEnd(id, "given");
    expect((await runsOf("given"))[0]!.params).toEqual({ full: true, region: "eu" });
    expect(
      await rows(
        postgres.db,
        "select key, value from dagsmith.dag_run_label l join dagsmith.dag_run r on r.id = l.run_id where r.dag_id = $1",
        ["given"],
      ),
    ).toEqual([{ key: "why", value: "fix" }]);
  });

  test("listed only, changes nothing", async () => {
    await known(postgres.db, daily("listed"));
    const { runs } = await previewBackfill(postgres.db, {
      dagId: "listed",
      from: daysAgo(3),
      to: daysAgo(2),
    });
    expect(runs.map(({ ordinal, decision }) => [ordinal, decision])).toEqual([
      [1, "run"],
      [2, "run"],
    ]);
    await look();
    expect(await runsOf("listed")).toEqual([]);
    expect(
      await rows(postgres.db, "select from dagsmith.backfill where dag_id = 'listed'"),
    ).toEqual([]);
  });
});

describe("runs that exist", () => {
  /** Four days: two that succeeded, one that failed, one that runs. */
  async function fourDays(id: string): Promise<void> {
    await known(postgres.db, daily(id));
    const first = await createBackfill(postgres.db, {
      dagId: id,
      from: daysAgo(5),
      to: daysAgo(2),
      ...me,
    });
    await look();
    const [a, b, c, d] = await runsOf(id);
    await finish(a!, id);
    await finish(b!, id);
    await finish(c!, id, () => failed(false));
    await cancelBackfill(postgres.db, { id: first.id, ...me });
    expect(await statesOf(id)).toEqual(["success", "success", "failed", "running"]);
    expect((await driverOf(postgres.db, new Plans(), d!.id).look()).run).toBe("running");
  }

  test.each([
    ["none", ["already exists", "already exists", "already exists", "in flight"]],
    ["failed", ["already exists", "already exists", "success", "in flight"]],
    ["completed", ["success", "success", "success", "in flight"]],
  ] as const)("with reprocess %s are treated so: %j", async (reprocess, expected) => {
    const id = `again_${reprocess}`;
    await fourDays(id);
    const before = await runsOf(id);
    const second = await createBackfill(postgres.db, {
      dagId: id,
      from: daysAgo(5),
      to: daysAgo(2),
      reprocess,
      ...me,
    });
    const inFlight = before[3]!;
    for (let turn = 0; (await stateOf(second.id)) === "running" && turn < 20; turn++) {
      await look();
      for (const run of await running(id)) if (run.id !== inFlight.id) await finish(run, id);
    }
    expect(await stateOf(second.id)).toBe("completed");
    expect((await plannedOf(second.id)).map(([, what]) => what)).toEqual(expected);
    expect((await runsOf(id)).map((run) => run.id)).toEqual(before.map((run) => run.id));
    expect((await runsOf(id))[3]!.state).toBe("running");
  });

  test("are done again as new tries, whose earlier ones stay", async () => {
    await fourDays("history");
    const { id } = await createBackfill(postgres.db, {
      dagId: "history",
      from: daysAgo(3),
      to: daysAgo(3),
      reprocess: "failed",
      ...me,
    });
    await toTheEnd(id, "history", () => success());
    const history = await rows(
      postgres.db,
      `select t.try_number, t.state, h.try_number as before, h.state as was from dagsmith.dag_run r
       join dagsmith.task_instance t on t.run_id = r.id join dagsmith.task_try h on h.task_instance_id = t.id where r.dag_id = 'history'`,
    );
    expect(history).toEqual([{ try_number: 2, state: "success", before: 1, was: "failed" }]);
  });

  test("keep their version, unless the newest is asked for", async () => {
    for (const [id, code, versions] of [
      ["code_original", "original", [1, 1]],
      ["code_latest", "latest", [2, 2]],
    ] as const) {
      const spec = daily(id);
      await known(postgres.db, spec);
      await toTheEnd(
        (await createBackfill(postgres.db, { dagId: id, from: daysAgo(3), to: daysAgo(3), ...me }))
          .id,
        id,
      );
      const again = await createBackfill(postgres.db, {
        dagId: id,
        from: daysAgo(3),
        to: daysAgo(2),
        reprocess: "completed",
        code,
        ...me,
      });
      await known(postgres.db, { ...spec, description: "edited" });
      await toTheEnd(again.id, id);
      expect((await runsOf(id)).map(({ version, state }) => [version, state])).toEqual(
        versions.map((version) => [version, "success"]),
      );
    }
  });

  test("of the schedule are not made again by a backfill", async () => {
    await known(
      postgres.db,
      daily("by_schedule", { startDate: daysAgo(4), endDate: daysAgo(2), catchup: "all" }),
    );
    await look();
    const before = await runsOf("by_schedule");
    expect(before).toHaveLength(3);
    await finish(before[0]!, "by_schedule");
    const { id } = await createBackfill(postgres.db, {
      dagId: "by_schedule",
      from: daysAgo(4),
      to: daysAgo(2),
      ...me,
    });
    await look();
    expect((await plannedOf(id)).map(([, what]) => what)).toEqual([
      "already exists",
      "in flight",
      "in flight",
    ]);
    expect(await runsOf("by_schedule")).toHaveLength(3);
  });

  test("of a backfill are not made again by the schedule", async () => {
    await known(postgres.db, daily("by_backfill", { startDate: daysAgo(4), endDate: daysAgo(2) }));
    const { id } = await createBackfill(postgres.db, {
      dagId: "by_backfill",
      from: daysAgo(3),
      to: daysAgo(3),
      ...me,
    });
    await toTheEnd(id, "by_backfill");
    await known(
      postgres.db,
      daily("by_backfill", { startDate: daysAgo(4), endDate: daysAgo(2), catchup: "all" }),
    );
    await look();
    await look();
    const made = (await runsOf("by_backfill")).map(({ run_id }) => run_id);
    expect(made).toEqual([
      `backfill__${date(3)}T00:00:00+00:00`,
      `scheduled__${date(4)}T00:00:00+00:00`,
      `scheduled__${date(2)}T00:00:00+00:00`,
    ]);
  });

  test("that a person asked for stand in the way like any other, those of another schedule do not", async () => {
    const schedule = {
      green: { schedule: "@daily" as const },
      yellow: { schedule: "@daily" as const },
    };
    await known(postgres.db, daily("asked", { schedule }));
    await triggerRun(postgres.db, { dagId: "asked", logicalDate: daysAgo(3), ...me });
    const range = { dagId: "asked", from: daysAgo(3), to: daysAgo(2), ...me };
    const green = await createBackfill(postgres.db, { ...range, schedule: "green" });
    await look();
    expect((await plannedOf(green.id)).map(([, what]) => what)).toEqual(["in flight", "running"]);
    await cancelBackfill(postgres.db, { id: green.id, ...me });
    const { runs } = await previewBackfill(postgres.db, { ...range, schedule: "yellow" });
    expect(runs.map(({ reason }) => reason)).toEqual(["in flight", null]);
  });
});

describe("a backfill that is stopped", () => {
  test("paused begins nothing more, resumed goes on", async () => {
    await known(postgres.db, daily("paused"));
    const { id } = await createBackfill(postgres.db, {
      dagId: "paused",
      from: daysAgo(4),
      to: daysAgo(2),
      maxActiveRuns: 1,
      ...me,
    });
    await look();
    await pauseBackfill(postgres.db, { id, ...me });
    await finish((await running("paused"))[0]!, "paused");
    await look();
    expect(await statesOf("paused")).toEqual(["success", "queued", "queued"]);
    await resumeBackfill(postgres.db, { id, ...me });
    await toTheEnd(id, "paused");
    expect(await statesOf("paused")).toEqual(["success", "success", "success"]);
  });

  test("cancelled leaves what runs to finish, and lets another begin", async () => {
    await known(postgres.db, daily("cancelled"));
    const { id } = await createBackfill(postgres.db, {
      dagId: "cancelled",
      from: daysAgo(4),
      to: daysAgo(2),
      maxActiveRuns: 1,
      ...me,
    });
    await look();
    await cancelBackfill(postgres.db, { id, ...me });
    await look();
    expect(await statesOf("cancelled")).toEqual(["running", "failed", "failed"]);
    await expect(pauseBackfill(postgres.db, { id, ...me })).rejects.toMatchObject({
      code: "BACKFILL_ENDED",
    });
    await finish((await running("cancelled"))[0]!, "cancelled");
    const again = await createBackfill(postgres.db, {
      dagId: "cancelled",
      from: daysAgo(4),
      to: daysAgo(2),
      reprocess: "failed",
      ...me,
    });
    await toTheEnd(again.id, "cancelled");
    expect(await statesOf("cancelled")).toEqual(["success", "success", "success"]);
  });

  test("waits while its DAG is paused or removed", async () => {
    const spec = daily("gone");
    await known(postgres.db, spec);
    const { id } = await createBackfill(postgres.db, {
      dagId: "gone",
      from: daysAgo(3),
      to: daysAgo(2),
      ...me,
    });
    const others = await rows<{ file: string }>(
      postgres.db,
      "select distinct file from dagsmith.dag_version where dag_id <> 'gone'",
    );
    const errors = others.map(({ file }) => ({
      file,
      line: null,
      code: "IMPORT_FAILED",
      message: "no",
      stack: null,
    }));
    await deployFolder(postgres.db, { versions: [], errors }, me);
    await look();
    expect([await stateOf(id), await runsOf("gone")]).toEqual(["running", []]);
    await deployFolder(postgres.db, { versions: [versionOf(spec)], errors }, me);
    await toTheEnd(id, "gone");
    expect(await statesOf("gone")).toEqual(["success", "success"]);
  });

  test("keeps the schedule it was made with when the DAG gets another", async () => {
    const spec = daily("moved");
    await known(postgres.db, spec);
    const { id } = await createBackfill(postgres.db, {
      dagId: "moved",
      from: daysAgo(3),
      to: daysAgo(2),
      ...me,
    });
    await known(postgres.db, daily("moved", { schedule: "0 6 * * *" }));
    await toTheEnd(id, "moved");
    expect((await plannedOf(id)).map(([, state]) => state)).toEqual(["success", "success"]);
  });
});

describe("what is refused", () => {
  test.each([
    ["a DAG without schedule", { schedule: null }, {}, "BACKFILL_NO_SCHEDULE"],
    [
      "a range that ends before it begins",
      {},
      { from: daysAgo(2), to: daysAgo(3) },
      "BACKFILL_RANGE",
    ],
    ["a range in the future", {}, { from: daysAgo(-3), to: daysAgo(-5) }, "BACKFILL_IN_FUTURE"],
    [
      "a range without an interval",
      {},
      {
        from: today.minus({ days: 2, hours: -1 }).toISO(),
        to: today.minus({ days: 2, hours: -2 }).toISO(),
      },
      "BACKFILL_EMPTY",
    ],
    [
      "an interval that has not ended",
      {},
      { from: today.toISO(), to: today.toISO() },
      "BACKFILL_EMPTY",
    ],
    ["a date that is none", {}, { from: "yesterday" }, "INVALID_DATE"],
    ["an unknown schedule", {}, { schedule: "green" }, "UNKNOWN_SCHEDULE"],
    ["params of a DAG that takes none", {}, { params: { a: 1 } }, "INVALID_PARAMS"],
    ["a label without a key", {}, { labels: { "": "x" } }, "INVALID_LABEL"],
  ])("%s", async (_what, options, request, code) => {
    const id = `refused_${code}_${Object.keys(options).length}_${JSON.stringify(request).length}`;
    await known(postgres.db, daily(id, options as DagOptions));
    const asked = { dagId: id, from: daysAgo(3), to: daysAgo(2), ...me, ...request };
    await expect(createBackfill(postgres.db, asked)).rejects.toMatchObject({ code });
    await expect(previewBackfill(postgres.db, asked)).rejects.toMatchObject({ code });
  });

  test("a second backfill of a DAG while the first goes on, also when both are asked for at once", async () => {
    await known(postgres.db, daily("twice"));
    const asked = { dagId: "twice", from: daysAgo(3), to: daysAgo(2), ...me };
    const both = await Promise.allSettled([
      createBackfill(postgres.db, asked),
      createBackfill(postgres.db, asked),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(createBackfill(postgres.db, asked)).rejects.toMatchObject({
      code: "BACKFILL_ACTIVE",
    });
  });

  test("a DAG with several schedules, until one is named", async () => {
    await known(
      postgres.db,
      daily("several", {
        schedule: { green: { schedule: "@daily" }, yellow: { schedule: "@hourly" } },
      }),
    );
    const asked = { dagId: "several", from: daysAgo(3), to: daysAgo(2), ...me };
    await expect(createBackfill(postgres.db, asked)).rejects.toMatchObject({
      code: "UNKNOWN_SCHEDULE",
    });
    await toTheEnd(
      (await createBackfill(postgres.db, { ...asked, schedule: "green" })).id,
      "several",
    );
    expect((await runsOf("several")).map(({ run_id }) => run_id)).toEqual(
      [3, 2].map((days) => `backfill__green__${date(days)}T00:00:00+00:00`),
    );
  });
});

describe("a run of a backfill", () => {
  test("that is cleared later counts among the DAG's own runs", async () => {
    await known(postgres.db, daily("later", { maxActiveRuns: 1 }));
    const { id } = await createBackfill(postgres.db, {
      dagId: "later",
      from: daysAgo(3),
      to: daysAgo(2),
      ...me,
    });
    await toTheEnd(id, "later");
    const [first, second] = await runsOf("later");
    await clearRuns(postgres.db, { of: { run: first!.id }, ...me });
    await clearRuns(postgres.db, { of: { run: second!.id }, ...me });
    expect(await statesOf("later")).toEqual(["running", "queued"]);
    await finish(first!, "later");
    await finish(second!, "later");
    expect(await statesOf("later")).toEqual(["success", "success"]);
  });

  test("goes behind the runs of the DAG in the queue, however heavy its tasks are", async () => {
    await known(
      postgres.db,
      daily("behind", {}, (d) => void d.task("a", { priorityWeight: 50 }, async () => null)),
    );
    await createBackfill(postgres.db, { dagId: "behind", from: daysAgo(3), to: daysAgo(3), ...me });
    await look();
    await triggerRun(postgres.db, { dagId: "behind", ...me });
    const order = await rows(
      postgres.db,
      `select r.run_type from dagsmith_queue._private_jobs j join dagsmith.task_instance t on t.id = (j.payload ->> 'ti')::bigint
       join dagsmith.dag_run r on r.id = t.run_id where r.dag_id = 'behind' order by j.priority, j.id`,
    );
    expect(order).toEqual([{ run_type: "manual" }, { run_type: "backfill" }]);
  });

  test("is made once by any number of schedulers", async () => {
    await known(postgres.db, daily("crowd"));
    const { id } = await createBackfill(postgres.db, {
      dagId: "crowd",
      from: daysAgo(60),
      to: daysAgo(2),
      maxActiveRuns: 7,
      ...me,
    });
    for (let turn = 0; (await stateOf(id)) === "running" && turn < 100; turn++) {
      await Promise.all(Array.from({ length: 4 }, look));
      const now = await running("crowd");
      expect(now.length).toBeLessThanOrEqual(7);
      await Promise.all(now.map((run) => finish(run, "crowd")));
    }
    const all = await runsOf("crowd");
    expect([all.length, new Set(all.map(({ run_id }) => run_id)).size]).toEqual([59, 59]);
    expect(all.every(({ state }) => state === "success")).toBe(true);
  });
});
