/** Schedules as people write them, turned into data. */
import { describe, expect, it } from "vitest";
import { describeSchedules } from "../../sdk/describe/describe_schedules.ts";
import {
  atInstants,
  CRON_PRESETS,
  cron,
  cronTrigger,
  deltaTrigger,
  every,
  partitioned,
  type Schedule,
} from "../../sdk/index.ts";

const refused = (reason: string | RegExp): unknown =>
  expect.objectContaining({ code: "INVALID_SCHEDULE", message: expect.stringMatching(reason) });

const only = (schedule: Schedule, timezone: string): unknown =>
  describeSchedules(schedule, timezone)[0]?.schedule;

describe("a schedule", () => {
  it.each(Object.entries(CRON_PRESETS))("%s stands for %s, over intervals", (preset, cron) => {
    expect(only(preset, "Europe/Berlin")).toEqual({
      type: "cron_data_interval",
      cron,
      timezone: "Europe/Berlin",
    });
  });

  it.each([
    [
      "a cron expression means intervals",
      "5 4 * * *",
      { type: "cron_data_interval", cron: "5 4 * * *", timezone: "UTC" },
    ],
    [
      "cronTrigger means ticks",
      cronTrigger("5 4 * * *"),
      { type: "cron_trigger", cron: "5 4 * * *", timezone: "UTC", intervalMs: 0 },
    ],
    [
      "cronTrigger takes an interval",
      cronTrigger("5 4 * * *", { interval: "1d" }),
      { type: "cron_trigger", cron: "5 4 * * *", timezone: "UTC", intervalMs: 86_400_000 },
    ],
    [
      "cronTrigger takes a preset",
      cronTrigger("@daily"),
      { type: "cron_trigger", cron: "0 0 * * *", timezone: "UTC", intervalMs: 0 },
    ],
    [
      "every means a fixed length",
      every("90m"),
      { type: "delta_data_interval", deltaMs: 5_400_000 },
    ],
    ["@once means once", "@once", { type: "once" }],
    ["@continuous means without a break", "@continuous", { type: "continuous" }],
    [
      "cron means intervals, like the expression alone",
      cron("@daily"),
      { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" },
    ],
    [
      "cronTrigger takes an interval of the calendar",
      cronTrigger("0 9 1 * *", { interval: "1 month" }),
      {
        type: "cron_trigger",
        cron: "0 9 1 * *",
        timezone: "UTC",
        intervalMs: 0,
        calendarInterval: { months: 1, days: 0 },
      },
    ],
    [
      "cronTrigger takes several expressions",
      cronTrigger(["@daily", "0 9 * * *"], { runImmediately: "10m" }),
      {
        type: "multi_cron_trigger",
        crons: ["0 0 * * *", "0 9 * * *"],
        timezone: "UTC",
        intervalMs: 0,
        runImmediately: 600_000,
      },
    ],
    [
      "deltaTrigger takes a fixed length",
      deltaTrigger("1h", { interval: "2h" }),
      { type: "delta_trigger", deltaMs: 3_600_000, timezone: "UTC", intervalMs: 7_200_000 },
    ],
    [
      "deltaTrigger takes a calendar length",
      deltaTrigger("2 weeks"),
      { type: "calendar_trigger", length: { months: 0, days: 14 }, timezone: "UTC", intervalMs: 0 },
    ],
    [
      "every takes months",
      every("3 months"),
      { type: "calendar_data_interval", length: { months: 3, days: 0 }, timezone: "UTC" },
    ],
    [
      "every takes a year",
      every("1 year"),
      { type: "calendar_data_interval", length: { months: 12, days: 0 }, timezone: "UTC" },
    ],
    [
      "a day of the calendar is not 24 hours",
      every("1 day"),
      { type: "calendar_data_interval", length: { months: 0, days: 1 }, timezone: "UTC" },
    ],
    [
      "listed instants are in order, each once",
      atInstants(["2026-02-01", "2026-01-01T00:00:00+01:00", "2026-02-01T00:00:00Z"]),
      {
        type: "instants",
        instants: ["2025-12-31T23:00:00.000Z", "2026-02-01T00:00:00.000Z"],
        restrictToInstants: false,
      },
    ],
    [
      "partitioned means a partition at each tick",
      partitioned("@daily", { offset: -1 }),
      {
        type: "cron_partition",
        cron: "0 0 * * *",
        offset: -1,
        keyFormat: "%Y-%m-%dT%H:%M:%S",
        timezone: "UTC",
        keyTimezone: "UTC",
      },
    ],
  ] as const)("%s", (_, schedule, spec) => {
    expect(describeSchedules(schedule, "UTC")).toEqual([{ name: "", schedule: spec, params: {} }]);
  });

  it.each([null, undefined])("%s means none", (schedule) => {
    expect(describeSchedules(schedule, "UTC")).toEqual([]);
  });

  it.each(["@fortnightly", "@Daily", "@", "@__proto__", "@constructor", "@ once"])(
    "refuses the preset %s",
    (preset) => {
      expect(() => describeSchedules(preset, "UTC")).toThrow(refused("no such preset"));
      expect(() => cronTrigger(preset)).toThrow(refused("no such preset"));
    },
  );

  it.each(["cron", "partitioned"] as const)("%s refuses presets that are none", (name) => {
    expect(() => ({ cron, partitioned })[name]("@fortnightly")).toThrow(refused("no such preset"));
  });

  it("takes the DAG's id as the seed of its jitter, and the schedule's name when it has one", () => {
    const jittered = cron("@daily", { jitter: "10m" });
    expect(describeSchedules(jittered, "UTC", "report")[0]?.schedule).toMatchObject({
      jitter: { seed: "report", maxMs: 600_000 },
    });
    const named = describeSchedules({ a: { schedule: jittered } }, "UTC", "report");
    expect(named[0]?.schedule).toMatchObject({ jitter: { seed: "report/a", maxMs: 600_000 } });
    const own = cronTrigger("@daily", { jitter: "10m", jitterSeed: "lake" });
    expect(describeSchedules(own, "UTC", "report")[0]?.schedule).toMatchObject({
      jitter: { seed: "lake" },
    });
  });

  it.each([
    ["cron()", () => cron("@daily", { interval: "1d" } as never), "interval"],
    ["cronTrigger()", () => cronTrigger("@daily", { offset: 1 } as never), "offset"],
    ["deltaTrigger()", () => deltaTrigger("1h", { jitter: "1m" } as never), "jitter"],
    ["atInstants()", () => atInstants([], { jitter: "1m" } as never), "jitter"],
    ["partitioned()", () => partitioned("@daily", { interval: "1d" } as never), "interval"],
  ])("%s refuses an option it does not know", (where, make, option) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_OPTION",
        message: expect.stringContaining(`"${option}" at ${where}`),
      }),
    );
  });

  it.each(["1.5 months", "-1 months", "1 fortnight", "month", "1  month", "P1M"])(
    "refuses every(%j)",
    (length) => {
      expect(() => every(length as never)).toThrow(
        expect.objectContaining({ code: "INVALID_DURATION" }),
      );
    },
  );

  it("refuses a trigger that runs once", () => {
    expect(() => cronTrigger("@once")).toThrow(refused("no such preset"));
  });

  it.each(["0s", "0.0001ms", "0 months", "0 days"] as const)(
    "refuses %j as the length of every() and deltaTrigger()",
    (length) => {
      expect(() => every(length)).toThrow(refused("zero"));
      expect(() => deltaTrigger(length)).toThrow(refused("zero"));
    },
  );

  it.each([5, true, {}, [], { type: "weekly" }])("refuses %j", (schedule) => {
    expect(() => describeSchedules(schedule as never as Schedule, "UTC")).toThrow(
      refused("is not understood"),
    );
  });
});

