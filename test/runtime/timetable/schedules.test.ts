/** What is asked of a schedule besides its next run: whether it is sound, what comes, what a run is called. */
import { describe, expect, it } from "vitest";
import { checkSchedule, mainSchedule, nextRuns, restrictionOf, runIdOf } from "../../../runtime/timetable/index.ts";
import type { DagOptions } from "../../../sdk/dag.ts";
import { describeDag } from "../../../sdk/describe.ts";
import { chain, dag, every, trigger } from "../../../sdk/index.ts";
import type { DagSpec } from "../../../sdk/spec.ts";
import { at, each, ends, over, starts } from "./ask.ts";

function specOf(options: DagOptions): DagSpec {
  const d = dag("timetable", options as never);
  chain(d.empty("only"));
  return describeDag(d as never);
}

describe("a schedule is refused", () => {
  it.each([
    ["with a minute that does not exist", "60 * * * *", 'minute "60"'],
    ["with an hour that does not exist", "0 24 * * *", 'hour "24"'],
    ["with a day that does not exist", "0 0 0 * *", 'day of month "0"'],
    ["with a month that does not exist", "0 0 1 13 *", 'month "13"'],
    ["with a weekday that does not exist", "0 0 * * 8", 'day of week "8"'],
    ["with a second that does not exist", "61 0 0 * * *", 'second "61"'],
    ["with a step of zero", "*/0 * * * *", 'minute "*/0"'],
    ["with a range that runs backwards", "0 17-9 * * *", 'hour "17-9"'],
    ["with letters", "a b c d e", 'minute "a"'],
    ["with a month written out", "0 0 * JANUARY *", 'month "JANUARY"'],
    ["with a value left to chance", "H H * * *", 'minute "H"'],
    ["with a sixth Monday", "0 0 * * 1#6", 'day of week "1#6"'],
    ["with four fields", "0 0 * *", "5 or 6 fields, this has 4"],
    ["with seven fields", "0 0 0 * * * *", "5 or 6 fields, this has 7"],
    ["when it is empty", " ", "5 or 6 fields, this has 0"],
    ["when it is one word", "daily", "5 or 6 fields, this has 1"],
    ["with an empty item in a list", "1,,2 * * * *", 'minute "1,,2"'],
    ["for a date that never comes", "0 0 31 2 *", "no date matches it"],
    ["for dates that never come", "0 0 31 2,4,6 *", "no date matches it"],
  ])("%s", (_, cron, reason) => {
    expect(() => checkSchedule(over(cron))).toThrow(
      expect.objectContaining({ code: "INVALID_SCHEDULE", message: expect.stringContaining(reason) }),
    );
    expect(() => checkSchedule(at(cron))).toThrow(expect.objectContaining({ code: "INVALID_SCHEDULE" }));
  });

  it("in a timezone that does not exist", () => {
    expect(() => checkSchedule(over("0 0 * * *", "Mars/Olympus"))).toThrow(/"Mars\/Olympus" is not an IANA name/);
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("with a length of %s ms", (ms) => {
    expect(() => checkSchedule(each(ms))).toThrow(expect.objectContaining({ code: "INVALID_SCHEDULE" }));
  });

  it("with an interval below zero before its ticks", () => {
    expect(() => checkSchedule(at("0 0 * * *", "UTC", -1))).toThrow(/at least 0/);
  });
});

it.each([
  "0 0 29 2 *",
  "0 0 31 2 MON",
  "0 0 * 2 SUN#5",
  "*/7 9-17 1-7,15 JAN-jun MON-FRI",
  "0 0 ? * 1",
  "0 0 L * *",
  "0 0 * * 5L",
  "59 59 23 31 12 *",
  "  0 0 * * *  ",
])("the schedule %s is sound", (cron) => {
  expect(() => checkSchedule(over(cron))).not.toThrow();
});

it("every schedule that a DAG can name is sound", () => {
  for (const schedule of [
    "@hourly",
    "@daily",
    "@weekly",
    "@monthly",
    "@quarterly",
    "@yearly",
    "@once",
    null,
    trigger("@daily"),
    every("90m"),
  ] as const) {
    expect(() => checkSchedule(mainSchedule(specOf({ schedule })))).not.toThrow();
  }
});

describe("the runs to come", () => {
  const from = new Date("2024-03-20T12:00Z");

  it("are those that fall due from the instant on, whatever the catchup", () => {
    for (const catchup of ["all", "last", "none"] as const) {
      const spec = specOf({ schedule: "@daily", startDate: "2020-01-01", catchup });
      expect(starts(nextRuns(spec, { from, count: 3 }))).toEqual(["2024-03-20T00:00Z", "2024-03-21T00:00Z", "2024-03-22T00:00Z"]);
    }
  });

  it("include one that falls due at that instant", () => {
    const spec = specOf({ schedule: trigger("0 12 * * *"), startDate: "2020-01-01" });
    expect(ends(nextRuns(spec, { from, count: 2 }))).toEqual(["2024-03-20T12:00Z", "2024-03-21T12:00Z"]);
  });

  it("begin at a start date ahead and stop after the end date", () => {
    const spec = specOf({ schedule: "@daily", startDate: "2024-04-01", endDate: "2024-04-02" });
    expect(starts(nextRuns(spec, { from, count: 10 }))).toEqual(["2024-04-01T00:00Z", "2024-04-02T00:00Z"]);
  });

  it("of a fixed length lie on the start date's grid when everything is caught up", () => {
    const spec = specOf({ schedule: every("1d"), startDate: "2024-01-01T06:00Z", catchup: "all" });
    expect(starts(nextRuns(spec, { from, count: 2 }))).toEqual(["2024-03-20T06:00Z", "2024-03-21T06:00Z"]);
    const ahead = specOf({ schedule: every("1d"), startDate: "2024-04-01T06:00Z", catchup: "all" });
    expect(starts(nextRuns(ahead, { from, count: 1 }))).toEqual(["2024-04-01T06:00Z"]);
  });

  it("of a DAG that runs once are one, or none when its date has passed", () => {
    expect(nextRuns(specOf({ schedule: "@once", startDate: "2024-04-01" }), { from, count: 5 })).toHaveLength(1);
    expect(nextRuns(specOf({ schedule: "@once", startDate: "2024-01-01" }), { from, count: 5 })).toEqual([]);
  });

  it("of a DAG without a schedule are none", () => {
    expect(nextRuns(specOf({}), { from, count: 5 })).toEqual([]);
  });
});

it("a DAG's bounds are its dates, read in its timezone", () => {
  const spec = specOf({ schedule: "@daily", startDate: "2024-07-01", endDate: "2024-07-02", timezone: "Europe/Berlin", catchup: true });
  expect(restrictionOf(spec)).toEqual({ earliest: new Date("2024-06-30T22:00Z"), latest: new Date("2024-07-01T22:00Z"), catchup: "all" });
});

describe("the id of a run", () => {
  const dataInterval = { start: new Date("2024-03-01T00:00Z"), end: new Date("2024-03-02T00:00Z") };
  const runAfter = new Date("2024-03-02T00:00:00.250Z");

  it.each([
    [
      "a scheduled run over an interval is named by the interval's start",
      "scheduled",
      over("@daily"),
      "scheduled__2024-03-01T00:00:00+00:00",
    ],
    ["a scheduled run of a fixed length likewise", "scheduled", each(1000), "scheduled__2024-03-01T00:00:00+00:00"],
    [
      "a scheduled run at a tick is named by the tick, whatever its interval",
      "scheduled",
      at("0 0 * * *"),
      "scheduled__2024-03-02T00:00:00.250+00:00",
    ],
    ["a manual run is named by when it runs", "manual", over("@daily"), "manual__2024-03-02T00:00:00.250+00:00"],
  ] as const)("%s", (_, type, schedule, expected) => {
    expect(runIdOf(type, { schedule, runAfter, dataInterval })).toBe(expected);
  });

  it("without an interval is named by when it runs", () => {
    expect(runIdOf("scheduled", { schedule: over("@daily"), runAfter: dataInterval.end, dataInterval: null })).toBe(
      "scheduled__2024-03-02T00:00:00+00:00",
    );
  });
});
