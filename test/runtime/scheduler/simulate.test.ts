/**
 * The scheduler over virtual time: what people foresee with `dag simulate` and with
 * `simulate` from dagsmith/testing.
 */

import { describe, expect, test } from "vitest";
import { simulate as simulateSpecs } from "../../../runtime/scheduler/simulation/simulate.ts";
import { type SimulateOptions, simulate } from "../../../runtime/testing/index.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { DagSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import fc from "../../support/fast_check.ts";
import { VirtualHost } from "../../support/virtual_host.ts";

function declared(options: DagOptions, id = "seen"): Dag<unknown> {
  const d = dag(id, options) as unknown as Dag<unknown>;
  d.empty("a");
  return d;
}

const runs = (result: ReturnType<typeof simulate>): readonly string[] =>
  result.decisions.filter(({ decision }) => decision === "run").map(({ runId }) => runId!);

describe("a simulation", () => {
  test("begins as if everything before had run, and includes both ends", () => {
    const daily = declared({ schedule: "@daily", startDate: "2020-01-01", catchup: true });
    const result = simulate(daily, { from: "2026-03-01", to: "2026-03-03" });
    expect(runs(result)).toEqual(
      ["02-28", "03-01", "03-02"].map((day) => `scheduled__2026-${day}T00:00:00+00:00`),
    );
    expect(result.dags).toEqual([
      { dagId: "seen", runs: 3, skipped: 0, mostAtOnce: 1, longestWaitMs: 0, error: null },
    ]);
  });

  test("of a host that was asleep shows what catchup makes of the gap", () => {
    const span: SimulateOptions = {
      from: "2026-03-01",
      to: "2026-03-01T10:00:00Z",
      now: "2026-03-01T08:30:00Z",
    };
    const hourly = (catchup: boolean) =>
      declared({ schedule: "@hourly", startDate: "2020-01-01", catchup });
    expect(
      simulate(hourly(false), span).decisions.map(({ decision, count, reason }) => [
        decision,
        count,
        reason,
      ]),
    ).toEqual([
      ["skipped", 8, "catchup"],
      ["run", 1, null],
      ["run", 1, null],
      ["run", 1, null],
    ]);
    expect(simulate(hourly(true), span).dags[0]).toMatchObject({ runs: 11, skipped: 0 });
  });

  test("keeps to maxActiveRuns, and says how long runs wait and when they overlap", () => {
    const hourly = declared({
      schedule: "@hourly",
      startDate: "2020-01-01",
      catchup: true,
      maxActiveRuns: 2,
    });
    const result = simulate(hourly, {
      from: "2026-03-01T00:00:00Z",
      to: "2026-03-01T12:00:00Z",
      duration: "150m",
    });
    expect(result.dags[0]).toMatchObject({ mostAtOnce: 2, longestWaitMs: 120 * 60_000 });
    expect(result.overlaps[0]).toMatchObject({
      dagId: "seen",
      from: "2026-03-01T01:00:00.000Z",
      runs: 2,
    });
    const one = simulate(
      declared({ schedule: "@hourly", startDate: "2020-01-01", maxActiveRuns: 1 }),
      {
        ...{ from: "2026-03-01T00:00:00Z", to: "2026-03-01T12:00:00Z", duration: "150m" },
      },
    );
    expect(one.overlaps).toEqual([]);
    expect(
      one.decisions
        .filter(({ decision }) => decision === "skipped")
        .every(({ reason }) => reason === "max_active_runs"),
    ).toBe(true);
  });

  test("follows @continuous from the end of one run to the next", () => {
    const result = simulate(declared({ schedule: "@continuous", startDate: "2026-03-01" }), {
      ...{ from: "2026-03-01T00:00:00Z", to: "2026-03-01T00:30:00Z", duration: "10m" },
    });
    expect(result.dags[0]).toMatchObject({ mostAtOnce: 1 });
    const intervals = result.decisions.map(({ dataIntervalStart, dataIntervalEnd }) => [
      dataIntervalStart,
      dataIntervalEnd,
    ]);
    expect(intervals.length).toBeGreaterThanOrEqual(3);
    for (const [index, [start]] of intervals.entries())
      if (index > 0) expect(start).toBe(intervals[index - 1]![1]);
  });

  test("names the days on which clocks change, forward and back, and the intervals they touch", () => {
    const berlin = declared({
      schedule: "@hourly",
      startDate: "2020-01-01",
      timezone: "Europe/Berlin",
    });
    const { clockChanges } = simulate(berlin, { from: "2026-03-01", to: "2026-11-30" });
    expect(clockChanges).toEqual([
      {
        dagId: "seen",
        date: "2026-03-29",
        timezone: "Europe/Berlin",
        at: "2026-03-29T01:00:00.000Z",
        minutes: 60,
        intervals: 24,
      },
      {
        dagId: "seen",
        date: "2026-10-25",
        timezone: "Europe/Berlin",
        at: "2026-10-25T01:00:00.000Z",
        minutes: -60,
        intervals: 26,
      },
    ]);
    const weekday = declared({
      schedule: "0 6 * * 1-5",
      startDate: "2020-01-01",
      timezone: "Europe/Berlin",
    });
    expect(simulate(weekday, { from: "2026-03-28", to: "2026-03-30" }).clockChanges).toEqual([]);
  });

  test("says why a schedule stands still, and follows the others", () => {
    const sound = {
      spec: describeDag(declared({ schedule: "@daily", startDate: "2026-01-01" }, "sound")),
      durationMs: 1,
    };
    const bad = {
      name: "",
      schedule: { type: "cron_data_interval", cron: "no", timezone: "UTC" },
      params: {},
    } as const;
    const broken = { spec: { ...sound.spec, dagId: "broken", schedules: [bad] }, durationMs: 1 };
    const { dags } = simulateSpecs({
      dags: [broken, sound],
      from: new Date("2026-02-01"),
      to: new Date("2026-02-02"),
    });
    expect(dags[0]!.error).toMatch(/"no"/);
    expect(dags[1]).toMatchObject({ runs: 2, error: null });
  });

  test("tells when pools are asked for more than they have", () => {
    const spec = describeDag(
      declared({ schedule: "@hourly", startDate: "2026-01-01", catchup: true }),
    );
    const routed = {
      ...spec.tasks[0]!,
      routing: { pool: "api", poolSlots: 3 },
    } as unknown as TaskSpec;
    const dags = [{ spec: { ...spec, tasks: [routed] }, durationMs: 90 * 60_000 }];
    const span = { from: new Date("2026-02-01T00:00:00Z"), to: new Date("2026-02-01T03:00:00Z") };
    const [use] = simulateSpecs({ dags, ...span, pools: { api: 5 } }).pools;
    expect(use).toMatchObject({
      pool: "api",
      slots: 5,
      most: 6,
      mostAt: new Date("2026-02-01T01:00:00Z"),
    });
    expect(use!.saturated[0]).toEqual({
      from: new Date("2026-02-01T01:00:00Z"),
      to: new Date("2026-02-01T01:30:00Z"),
    });
    expect(simulateSpecs({ dags, ...span, pools: { api: 6 } }).pools[0]!.saturated).toEqual([]);
  });

  test("that would not fit into memory is refused with a reason", () => {
    const spec = describeDag(
      declared({
        schedule: "* * * * *",
        startDate: "2026-01-01",
        catchup: true,
        maxActiveRuns: 1_000,
      }),
    );
    const request = {
      dags: [{ spec, durationMs: 1 }],
      from: new Date("2026-02-01"),
      to: new Date("2026-02-02"),
      mostDecisions: 1_000,
    };
    expect(() => simulateSpecs(request)).toThrow(
      expect.objectContaining({ code: "SIMULATION_TOO_LARGE" }),
    );
    expect(simulateSpecs({ ...request, mostDecisions: 1_441 }).decisions).toHaveLength(1_441);
  });

  test("has the same answer each time, and the runs of a scheduler that asks its timetable anew at each look", () => {
    const schedules = ["@hourly", "*/7 * * * *", "0 */5 * * *", "30 2 * * *"];
    fc.assert(
      fc.property(
        fc.record({
          schedule: fc.constantFrom(...schedules),
          catchup: fc.constantFrom("all" as const, "last" as const, "none" as const),
          catchupOrder: fc.constantFrom("oldest" as const, "newest" as const),
          timezone: fc.constantFrom("UTC", "America/New_York", "Australia/Lord_Howe"),
          maxActiveRuns: fc.integer({ min: 1, max: 4 }),
        }),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 400 }),
        (options, asleepHours, minutes) => {
          const spec = describeDag(declared({ ...options, startDate: "2026-03-07T00:00:00Z" }));
          const from = new Date("2026-03-07T00:00:00Z");
          const now = new Date(from.getTime() + asleepHours * 3_600_000);
          const request = {
            dags: [{ spec, durationMs: minutes * 60_000 }],
            from,
            to: new Date("2026-03-09T12:00:00Z"),
            now,
          };
          const first = simulateSpecs(request);
          expect(simulateSpecs(request)).toEqual(first);
          expect(
            new Set(first.decisions.map(({ logicalDate }) => logicalDate.getTime())).size,
          ).toBe(first.decisions.length);
          expect(first.dags[0]!.mostAtOnce).toBeLessThanOrEqual(options.maxActiveRuns);
          expect(made(spec, request, minutes)).toEqual(
            first.decisions.flatMap(({ runId }) => runId ?? []),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

/**
 * The same by a host that stores its memory between two looks, driven from instant to
 * instant.
 */
function made(
  spec: DagSpec,
  { now, to }: { readonly now: Date; readonly to: Date },
  minutes: number,
): readonly string[] {
  const host = new VirtualHost(spec);
  const ends: number[] = [];
  for (let clock = now; clock <= to; ) {
    while (ends[0] !== undefined && ends[0] <= clock.getTime()) {
      ends.shift();
      host.end(1);
    }
    const before = host.made.length;
    host.at(clock.toISOString());
    for (let run = before; run < host.made.length; run++)
      ends.push(clock.getTime() + minutes * 60_000);
    const next = [host.dueAt?.getTime(), ends[0]].filter(
      (at) => at !== undefined && at > clock.getTime(),
    ) as number[];
    if (next.length === 0) break;
    clock = new Date(Math.min(...next));
  }
  return host.made;
}
