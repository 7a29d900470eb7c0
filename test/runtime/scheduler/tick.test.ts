/**
 * What one look at the clock makes of the DAGs that are due: on a real database, by its
 * own clock.
 */
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { pauseDag, triggerRun, unpauseDag } from "../../../runtime/actions/index.ts";
import {
  type ListedDecision,
  readDecisions,
} from "../../../runtime/scheduler/decisions/read_decisions.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { startQueuedRuns } from "../../../runtime/transactions/start_runs.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { cronTrigger, partitioned } from "../../../sdk/index.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { driverOf, play } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();

const today = DateTime.utc().startOf("day");
const daysAgo = (days: number): string => today.minus({ days }).toISO();

function spec(
  id: string,
  options: DagOptions,
  declare: (d: Dag<unknown>) => void = (d) => void d.task("a", async () => null),
): DagSpec {
  const d = dag(id, options) as unknown as Dag<unknown>;
  declare(d);
  return describeDag(d);
}

const daily = (id: string, days: number, more: DagOptions = {}): DagSpec =>
  spec(id, { schedule: "@daily", startDate: daysAgo(days), catchup: "all", ...more });

const runsOf = (dagId: string) =>
  rows<{ id: number; run_id: string; state: string }>(
    postgres.db,
    "select id, run_id, state from dagsmith.dag_run where dag_id = $1 order by id",
    [dagId],
  );

const decisionsOf = async (dagId: string): Promise<readonly string[]> =>
  (await readDecisions(postgres.db, { dagId, from: null, to: null, after: null, limit: 100 }))!.map(
    ({ decision, reason, count, logicalDate, lastLogicalDate }) =>
      [
        decision,
        reason,
        count,
        ...[logicalDate, lastLogicalDate].map((date) => date && -daysFromToday(date)),
      ]
        .filter((x) => x !== null)
        .join(" "),
  );
const daysFromToday = (date: Date): number =>
  Math.round(DateTime.fromJSDate(date, { zone: "UTC" }).diff(today, "days").days) || 0;

const dagRow = async (dagId: string) =>
  (
    await rows<{
      at_capacity: boolean;
      schedule_error: string | null;
      next_run_after: Date | null;
    }>(
      postgres.db,
      "select at_capacity, schedule_error, next_run_after from dagsmith.dag where dag_id = $1",
      [dagId],
    )
  )[0]!;

/** Ends a run as a worker does: its last end lets the next run begin. */
async function finish(id: number, dagId: string): Promise<void> {
  const plans = new Plans();
  await play(driverOf(postgres.db, plans, id));
  await startQueuedRuns(postgres.db, plans, [dagId]);
}

