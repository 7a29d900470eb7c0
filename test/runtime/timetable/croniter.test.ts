/**
 * Cron expressions as croniter reads them, which Airflow uses: for each expression its next
 * ticks after a Wednesday morning, or that croniter refuses it. The table was written by croniter.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkSchedule } from "../../../runtime/timetable/check_schedule.ts";
import { cronExpression } from "../../../runtime/timetable/cron/cron_expression.ts";
import { nearestMatch } from "../../../runtime/timetable/cron/cron_step.ts";
import { cronOf } from "../../../sdk/schedule/cron_presets.ts";

const TABLE = JSON.parse(
  readFileSync(new URL("croniter_ticks.json", import.meta.url), "utf8"),
) as readonly (readonly [cron: string, ticks: readonly string[] | "refused"])[];
const WEDNESDAY = Date.UTC(2024, 0, 17, 10, 20, 30);

const refused = (cron: string) => () =>
  checkSchedule({ type: "cron_data_interval", cron, timezone: "UTC" });

function ticksOf(cron: string, count: number): readonly string[] {
  const ticks: string[] = [];
  for (let at: number | null = WEDNESDAY; ticks.length < count; ) {
    at = nearestMatch(cronExpression(cron), at, 1);
    if (at === null) return ticks;
    ticks.push(new Date(at).toISOString().slice(0, 16));
  }
  return ticks;
}

test.each(TABLE)("%s", (cron, ticks) => {
  if (ticks === "refused") expect(refused(cron)).toThrow(/INVALID_SCHEDULE|is not understood/);
  else expect(ticksOf(cron, ticks.length)).toEqual(ticks);
});

describe("what croniter reads and dagsmith refuses", () => {
  test.each([
    ["R * * * *", "H and R stand for random values"],
    ["H(0-5) * * * *", "H and R stand for random values"],
    ["0 0 * * * 0 2027", "a cron expression has 5 or 6 fields, this has 7"],
  ])("%s", (cron, message) => {
    expect(refused(cron)).toThrow(message);
  });
});

test("a no-break space separates nothing", () => {
  expect(refused("0\u00a00 * * *")).toThrow("this has 4");
});

test.each([
  ["@midnight", "0 0 * * *"],
  ["@annually", "0 0 1 1 *"],
])("%s is a preset", (preset, cron) => {
  expect(cronOf(preset)).toBe(cron);
});
