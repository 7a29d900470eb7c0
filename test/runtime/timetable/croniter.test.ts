/**
 * Cron expressions as croniter reads them, which Airflow uses. The table has the
 * expressions of croniter's own tests, and others. For each, croniter 7.0.0 wrote the
 * next ticks after a Wednesday morning, or that it refuses the expression. Six fields
 * begin with seconds.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkSchedule } from "../../../runtime/timetable/check_schedule.ts";
import { cronExpression } from "../../../runtime/timetable/cron/cron_expression.ts";
import { nearestMatch } from "../../../runtime/timetable/cron/cron_step.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import { cronOf } from "../../../sdk/schedule/cron_presets.ts";

const TABLE = readFileSync(new URL("croniter_ticks.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as readonly [cron: string, ticks: string]);
const WEDNESDAY = Date.UTC(2024, 0, 17, 10, 20, 30);

const refused = (cron: string) => () =>
  checkSchedule({ type: "cron_data_interval", cron, timezone: "UTC" });

function ticksOf(cron: string, count: number): readonly string[] {
  const ticks: string[] = [];
  for (let at: number | null = WEDNESDAY; ticks.length < count; ) {
    at = nearestMatch(cronExpression(cron), at, 1);
    if (at === null) return ticks;
    ticks.push(new Date(at).toISOString());
  }
  return ticks;
}

/** What our own reader makes of an expression, in the form of the table. */
function read(cron: string, expected: string): string {
  const ticks = expected.split(" ");
  const length = ticks[0]?.length;
  try {
    const text = cronOf(cron);
    checkSchedule({ type: "cron_data_interval", cron: text, timezone: "UTC" });
    return ticksOf(text, ticks.length)
      .map((tick) => tick.slice(0, length))
      .join(" ");
  } catch (error) {
    return error instanceof DagsmithError ? "refused" : String(error);
  }
}

describe("an expression has the ticks that it has in croniter, or is refused in both:", () => {
  test.each(TABLE)("%j", (cron, ticks) => {
    expect(read(cron, ticks)).toBe(ticks);
  });
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
