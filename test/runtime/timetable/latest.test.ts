/** Which run is the latest of its schedule. */
import { describe, expect, test } from "vitest";
import { isLatest } from "../../../runtime/timetable/latest.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { cronTrigger, type Schedule } from "../../../sdk/index.ts";

const at = (iso: string): Date => new Date(iso);
const JANUARY_1 = { start: at("2026-01-01T00:00:00Z"), end: at("2026-01-02T00:00:00Z") };

function latest(
  schedule: Schedule | null,
  now: string,
  run: { runType?: string; dataInterval?: typeof JANUARY_1 } = {},
): boolean {
  const d = dag("latest", { schedule, startDate: "2025-01-01" });
  d.empty("a");
  const { schedules } = describeDag(d as never);
  return isLatest(
    schedules,
    { runType: "scheduled", schedule: "", dataInterval: JANUARY_1, ...run },
    at(now),
  );
}

describe("the run of a daily schedule over January 1", () => {
  test.each([
    ["2026-01-02T00:00:00.000Z", false],
    ["2026-01-02T00:00:00.001Z", true],
    ["2026-01-02T12:00:00Z", true],
    ["2026-01-03T00:00:00.000Z", true],
    ["2026-01-03T00:00:00.001Z", false],
    ["2026-06-01T00:00:00Z", false],
  ])("is, at %s, the latest: %s", (now, expected) => {
    expect(latest("@daily", now)).toBe(expected);
  });

  test("that belongs to a backfill is judged alike", () => {
    expect(latest("@daily", "2026-06-01T00:00:00Z", { runType: "backfill" })).toBe(false);
  });

  test.each(["manual", "asset_triggered", "event_triggered"])(
    "is the latest whenever it is %s",
    (runType) => {
      expect(latest("@daily", "2026-06-01T00:00:00Z", { runType })).toBe(true);
    },
  );
});

test("a run at a point in time is the latest, and so is one that no other follows", () => {
  const point = { start: JANUARY_1.start, end: JANUARY_1.start };
  expect(latest(cronTrigger("0 0 * * *"), "2026-06-01T00:00:00Z", { dataInterval: point })).toBe(
    true,
  );
  expect(latest("@once", "2026-06-01T00:00:00Z", { dataInterval: point })).toBe(true);
  expect(latest(null, "2026-06-01T00:00:00Z")).toBe(true);
});
