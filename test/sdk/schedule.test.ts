/** Schedules as people write them, turned into data. */
import { describe, expect, it } from "vitest";
import { CRON_PRESETS, every, type Schedule, trigger } from "../../sdk/index.ts";
import { describeSchedules } from "../../sdk/schedule.ts";

const refused = (reason: string | RegExp): unknown =>
  expect.objectContaining({ code: "INVALID_SCHEDULE", message: expect.stringMatching(reason) });

const only = (schedule: Schedule, timezone: string): unknown => describeSchedules(schedule, timezone)[0]?.schedule;

describe("a schedule", () => {
  it.each(Object.entries(CRON_PRESETS))("%s stands for %s, over intervals", (preset, cron) => {
    expect(only(preset, "Europe/Berlin")).toEqual({ type: "cron_data_interval", cron, timezone: "Europe/Berlin" });
  });

  it.each([
    ["a cron expression means intervals", "5 4 * * *", { type: "cron_data_interval", cron: "5 4 * * *", timezone: "UTC" }],
    ["trigger means ticks", trigger("5 4 * * *"), { type: "cron_trigger", cron: "5 4 * * *", timezone: "UTC", intervalMs: 0 }],
    [
      "trigger takes an interval",
      trigger("5 4 * * *", { interval: "1d" }),
      { type: "cron_trigger", cron: "5 4 * * *", timezone: "UTC", intervalMs: 86_400_000 },
    ],
    ["trigger takes a preset", trigger("@daily"), { type: "cron_trigger", cron: "0 0 * * *", timezone: "UTC", intervalMs: 0 }],
    ["every means a fixed length", every("90m"), { type: "delta_data_interval", deltaMs: 5_400_000 }],
    ["@once means once", "@once", { type: "once" }],
  ] as const)("%s", (_, schedule, spec) => {
    expect(describeSchedules(schedule, "UTC")).toEqual([{ name: "", schedule: spec, params: {} }]);
  });

  it.each([null, undefined])("%s means none", (schedule) => {
    expect(describeSchedules(schedule, "UTC")).toEqual([]);
  });

  it.each(["@fortnightly", "@Daily", "@", "@__proto__", "@constructor", "@ once"])("refuses the preset %s", (preset) => {
    expect(() => describeSchedules(preset, "UTC")).toThrow(refused("no such preset"));
    expect(() => trigger(preset)).toThrow(refused("no such preset"));
  });

  it("refuses a trigger that runs once", () => {
    expect(() => trigger("@once")).toThrow(refused("no such preset"));
  });

  it.each(["0s", "0.0001ms"] as const)("refuses every(%j), which is no length", (length) => {
    expect(() => every(length)).toThrow(refused("zero"));
  });

  it.each([5, true, {}, [], { type: "weekly" }])("refuses %j", (schedule) => {
    expect(() => describeSchedules(schedule as never as Schedule, "UTC")).toThrow(refused("is not understood"));
  });
});

describe("several schedules", () => {
  it("keep their names, their params and the order in which they were written", () => {
    const schedules = { yellow: { schedule: trigger("0 10 1 * *"), params: { taxi: "yellow" } }, green: { schedule: "@daily" } } as const;
    expect(describeSchedules(schedules, "UTC")).toEqual([
      {
        name: "yellow",
        schedule: { type: "cron_trigger", cron: "0 10 1 * *", timezone: "UTC", intervalMs: 0 },
        params: { taxi: "yellow" },
      },
      { name: "green", schedule: { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" }, params: {} },
    ]);
  });

  it.each([
    [{ "a b": { schedule: "@daily" } }, "a name is 1 to 50"],
    [{ "": { schedule: "@daily" } }, "a name is 1 to 50"],
    [{ a: {} }, "is not understood"],
    [{ a: null }, "is not understood"],
    [{ a: "@daily" }, "is not understood"],
    [{ a: { schedule: null } }, "is not understood"],
    [{ a: { schedule: { b: { schedule: "@daily" } } } }, "is not understood"],
  ])("refuses %j", (schedules, reason) => {
    expect(() => describeSchedules(schedules as never, "UTC")).toThrow(refused(reason));
  });
});