describe("several schedules", () => {
  it("keep their names, their params and the order in which they were written", () => {
    const schedules = {
      yellow: { schedule: cronTrigger("0 10 1 * *"), params: { taxi: "yellow" } },
      green: { schedule: "@daily" },
    } as const;
    expect(describeSchedules(schedules, "UTC")).toEqual([
      {
        name: "yellow",
        schedule: { type: "cron_trigger", cron: "0 10 1 * *", timezone: "UTC", intervalMs: 0 },
        params: { taxi: "yellow" },
      },
      {
        name: "green",
        schedule: { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" },
        params: {},
      },
    ]);
  });

  it.each([
    [{ "a b": { schedule: "@daily" } }, "a name is 1 to 50"],
    [{ "": { schedule: "@daily" } }, "a name is 1 to 50"],
    [{ a: {} }, "is not understood"],
    [{ a: null }, "is not understood"],
    [{ a: "@daily" }, "is not understood"],
    [{ a: { schedule: null } }, "is not understood"],
    [
      { a: { schedule: "@continuous" }, b: { schedule: "@daily" } },
      "must be a DAG's only schedule",
    ],
    [{ a: { schedule: { b: { schedule: "@daily" } } } }, "is not understood"],
  ])("refuses %j", (schedules, reason) => {
    expect(() => describeSchedules(schedules as never, "UTC")).toThrow(refused(reason));
  });
});
