/**
 * Schedules of a length on the calendar: months that clamp, days that follow the clock on
 * the wall.
 */
import { describe, expect, it } from "vitest";
import { manualInterval, nextRuns } from "../../../runtime/timetable/index.ts";
import { deltaTrigger, every } from "../../../sdk/index.ts";
import { ask, askInTurn, atEachLength, days, ends, months, short, starts, told } from "./ask.ts";
import { specOf } from "./spec_of.ts";

describe("months", () => {
  it("end on the last day where the day does not exist, and that day sticks", () => {
    const runs = askInTurn(months(1), { start: "2024-01-31T00:00Z" }, 4);
    expect(starts(runs)).toEqual([
      "2024-01-31T00:00Z",
      "2024-02-29T00:00Z",
      "2024-03-29T00:00Z",
      "2024-04-29T00:00Z",
    ]);
  });

  it("keep the time of day of the DAG's timezone", () => {
    const runs = askInTurn(months(1, "Europe/Berlin"), { start: "2024-02-01T08:00Z" }, 3);
    expect(starts(runs)).toEqual(["2024-02-01T08:00Z", "2024-03-01T08:00Z", "2024-04-01T07:00Z"]);
  });

  it.each([
    [
      "of a year go from a leap day to the 28th",
      months(12),
      "2024-02-29T00:00Z",
      "2024-02-29T00:00Z/2025-02-28T00:00Z",
    ],
    [
      "count on through December",
      months(5),
      "2024-10-15T00:00Z",
      "2024-10-15T00:00Z/2025-03-15T00:00Z",
    ],
  ] as const)("%s", (_, schedule, start, expected) => {
    expect(told(ask(schedule, { start }))).toBe(expected);
  });

  it.each([
    [
      "lie on the start date's grid",
      { start: "2023-01-15T06:00Z" },
      "2024-01-15T06:00Z/2024-02-15T06:00Z",
    ],
    [
      "lie on the start date's grid although the last one did not",
      { start: "2023-01-15T06:00Z", last: ["2023-03-01T00:00Z", "2023-04-01T00:00Z"] },
      "2024-01-15T06:00Z/2024-02-15T06:00Z",
    ],
    [
      "go on where the last one ended when it is later",
      { start: "2023-01-15T06:00Z", last: ["2024-01-20T00:00Z", "2024-02-20T00:00Z"] },
      "2024-02-20T00:00Z/2024-03-20T00:00Z",
    ],
    [
      "lie on the first of the month without a start date",
      {},
      "2024-02-01T00:00Z/2024-03-01T00:00Z",
    ],
    [
      "keep the last one's grid without a start date",
      { last: ["2023-01-10T00:00Z", "2023-02-10T00:00Z"] },
      "2024-02-10T00:00Z/2024-03-10T00:00Z",
    ],
    [
      "end now when now is on the grid",
      { now: "2024-03-01T00:00Z" },
      "2024-02-01T00:00Z/2024-03-01T00:00Z",
    ],
  ] as const)("skipping what was missed, %s", (_, question, expected) => {
    const now = "now" in question ? question.now : "2024-03-14T12:00Z";
    expect(told(ask(months(1), { ...question, catchup: "last", now }))).toBe(expected);
  });

  it("that are running are the first when nothing missed is wanted", () => {
    expect(told(ask(months(1), { catchup: "none", start: "2023-01-15T00:00Z" }))).toBe(
      "2024-03-15T00:00Z/2024-04-15T00:00Z",
    );
  });

  it("give a manual run the month before it", () => {
    const { start, end } = manualInterval(months(1), new Date("2024-03-31T10:00Z"));
    expect([short(start), short(end)]).toEqual(["2024-02-29T10:00Z", "2024-03-31T10:00Z"]);
  });
});

