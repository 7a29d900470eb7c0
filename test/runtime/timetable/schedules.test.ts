/**
 * What is asked of a schedule besides its next run: whether it is sound, what comes, what
 * a run is called.
 */
import { describe, expect, it } from "vitest";
import {
  checkSchedule,
  mainSchedule,
  nextRuns,
  restrictionOf,
  runIdAllowed,
  runIdOf,
} from "../../../runtime/timetable/index.ts";
import {
  atInstants,
  cron,
  cronTrigger,
  deltaTrigger,
  every,
  partitioned,
} from "../../../sdk/index.ts";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import {
  at,
  atAny,
  atEach,
  atEachLength,
  days,
  each,
  ends,
  on,
  over,
  partition,
  starts,
} from "./ask.ts";
import { specOf } from "./spec_of.ts";

describe("a schedule is refused", () => {
  it.each([
    ["with a minute that does not exist", "60 * * * *", 'minute "60"'],
    ["with an hour that does not exist", "0 24 * * *", 'hour "24"'],
    ["with a day that does not exist", "0 0 0 * *", 'day of month "0"'],
    ["with a month that does not exist", "0 0 1 13 *", 'month "13"'],
    ["with a weekday that does not exist", "0 0 * * 8", 'day of week "8"'],
    ["with a second that does not exist", "61 0 0 * * *", 'second "61"'],
    ["with a step of zero", "*/0 * * * *", 'minute "*/0"'],
    ["with a range beyond the last value", "0 17-24 * * *", 'hour "17-24"'],
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
      expect.objectContaining({
        code: "INVALID_SCHEDULE",
        message: expect.stringContaining(reason),
      }),
    );
    expect(() => checkSchedule(at(cron))).toThrow(
      expect.objectContaining({ code: "INVALID_SCHEDULE" }),
    );
  });

  it("in a timezone that does not exist", () => {
    expect(() => checkSchedule(over("0 0 * * *", "Mars/Olympus"))).toThrow(
      /"Mars\/Olympus" is not an IANA name/,
    );
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("with a length of %s ms", (ms) => {
    expect(() => checkSchedule(each(ms))).toThrow(
      expect.objectContaining({ code: "INVALID_SCHEDULE" }),
    );
  });

  it("with an interval below zero before its ticks", () => {
    expect(() => checkSchedule(at("0 0 * * *", "UTC", -1))).toThrow(/at least 0/);
  });

  const jittered = (cron: string, maxMs: number): ScheduleSpec =>
    ({
      type: "cron_trigger",
      cron,
      timezone: "UTC",
      intervalMs: 0,
      jitter: { seed: "a", maxMs },
    }) as const;

  it.each<[string, ScheduleSpec, string]>([
    [
      "with a list in which one expression is wrong",
      atAny(["0 0 * * *", "0 25 * * *"]),
      'hour "25"',
    ],
    [
      "with a list in which one date never comes",
      atAny(["0 0 * * *", "0 0 30 2 *"]),
      "no date matches it",
    ],
    ["with an empty list of expressions", atAny([]), "the list is empty"],
    ["with an empty list of instants", on([]), "the list is empty"],
    ["with a tick at each end of nothing", atEach(0), "at least 1"],
    ["with a calendar length of nothing", days(0), "above zero"],
    ["with a calendar length below zero", atEachLength({ months: 1, days: -31 }), "above zero"],
    ["with a part of a month", atEachLength({ months: 0.5, days: 0 }), "whole number"],
    ["with a calendar length in no timezone", days(1, "Mars/Olympus"), "not an IANA name"],
    [
      "with an interval of nothing on the calendar",
      { ...atAny(["0 0 * * *"]), calendarInterval: { months: 0, days: 0 } } as ScheduleSpec,
      "above zero",
    ],
    [
      "with a run at once within less than nothing",
      { ...atAny(["0 0 * * *"]), runImmediately: -1 } as ScheduleSpec,
      "at least 0",
    ],
    ["with a part of a tick between run and partition", partition("0 0 * * *", 0.5), "offset 0.5"],
    ["with a partition too far away", partition("0 0 * * *", 10_001), "at most 10000"],
    [
      "with a key format of no known word",
      partition("0 0 * * *", 0, "UTC", "%Y-%Q"),
      "%Q is none of",
    ],
    [
      "with a key format that ends in the middle",
      partition("0 0 * * *", 0, "UTC", "%Y-%"),
      "% is none of",
    ],
    [
      "with a key format of no date",
      partition("0 0 * * *", 0, "UTC", "daily 100%%"),
      "no part of a date",
    ],
    [
      "with a partition key in no timezone",
      { ...partition("0 0 * * *"), keyTimezone: "Mars/Olympus" } as ScheduleSpec,
      "not an IANA name",
    ],
    [
      "with a jitter longer than a minute, each minute",
      jittered("* * * * *", 60_001),
      "longer than the 60000 ms",
    ],
    [
      "with a jitter longer than the gap over midnight",
      jittered("0 1,23 * * *", 2 * 3_600_000 + 1),
      "longer than the 7200000 ms",
    ],
    [
      "with a jitter longer than the rare gap",
      jittered("0 0 1,15,16 * *", 86_400_001),
      "longer than the 86400000 ms",
    ],
    ["with a jitter below zero", jittered("0 0 * * *", -1), "at least 0"],
  ])("%s", (_, schedule, reason) => {
    expect(() => checkSchedule(schedule)).toThrow(
      expect.objectContaining({
        code: "INVALID_SCHEDULE",
        message: expect.stringContaining(reason),
      }),
    );
  });

  it.each([
    ["* * * * *", 60_000],
    ["0 1,23 * * *", 2 * 3_600_000],
    ["0 0 1 * *", 28 * 86_400_000],
  ])("not with a jitter as long as the shortest gap of %s", (cron, maxMs) => {
    expect(() => checkSchedule(jittered(cron, maxMs))).not.toThrow();
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
    "@continuous",
    cronTrigger("@daily", { interval: "1 month", runImmediately: "1h", jitter: "10m" }),
    cronTrigger(["30 9 * * *", "0 18 * * *"], { runImmediately: true }),
    deltaTrigger("90m", { interval: "1d" }),
    deltaTrigger("2 weeks"),
    cron("0 4 * * *", { jitter: "1h", jitterSeed: "x" }),
    every("90m"),
    every("1 year"),
    atInstants(["2026-07-15T20:00"], { restrictToInstants: true }),
    partitioned("@hourly", { offset: -1, keyFormat: "%Y%m%d%H" }),
  ] as const) {
    expect(() => checkSchedule(mainSchedule(specOf({ schedule })))).not.toThrow();
  }
});

describe("the runs to come", () => {
  const from = new Date("2024-03-20T12:00Z");

  it("end before the instant that bounds them", () => {
    const spec = specOf({ schedule: "@daily", startDate: "2020-01-01" });
    const until = new Date("2024-03-22T00:00Z");
    expect(starts(nextRuns(spec, { from, until, count: 9 }))).toEqual(["2024-03-20T00:00Z"]);
  });

  it("are those that fall due from the instant on, whatever the catchup", () => {
    for (const catchup of ["all", "last", "none"] as const) {
      const spec = specOf({ schedule: "@daily", startDate: "2020-01-01", catchup });
      expect(starts(nextRuns(spec, { from, count: 3 }))).toEqual([
        "2024-03-20T00:00Z",
        "2024-03-21T00:00Z",
        "2024-03-22T00:00Z",
      ]);
    }
  });

  it("include one that falls due at that instant", () => {
    const spec = specOf({ schedule: cronTrigger("0 12 * * *"), startDate: "2020-01-01" });
    expect(ends(nextRuns(spec, { from, count: 2 }))).toEqual([
      "2024-03-20T12:00Z",
      "2024-03-21T12:00Z",
    ]);
  });

  it("begin at a start date ahead and stop after the end date", () => {
    const spec = specOf({ schedule: "@daily", startDate: "2024-04-01", endDate: "2024-04-02" });
    expect(starts(nextRuns(spec, { from, count: 10 }))).toEqual([
      "2024-04-01T00:00Z",
      "2024-04-02T00:00Z",
    ]);
  });

  it("of a fixed length lie on the start date's grid when everything is caught up", () => {
    const spec = specOf({ schedule: every("1d"), startDate: "2024-01-01T06:00Z", catchup: "all" });
    expect(starts(nextRuns(spec, { from, count: 2 }))).toEqual([
      "2024-03-20T06:00Z",
      "2024-03-21T06:00Z",
    ]);
    const ahead = specOf({ schedule: every("1d"), startDate: "2024-04-01T06:00Z", catchup: "all" });
    expect(starts(nextRuns(ahead, { from, count: 1 }))).toEqual(["2024-04-01T06:00Z"]);
  });

  it("of a DAG that runs once are one, or none when its date has passed", () => {
    expect(
      nextRuns(specOf({ schedule: "@once", startDate: "2024-04-01" }), { from, count: 5 }),
    ).toHaveLength(1);
    expect(
      nextRuns(specOf({ schedule: "@once", startDate: "2024-01-01" }), { from, count: 5 }),
    ).toEqual([]);
  });

  it("of a DAG without a schedule are none", () => {
    expect(nextRuns(specOf({}), { from, count: 5 })).toEqual([]);
  });
});

it("a DAG's bounds are its dates, read in its timezone", () => {
  const spec = specOf({
    schedule: "@daily",
    startDate: "2024-07-01",
    endDate: "2024-07-02",
    timezone: "Europe/Berlin",
    catchup: true,
  });
  expect(restrictionOf(spec)).toEqual({
    earliest: new Date("2024-06-30T22:00Z"),
    latest: new Date("2024-07-01T22:00Z"),
    catchup: "all",
  });
});

describe("the bounds of a DAG with dates of its tasks", () => {
  const [first, second, third] = [
    "2024-01-01T00:00:00.000Z",
    "2024-01-02T00:00:00.000Z",
    "2024-01-03T00:00:00.000Z",
  ] as const;
  const bounds = (
    dag: readonly [string | null, string | null],
    ...tasks: readonly (readonly [string | null, string | null])[]
  ) => {
    const [startDate, endDate] = dag;
    const { earliest, latest } = restrictionOf({
      ...{ startDate, endDate, catchup: "last" },
      tasks: tasks.map(([start, end]) => ({ startDate: start, endDate: end })),
    });
    return [earliest?.toISOString() ?? null, latest?.toISOString() ?? null];
  };

  it.each([
    [
      "begin with the first of all start dates",
      [second, null],
      [
        [first, null],
        [third, null],
      ],
      [first, null],
    ],
    [
      "begin with a task's when the DAG has none",
      [null, null],
      [
        [null, null],
        [third, null],
      ],
      [third, null],
    ],
    [
      "end with the last end date when every task has one",
      [null, null],
      [
        [null, first],
        [null, third],
      ],
      [null, third],
    ],
    [
      "end with the DAG's when it is later than every task's",
      [null, third],
      [
        [null, first],
        [null, second],
      ],
      [null, third],
    ],
    [
      "end with the DAG's when a task has none",
      [null, second],
      [
        [null, third],
        [null, null],
      ],
      [null, second],
    ],
    [
      "have no end when a task has none, nor the DAG",
      [null, null],
      [
        [null, first],
        [null, null],
      ],
      [null, null],
    ],
    ["end with the DAG's when it has no task", [null, second], [], [null, second]],
  ] as const)("%s", (_, dag, tasks, expected) => {
    expect(bounds(dag, ...tasks)).toEqual(expected);
  });
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
    [
      "a scheduled run of a calendar length likewise",
      "scheduled",
      days(1),
      "scheduled__2024-03-01T00:00:00+00:00",
    ],
    [
      "a scheduled run of a fixed length likewise",
      "scheduled",
      each(1000),
      "scheduled__2024-03-01T00:00:00+00:00",
    ],
    [
      "a scheduled run at a tick is named by the tick, whatever its interval",
      "scheduled",
      at("0 0 * * *"),
      "scheduled__2024-03-02T00:00:00.250+00:00",
    ],
    [
      "a manual run is named by when it runs",
      "manual",
      over("@daily"),
      "manual__2024-03-02T00:00:00.250+00:00",
    ],
  ] as const)("%s", (_, type, schedule, expected) => {
    expect(runIdOf(type, { schedule, runAfter, dataInterval })).toBe(expected);
  });

  it("without an interval is named by when it runs", () => {
    expect(
      runIdOf("scheduled", {
        schedule: over("@daily"),
        runAfter: dataInterval.end,
        dataInterval: null,
      }),
    ).toBe("scheduled__2024-03-02T00:00:00+00:00");
  });
});

describe("an id that somebody gives a run", () => {
  it.each([
    ["letters, digits and some signs", "re-run_1.a~b:c+d", undefined, true],
    ["a space", "re run", undefined, false],
    ["a slash", "re/run", undefined, false],
    ["nothing", "", undefined, false],
    ["what the installation wants", "ABC", "^[A-Z]", true],
    ["what it does not want", "abc", "^[A-Z]", false],
    ["what it wants further behind only", "abC", "[A-Z]", false],
    ["a generated one, whatever it wants", "scheduled__2024-03-01T00:00:00+00:00", "^[A-Z]", true],
    [
      "a generated one with a schedule's name",
      "scheduled__green__2024-03-01T00:00:00.250+00:00",
      "^[A-Z]",
      true,
    ],
    ["what only begins like one", "scheduled__soon", "^[A-Z]", false],
  ] as const)("may be: %s", (_, runId, pattern, allowed) => {
    expect(runIdAllowed(runId, pattern)).toBe(allowed);
  });
});
