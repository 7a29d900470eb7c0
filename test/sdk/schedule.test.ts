/** Schedules as people write them, turned into data. */
import { describe, expect, it } from "vitest";
import { CRON_PRESETS, every, type Schedule, trigger } from "../../sdk/index.ts";
import { scheduleSpec } from "../../sdk/schedule.ts";

const refused = (reason: string | RegExp): unknown =>
  expect.objectContaining({ code: "INVALID_SCHEDULE", message: expect.stringMatching(reason) });

describe("a schedule", () => {
  it.each(Object.entries(CRON_PRESETS))("%s stands for %s, over intervals", (preset, cron) => {
    expect(scheduleSpec(preset, "Europe/Berlin")).toEqual({ type: "cron_data_interval", cron, timezone: "Europe/Berlin" });
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
    ["null means none", null, { type: "none" }],
    ["undefined means none", undefined, { type: "none" }],
  ] as const)("%s", (_, schedule, spec) => {
    expect(scheduleSpec(schedule, "UTC")).toEqual(spec);
  });

  it.each(["@fortnightly", "@Daily", "@", "@__proto__", "@constructor", "@ once"])("refuses the preset %s", (preset) => {
    expect(() => scheduleSpec(preset, "UTC")).toThrow(refused("no such preset"));
    expect(() => trigger(preset)).toThrow(refused("no such preset"));
  });

  it("refuses a trigger that runs once", () => {
    expect(() => trigger("@once")).toThrow(refused("no such preset"));
  });

  it.each(["0s", "0.0001ms"] as const)("refuses every(%j), which is no length", (length) => {
    expect(() => every(length)).toThrow(refused("zero"));
  });

  it.each([5, true, {}, [], { type: "weekly" }])("refuses %j", (schedule) => {
    expect(() => scheduleSpec(schedule as never as Schedule, "UTC")).toThrow(refused("is not understood"));
  });
});