describe("days", () => {
  it("end at the same time of day across a change of clocks", () => {
    const runs = askInTurn(days(1, "America/New_York"), { start: "2024-03-09T17:00Z" }, 3);
    expect(starts(runs)).toEqual(["2024-03-09T17:00Z", "2024-03-10T16:00Z", "2024-03-11T16:00Z"]);
  });

  it("return to a time of day that was skipped once", () => {
    const runs = askInTurn(days(1, "America/New_York"), { start: "2024-03-08T07:30Z" }, 4);
    expect(starts(runs)).toEqual([
      "2024-03-08T07:30Z",
      "2024-03-09T07:30Z",
      "2024-03-10T07:30Z",
      "2024-03-11T06:30Z",
    ]);
  });

  it("return to a midnight that was skipped, also without a start date", () => {
    const schedule = days(1, "America/Sao_Paulo");
    const runs = askInTurn(schedule, { last: ["2018-11-02T03:00Z", "2018-11-03T03:00Z"] }, 3);
    expect(starts(runs)).toEqual(["2018-11-03T03:00Z", "2018-11-04T03:00Z", "2018-11-05T02:00Z"]);
    const skipped = ask(schedule, { catchup: "last", now: "2018-11-05T02:00Z" });
    expect(told(skipped)).toBe("2018-11-04T03:00Z/2018-11-05T02:00Z");
  });

  it("of Samoa pass over the one that was left out", () => {
    const runs = askInTurn(days(1, "Pacific/Apia"), { start: "2011-12-28T16:00Z" }, 3);
    expect(starts(runs)).toEqual(["2011-12-28T16:00Z", "2011-12-29T16:00Z", "2011-12-30T16:00Z"]);
  });

  it.each([
    [
      "lie on midnights since 1970",
      { start: "2022-01-01T06:00Z" },
      "2024-03-19T00:00Z/2024-03-20T00:00Z",
    ],
    [
      "keep the last one's grid",
      { last: ["2024-01-01T06:00Z", "2024-01-02T06:00Z"] },
      "2024-03-19T06:00Z/2024-03-20T06:00Z",
    ],
    [
      "begin at a start date moved ahead",
      { start: "2024-03-25T08:00Z", last: ["2024-01-01T06:00Z", "2024-01-02T06:00Z"] },
      "2024-03-25T08:00Z/2024-03-26T08:00Z",
    ],
  ] as const)("skipping what was missed, %s", (_, question, expected) => {
    expect(told(ask(days(1), { ...question, catchup: "last" }))).toBe(expected);
  });
});

describe("ticks", () => {
  it("each month keep the day and the time of the start date", () => {
    const runs = askInTurn(
      atEachLength({ months: 1, days: 0 }, "Europe/Berlin"),
      { start: "2024-02-10T08:00Z" },
      3,
    );
    expect(ends(runs)).toEqual(["2024-02-10T08:00Z", "2024-03-10T08:00Z", "2024-04-10T07:00Z"]);
  });

  it("each day return to a time of day that was skipped once", () => {
    const runs = askInTurn(
      atEachLength({ months: 0, days: 1 }, "America/New_York"),
      { start: "2024-03-09T07:30Z" },
      3,
    );
    expect(ends(runs)).toEqual(["2024-03-09T07:30Z", "2024-03-10T07:30Z", "2024-03-11T06:30Z"]);
  });

  it("reach back over an interval of the calendar", () => {
    const schedule = {
      type: "cron_trigger",
      cron: "0 9 1 * *",
      timezone: "UTC",
      intervalMs: 0,
      calendarInterval: { months: 1, days: 0 },
    } as const;
    expect(told(ask(schedule, { start: "2024-03-01T00:00Z" }))).toBe(
      "2024-02-01T09:00Z/2024-03-01T09:00Z",
    );
  });
});

it("runs to come lie on the start date's grid", () => {
  const from = new Date("2024-03-20T12:00Z");
  const monthly = specOf({ schedule: every("1 month"), startDate: "2020-01-31", catchup: true });
  expect(starts(nextRuns(monthly, { from, count: 2 }))).toEqual([
    "2024-02-28T00:00Z",
    "2024-03-28T00:00Z",
  ]);
  const weekly = specOf({ schedule: deltaTrigger("1 week"), startDate: "2024-01-01" });
  expect(ends(nextRuns(weekly, { from, count: 2 }))).toEqual([
    "2024-03-25T00:00Z",
    "2024-04-01T00:00Z",
  ]);
});