describe("a tick", () => {
  test.each([
    ["all", 5],
    ["last", 1],
    ["none", 0],
  ] as const)("with catchup %s makes %i of 5 missed runs, once", async (catchup, count) => {
    const id = `catchup_${catchup}`;
    await known(postgres.db, daily(id, 5, { catchup }));
    await tick(postgres.db, new Plans());
    expect(await runsOf(id)).toHaveLength(count);
    await tick(postgres.db, new Plans());
    expect(await runsOf(id)).toHaveLength(count);
    expect((await dagRow(id)).next_run_after).toEqual(today.plus({ days: 1 }).toJSDate());
  });

  test("at the same time as others makes each run once", async () => {
    await known(postgres.db, ...Array.from({ length: 20 }, (_, i) => daily(`crowd_${i}`, 12)));
    await Promise.all(Array.from({ length: 6 }, () => tick(postgres.db, new Plans())));
    await tick(postgres.db, new Plans());
    for (let i = 0; i < 20; i++) {
      const runs = await runsOf(`crowd_${i}`);
      expect(runs).toHaveLength(12);
      expect(new Set(runs.map(({ run_id }) => run_id)).size).toBe(12);
      expect(runs.every(({ state }) => state === "running")).toBe(true);
    }
  });

  test("makes no run of a DAG that is paused, and those it missed when it is unpaused", async () => {
    await known(postgres.db, daily("paused", 3, { pausedAtCreation: true }));
    await tick(postgres.db, new Plans());
    expect(await runsOf("paused")).toEqual([]);
    await unpauseDag(postgres.db, { dagId: "paused", actor: "ann" });
    await tick(postgres.db, new Plans());
    expect(await runsOf("paused")).toHaveLength(3);
  });

  test("of a DAG whose tasks are all empty ends its runs at once, and goes on to the next", async () => {
    await known(
      postgres.db,
      spec(
        "hollow",
        { schedule: "@daily", startDate: daysAgo(40), catchup: "all", maxActiveRuns: 2 },
        (d) => void d.empty("a"),
      ),
    );
    for (let i = 0; i < 25; i++) await tick(postgres.db, new Plans());
    const runs = await runsOf("hollow");
    expect(runs).toHaveLength(40);
    expect(runs.every(({ state }) => state === "success")).toBe(true);
  });

  test("stops a DAG whose runs the database refuses, visibly, and makes those of the others", async () => {
    const far = daily("far", 3);
    const eons = { type: "delta_data_interval", deltaMs: 7_000_000 * 365 * 86_400_000 } as const;
    await known(postgres.db, {
      ...far,
      schedules: [{ name: "", schedule: eons, params: {} }],
      startDate: "-260000-01-01T00:00:00.000Z",
    });
    await known(postgres.db, daily("near", 3));
    await tick(postgres.db, new Plans());
    expect((await dagRow("far")).schedule_error).toMatch(/\w/);
    expect((await dagRow("far")).next_run_after).toBeNull();
    expect(await runsOf("near")).toHaveLength(3);
  });

  test("says why a schedule cannot be followed, and follows the others", async () => {
    const broken = daily("broken", 3);
    await known(
      postgres.db,
      {
        ...broken,
        schedules: [
          {
            name: "",
            schedule: { type: "cron_data_interval", cron: "not a cron", timezone: "UTC" },
            params: {},
          },
        ],
      },
      daily("beside", 3),
    );
    await tick(postgres.db, new Plans());
    expect((await dagRow("broken")).schedule_error).toMatch(/\w/);
    expect(await runsOf("beside")).toHaveLength(3);
  });
});

describe("a DAG with several schedules", () => {
  const taxi = (id: string, more: DagOptions = {}): DagSpec =>
    spec(id, {
      schedule: {
        green: { schedule: cronTrigger("0 9 * * *"), params: { taxi: "green" } },
        yellow: { schedule: cronTrigger("0 10 * * *"), params: { taxi: "yellow" } },
      },
      startDate: daysAgo(3),
      endDate: daysAgo(1),
      catchup: "all",
      ...more,
    });
  const made = (id: string) =>
    rows<{ run_id: string; schedule: string; params: unknown }>(
      postgres.db,
      "select run_id, schedule, params from dagsmith.dag_run where dag_id = $1 order by id",
      [id],
    );

  test("makes the runs of each, with its params, the longest due first", async () => {
    await known(postgres.db, taxi("taxi"));
    await tick(postgres.db, new Plans());
    const day = (days: number): string => today.minus({ days }).toISODate();
    expect(await made("taxi")).toEqual(
      [3, 2].flatMap((days) => [
        {
          run_id: `scheduled__green__${day(days)}T09:00:00+00:00`,
          schedule: "green",
          params: { taxi: "green" },
        },
        {
          run_id: `scheduled__yellow__${day(days)}T10:00:00+00:00`,
          schedule: "yellow",
          params: { taxi: "yellow" },
        },
      ]),
    );
  });

  test("remembers each alone: a full DAG goes on where each of them stood", async () => {
    await known(postgres.db, taxi("narrow", { maxActiveRuns: 1 }));
    for (let i = 0; i < 4; i++) {
      await tick(postgres.db, new Plans());
      await finish((await runsOf("narrow"))[i]!.id, "narrow");
    }
    await tick(postgres.db, new Plans());
    expect((await made("narrow")).map(({ schedule }) => schedule)).toEqual([
      "green",
      "yellow",
      "green",
      "yellow",
    ]);
  });

  test("goes on with the others when one cannot be followed", async () => {
    const sound = taxi("half");
    const [green, yellow] = sound.schedules;
    await known(postgres.db, {
      ...sound,
      schedules: [
        {
          ...green!,
          schedule: { type: "cron_trigger", cron: "no cron", timezone: "UTC", intervalMs: 0 },
        },
        yellow!,
      ],
    });
    await tick(postgres.db, new Plans());
    expect((await made("half")).map(({ schedule }) => schedule)).toEqual(["yellow", "yellow"]);
    expect((await dagRow("half")).schedule_error).toMatch(/no cron/);
  });
});

