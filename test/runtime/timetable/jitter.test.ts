/** Runs that are created a little later than their ticks. */
import { describe, expect, it } from "vitest";
import {
  type Interval,
  manualInterval,
  nextRun,
  nextRuns,
  type RunInfo,
  runIdOf,
} from "../../../runtime/timetable/index.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { cron, cronTrigger, dag, type Schedule } from "../../../sdk/index.ts";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import { HOUR, MINUTE, short } from "./ask.ts";

function scheduleOf(schedule: Schedule, dagId = "report"): ScheduleSpec {
  const d = dag(dagId, { schedule });
  d.empty("only");
  return describeDag(d as never).schedules[0]!.schedule;
}

const ask = (
  schedule: ScheduleSpec,
  catchup: "all" | "last" | "none",
  now: Date,
  last: Interval | null = null,
): RunInfo =>
  nextRun(schedule, last, { earliest: new Date("2024-03-01Z"), latest: null, catchup }, now)!;
const delay = (schedule: ScheduleSpec): number => {
  const run = ask(schedule, "all", new Date(0));
  return run.runAfter.getTime() - run.dataInterval.end.getTime();
};

const jittered = scheduleOf(cron("@daily", { jitter: "10m" }));

describe("jitter", () => {
  it("moves the creation of a run by less than its length, and nothing else", () => {
    const run = ask(jittered, "all", new Date(0));
    expect([short(run.logicalDate), short(run.dataInterval.end)]).toEqual([
      "2024-03-01T00:00Z",
      "2024-03-02T00:00Z",
    ]);
    expect(delay(jittered)).toBeGreaterThan(0);
    expect(delay(jittered)).toBeLessThan(10 * MINUTE);
  });

  it("is the same each time it is read, and for each run", () => {
    const again = scheduleOf(cron("@daily", { jitter: "10m" }));
    const first = ask(again, "all", new Date(0));
    expect(delay(again)).toBe(delay(jittered));
    const second = ask(again, "all", new Date(0), first.dataInterval);
    expect(second.runAfter.getTime() - first.runAfter.getTime()).toBe(24 * HOUR);
  });

  it("spreads DAGs over its whole length", () => {
    const delays = Array.from({ length: 200 }, (_, index) =>
      delay(scheduleOf(cronTrigger("@hourly", { jitter: "30m" }), `dag_${index}`)),
    );
    const tenths = new Set(delays.map((ms) => Math.floor(ms / (3 * MINUTE))));
    expect([...tenths].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("is one for all DAGs that name one seed", () => {
    const options = { jitter: "10m", jitterSeed: "warehouse" } as const;
    expect(delay(scheduleOf(cron("@daily", options), "a"))).toBe(
      delay(scheduleOf(cron("@daily", options), "b")),
    );
  });

  it("does not make a run missed before it was to be created", () => {
    const run = ask(jittered, "all", new Date(0));
    const justBefore = new Date(run.runAfter.getTime() - 1);
    expect(ask(jittered, "none", justBefore)).toEqual(run);
    expect(ask(jittered, "none", run.runAfter)).toEqual(run);
    expect(ask(jittered, "none", new Date(run.runAfter.getTime() + 1)).logicalDate).toEqual(
      new Date("2024-03-02Z"),
    );
    expect(ask(jittered, "last", new Date("2024-03-10Z")).logicalDate).toEqual(
      new Date("2024-03-08Z"),
    );
  });

  it("has no part in a run's id", () => {
    const ticks = scheduleOf(cronTrigger("@daily", { jitter: "10m" }));
    expect(runIdOf("scheduled", { schedule: ticks, ...ask(ticks, "all", new Date(0)) })).toBe(
      "scheduled__2024-03-01T00:00:00+00:00",
    );
    expect(runIdOf("scheduled", { schedule: jittered, ...ask(jittered, "all", new Date(0)) })).toBe(
      "scheduled__2024-03-01T00:00:00+00:00",
    );
  });

  it("has no part in manual runs", () => {
    expect(manualInterval(jittered, new Date("2024-03-07T00:00Z")).end).toEqual(
      new Date("2024-03-07T00:00Z"),
    );
  });

  it("of zero is none", () => {
    expect(delay(scheduleOf(cron("@daily", { jitter: "0s" })))).toBe(0);
  });

  it("shows in the runs to come", () => {
    const d = dag("report", {
      schedule: cron("@daily", { jitter: "10m" }),
      startDate: "2024-01-01",
    });
    d.empty("only");
    const [run] = nextRuns(describeDag(d as never), {
      from: new Date("2024-03-20T00:00Z"),
      count: 1,
    });
    expect(run?.runAfter.getTime()).toBe(Date.parse("2024-03-20T00:00Z") + delay(jittered));
  });
});