describe("a continuous DAG", () => {
  test("has one run at a time, each over all that passed since the one before began", async () => {
    await known(
      postgres.db,
      spec("continuous", { schedule: "@continuous", startDate: daysAgo(3) }),
    );
    for (let i = 0; i < 3; i++) {
      // As if the second between two runs had passed.
      await rows(
        postgres.db,
        "update dagsmith.dag set next_run_after = now() where dag_id = 'continuous'",
      );
      await tick(postgres.db, new Plans());
      await tick(postgres.db, new Plans());
      const runs = await runsOf("continuous");
      expect(runs).toHaveLength(i + 1);
      await finish(runs[i]!.id, "continuous");
    }
    const intervals = await rows<{ from: Date; to: Date }>(
      postgres.db,
      "select data_interval_start as from, data_interval_end as to from dagsmith.dag_run where dag_id = $1 order by id",
      ["continuous"],
    );
    expect(intervals[0]?.from).toEqual(today.minus({ days: 3 }).toJSDate());
    expect(intervals.slice(1).map(({ from }) => from)).toEqual(
      intervals.slice(0, -1).map(({ to }) => to),
    );
    expect(intervals.every(({ from, to }) => from < to)).toBe(true);
  });
});

describe("a DAG at its maxActiveRuns", () => {
  test("gets no further run until one ends, then exactly one", async () => {
    await known(postgres.db, daily("full", 6, { maxActiveRuns: 2 }));
    await tick(postgres.db, new Plans());
    const first = await runsOf("full");
    expect(first).toHaveLength(2);
    expect((await dagRow("full")).at_capacity).toBe(true);
    await tick(postgres.db, new Plans());
    expect(await runsOf("full")).toHaveLength(2);
    await finish(first[0]!.id, "full");
    expect((await dagRow("full")).at_capacity).toBe(false);
    await tick(postgres.db, new Plans());
    expect(await runsOf("full")).toHaveLength(3);
    for (let i = 1; i < 6; i++) {
      await finish((await runsOf("full"))[i]!.id, "full");
      await tick(postgres.db, new Plans());
    }
    const all = await runsOf("full");
    expect(all.map(({ state }) => state)).toEqual(Array(6).fill("success"));
    expect(all.map(({ run_id }) => run_id)).toEqual(all.map(({ run_id }) => run_id).toSorted());
  });

  test("goes on when the worker that ended its last run died before it could say so", async () => {
    await known(postgres.db, daily("unsaid", 2, { maxActiveRuns: 1 }));
    await tick(postgres.db, new Plans());
    const [run] = await runsOf("unsaid");
    await play(driverOf(postgres.db, new Plans(), run!.id));
    expect((await dagRow("unsaid")).at_capacity).toBe(true);
    await tick(postgres.db, new Plans());
    await tick(postgres.db, new Plans());
    expect(await runsOf("unsaid")).toHaveLength(2);
  });

  test("goes on when its last run ended while it was paused", async () => {
    await known(postgres.db, daily("paused_full", 2, { maxActiveRuns: 1 }));
    await tick(postgres.db, new Plans());
    await pauseDag(postgres.db, { dagId: "paused_full", actor: "ann" });
    await finish((await runsOf("paused_full"))[0]!.id, "paused_full");
    await tick(postgres.db, new Plans());
    expect(await runsOf("paused_full")).toHaveLength(1);
    await unpauseDag(postgres.db, { dagId: "paused_full", actor: "ann" });
    await tick(postgres.db, new Plans());
    await tick(postgres.db, new Plans());
    expect(await runsOf("paused_full")).toHaveLength(2);
  });

  test("keeps manual runs waiting in turn", async () => {
    await known(postgres.db, spec("manual", { maxActiveRuns: 1 }));
    const asked = [];
    for (const day of ["2026-01-03", "2026-01-01", "2026-01-02"])
      asked.push(
        await triggerRun(postgres.db, { dagId: "manual", logicalDate: day, actor: "ann" }),
      );
    expect((await runsOf("manual")).map(({ state }) => state)).toEqual([
      "running",
      "queued",
      "queued",
    ]);
    await finish(asked[0]!.id, "manual");
    expect((await runsOf("manual")).map(({ state }) => state)).toEqual([
      "success",
      "running",
      "queued",
    ]);
  });

  test("does not keep a tick from ending, nor other DAGs from their runs, however many are full", async () => {
    const many = Array.from({ length: 1_001 }, (_, i) =>
      daily(`many_${i}`, 3, { maxActiveRuns: 1 }),
    );
    await known(postgres.db, ...many);
    await tick(postgres.db, new Plans());
    await known(postgres.db, daily("late_comer", 1));
    await tick(postgres.db, new Plans());
    expect(await runsOf("late_comer")).toHaveLength(1);
    const [row] = await rows<{ count: number }>(
      postgres.db,
      "select count(*)::int as count from dagsmith.dag_run where dag_id like 'many\\_%'",
    );
    expect(row!.count).toBe(1_001);
  });
});

describe("the decisions of a DAG", () => {
  test("are listed with their runs, what was skipped as one, and what waits on top", async () => {
    await known(postgres.db, daily("listed", 9, { catchup: "last" }));
    await tick(postgres.db, new Plans());
    expect(await decisionsOf("listed")).toEqual([
      "waiting not_due 1 0 0",
      "run 1 1 1",
      "skipped catchup 8 9 2",
    ]);
    const [, run] = (await readDecisions(postgres.db, {
      dagId: "listed",
      from: null,
      to: null,
      after: null,
      limit: 1,
    }))!;
    expect(run).toMatchObject({
      runId: (await runsOf("listed"))[0]!.run_id,
      run: (await runsOf("listed"))[0]!.id,
      runState: "running",
    });
  });

  test("that fell into a pause say so, and so does what waits while it lasts", async () => {
    const one = daily("dozing", 9, { catchup: "last" });
    await known(postgres.db, one);
    await tick(postgres.db, new Plans());
    await pauseDag(postgres.db, { dagId: "dozing", actor: "ann" });
    expect((await decisionsOf("dozing"))[0]).toBe("waiting paused 1 0 0");
    // As if all of this had been so many days ago.
    await rows(
      postgres.db,
      "update dagsmith.dag set paused_at = date_trunc('day', now(), 'UTC') - interval '4 days 1 hour' where dag_id = 'dozing'",
    );
    await rows(
      postgres.db,
      `update dagsmith.dag_schedule set next_run_after = $1, last_interval_start = $2, last_interval_end = $3 where dag_id = 'dozing'`,
      [daysAgo(5), daysAgo(7), daysAgo(6)],
    );
    await unpauseDag(postgres.db, { dagId: "dozing", actor: "ann" });
    await tick(postgres.db, new Plans());
    const decisions = await decisionsOf("dozing");
    expect(decisions).toContain("skipped catchup 1 6 6");
    expect(decisions).toContain("skipped paused 4 5 2");
  });

  test("wait for a place when the DAG is full, and for nothing when its schedule is over", async () => {
    await known(
      postgres.db,
      daily("crammed", 3, { maxActiveRuns: 1 }),
      daily("over", 3, { endDate: daysAgo(2) }),
    );
    await tick(postgres.db, new Plans());
    expect((await decisionsOf("crammed"))[0]).toBe("waiting max_active_runs 1 2 2");
    expect((await decisionsOf("over"))[0]).toBe("waiting end_date");
  });

  test("of a schedule that fails name the error, each schedule alone", async () => {
    const sound = daily("ailing", 3);
    const broken = {
      name: "b",
      schedule: { type: "cron_data_interval", cron: "not a cron", timezone: "UTC" },
      params: {},
    } as const;
    await known(postgres.db, {
      ...sound,
      schedules: [{ ...sound.schedules[0]!, name: "a" }, broken],
    });
    await tick(postgres.db, new Plans());
    const waiting = (await readDecisions(postgres.db, {
      dagId: "ailing",
      from: null,
      to: null,
      after: null,
      limit: 1,
    }))!.slice(0, 2);
    expect(waiting.map(({ schedule, reason }) => [schedule, reason])).toEqual([
      ["a", "not_due"],
      ["b", "error"],
    ]);
    expect(waiting[1]!.detail).toMatch(/not a cron/);
  });

  test("are read in pages, each once, whatever schedules share a date", async () => {
    const at = (hour: number) => ({ schedule: cronTrigger(`0 ${hour} * * *`) });
    await known(
      postgres.db,
      spec("paged", {
        schedule: { a: at(9), b: at(9), c: at(9) },
        startDate: daysAgo(4),
        endDate: daysAgo(1),
        catchup: "all",
      }),
    );
    await tick(postgres.db, new Plans());
    const seen: string[] = [];
    let after: { logicalDate: Date; schedule: string } | null = null;
    for (let pages = 0; pages < 10; pages++) {
      const page: readonly ListedDecision[] = (await readDecisions(postgres.db, {
        dagId: "paged",
        from: null,
        to: null,
        after,
        limit: 2,
      }))!;
      const found = page.filter(({ run }) => run !== null);
      seen.push(...found.map(({ runId }) => runId!));
      const last = found.at(-1);
      if (!last) break;
      after = { logicalDate: last.lastLogicalDate!, schedule: last.schedule };
    }
    expect(seen).toHaveLength((await runsOf("paged")).length);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("have a row for each run, in one tick or many, and none twice", async () => {
    await known(
      postgres.db,
      spec(
        "rowed",
        { schedule: "@daily", startDate: daysAgo(50), catchup: "all", maxActiveRuns: 3 },
        (d) => void d.empty("a"),
      ),
    );
    await Promise.all(Array.from({ length: 4 }, () => tick(postgres.db, new Plans())));
    for (let i = 0; i < 20; i++) await tick(postgres.db, new Plans());
    const found = await rows<{ run_id: string }>(
      postgres.db,
      "select run_id from dagsmith.schedule_decision where dag_id = 'rowed' and decision = 'run'",
    );
    expect(found.map(({ run_id }) => run_id).toSorted()).toEqual(
      (await runsOf("rowed")).map(({ run_id }) => run_id).toSorted(),
    );
    expect(found).toHaveLength(50);
  });
});

describe("a catchup", () => {
  const long = (id: string, more: DagOptions = {}): DagSpec =>
    spec(id, {
      schedule: "* * * * *",
      startDate: daysAgo(3),
      endDate: today.minus({ days: 1, minutes: 1 }).toISO(),
      catchup: "all",
      ...more,
    });

  test("of thousands of intervals makes each once, in batches, and lets a DAG that becomes due meanwhile go before it", async () => {
    await known(postgres.db, long("long", { maxActiveRuns: 10_000 }));
    await rows(postgres.db, "update dagsmith.dag set next_run_after = null where dag_id = 'long'");
    await known(postgres.db, daily("quick", 1));
    await rows(postgres.db, "update dagsmith.dag set next_run_after = now() where dag_id = 'long'");
    await rows(
      postgres.db,
      "update dagsmith.dag set next_run_after = now() - interval '1 second' where dag_id = 'quick'",
    );
    await tick(postgres.db, new Plans());
    const made = await runsOf("long");
    expect(made).toHaveLength(2_880);
    expect(new Set(made.map(({ run_id }) => run_id)).size).toBe(2_880);
    const [quick] = await runsOf("quick");
    expect(quick!.id).toBeLessThan(made[1_000]!.id);
  });

  test("stops where it is when its DAG is paused, and goes on from there", async () => {
    await known(postgres.db, long("stopped", { maxActiveRuns: 500 }));
    await tick(postgres.db, new Plans());
    await pauseDag(postgres.db, { dagId: "stopped", actor: "ann" });
    await rows(
      postgres.db,
      "update dagsmith.dag_run set state = 'success', finished_at = now() where dag_id = 'stopped'",
    );
    await tick(postgres.db, new Plans());
    expect(await runsOf("stopped")).toHaveLength(500);
    await unpauseDag(postgres.db, { dagId: "stopped", actor: "ann" });
    await tick(postgres.db, new Plans());
    await tick(postgres.db, new Plans());
    expect(await runsOf("stopped")).toHaveLength(1_000);
  });
});

describe("a run for a partition", () => {
  test("keeps the partition's key", async () => {
    await known(
      postgres.db,
      spec("parts", {
        schedule: partitioned("@daily", { offset: -1 }),
        startDate: daysAgo(2),
        catchup: "all",
      }),
    );
    await tick(postgres.db, new Plans());
    const keys = await rows<{ partition_key: string }>(
      postgres.db,
      "select partition_key from dagsmith.dag_run where dag_id = 'parts' order by id",
    );
    expect(keys.map(({ partition_key }) => partition_key.slice(0, 10))).toEqual(
      [3, 2, 1].map((days) => today.minus({ days }).toISODate()),
    );
  });
});
