/**
 * Runs over the intervals between cron ticks: where they begin, what is caught up, where
 * they end.
 */
import { describe, expect, it } from "vitest";
import { manualInterval } from "../../../runtime/timetable/index.ts";
import { ask, askInTurn, over, short, starts, told } from "./ask.ts";

const daily = over("@daily");

describe("the first run", () => {
  it.each([
    [
      "covers the interval that begins at a start date on the grid",
      { start: "2024-03-01T00:00Z" },
      "2024-03-01T00:00Z/2024-03-02T00:00Z",
    ],
    [
      "begins at the next tick after a start date off the grid",
      { start: "2024-03-01T06:30Z" },
      "2024-03-02T00:00Z/2024-03-03T00:00Z",
    ],
    [
      "waits for a start date ahead",
      { start: "2024-04-01T00:00Z" },
      "2024-04-01T00:00Z/2024-04-02T00:00Z",
    ],
    ["does not exist without a start date when everything is caught up", {}, null],
    [
      "is the last complete interval when only that is wanted",
      { catchup: "last" },
      "2024-03-19T00:00Z/2024-03-20T00:00Z",
    ],
    [
      "ends now when now is a tick",
      { catchup: "last", now: "2024-03-20T00:00Z" },
      "2024-03-19T00:00Z/2024-03-20T00:00Z",
    ],
    [
      "is the one before while the tick is a millisecond ahead",
      { catchup: "last", now: "2024-03-19T23:59:59.999Z" },
      "2024-03-18T00:00Z/2024-03-19T00:00Z",
    ],
    [
      "never begins before the start date",
      { catchup: "last", start: "2024-03-20T00:00Z" },
      "2024-03-20T00:00Z/2024-03-21T00:00Z",
    ],
    [
      "is the running interval when nothing missed is wanted",
      { catchup: "none" },
      "2024-03-20T00:00Z/2024-03-21T00:00Z",
    ],
    [
      "is the interval that ends this instant when nothing missed is wanted",
      { catchup: "none", now: "2024-03-20T00:00Z" },
      "2024-03-19T00:00Z/2024-03-20T00:00Z",
    ],
    [
      "waits for a start date ahead when nothing missed is wanted",
      { catchup: "none", start: "2024-04-01T00:00Z" },
      "2024-04-01T00:00Z/2024-04-02T00:00Z",
    ],
  ] as const)("%s", (_, question, expected) => {
    expect(told(ask(daily, question))).toBe(expected);
  });

  it("is found when now is the Unix epoch", () => {
    expect(told(ask(daily, { catchup: "last", now: "1970-01-01T00:00Z" }))).toBe(
      "1969-12-31T00:00Z/1970-01-01T00:00Z",
    );
    expect(told(ask(daily, { catchup: "none", now: "1970-01-01T00:00Z" }))).toBe(
      "1969-12-31T00:00Z/1970-01-01T00:00Z",
    );
  });
});

describe("the next run", () => {
  const last = ["2024-03-01T00:00Z", "2024-03-02T00:00Z"] as const;

  it.each([
    [
      "follows the last one when everything is caught up",
      { last },
      "2024-03-02T00:00Z/2024-03-03T00:00Z",
    ],
    [
      "skips what was missed in a pause when only the latest is wanted",
      { last, catchup: "last" },
      "2024-03-19T00:00Z/2024-03-20T00:00Z",
    ],
    [
      "skips to the running interval when nothing missed is wanted",
      { last, catchup: "none" },
      "2024-03-20T00:00Z/2024-03-21T00:00Z",
    ],
    [
      "never repeats the last one, whatever the clock says",
      { last: ["2024-03-20T00:00Z", "2024-03-21T00:00Z"], catchup: "last" },
      "2024-03-21T00:00Z/2024-03-22T00:00Z",
    ],
    [
      "moves up to a start date that was moved ahead",
      { last, start: "2024-03-10T00:00Z" },
      "2024-03-10T00:00Z/2024-03-11T00:00Z",
    ],
    [
      "may begin on the end date, and so be created after it",
      { last, end: "2024-03-02T00:00Z" },
      "2024-03-02T00:00Z/2024-03-03T00:00Z",
    ],
    [
      "does not exist once it would begin after the end date",
      { last, end: "2024-03-01T23:59:59Z" },
      null,
    ],
  ] as const)("%s", (_, question, expected) => {
    expect(told(ask(daily, question))).toBe(expected);
  });
});

describe("after an edit of the schedule", () => {
  it.each([
    [
      "goes back to the tick before the last end",
      over("30 16 * * *"),
      ["2024-03-06T00:00Z", "2024-03-07T00:00Z"],
      "2024-03-06T16:30Z/2024-03-07T16:30Z",
    ],
    [
      "goes on at the last end where that is a tick",
      over("@hourly"),
      ["2024-03-06T00:00Z", "2024-03-07T00:00Z"],
      "2024-03-07T00:00Z/2024-03-07T01:00Z",
    ],
    [
      "does not give a logical date again that a run at ticks had",
      daily,
      ["2024-03-06T00:00Z", "2024-03-06T00:00Z"],
      "2024-03-07T00:00Z/2024-03-08T00:00Z",
    ],
    [
      "when it becomes coarser, first works on what is left of the interval that is running",
      over("@weekly"),
      ["2024-03-06T10:00Z", "2024-03-06T11:00Z"],
      "2024-03-06T11:00Z/2024-03-10T00:00Z",
    ],
    [
      "after a run at a tick, which worked on no time, leaves out nothing of its own",
      daily,
      ["2024-03-06T09:00Z", "2024-03-06T09:00Z"],
      "2024-03-06T00:00Z/2024-03-07T00:00Z",
    ],
  ] as const)("%s", (_, schedule, last, expected) => {
    expect(told(ask(schedule, { last }))).toBe(expected);
  });
});

describe("the calendar", () => {
  it.each([
    [
      "months without a 31st are passed over",
      "0 0 31 * *",
      ["2024-01-31T00:00Z", "2024-03-31T00:00Z", "2024-05-31T00:00Z", "2024-07-31T00:00Z"],
    ],
    [
      "29 February comes in leap years",
      "0 0 29 2 *",
      ["2024-02-29T00:00Z", "2028-02-29T00:00Z", "2032-02-29T00:00Z"],
    ],
    [
      "the first of the month or any Monday",
      "0 0 1 * 1",
      [
        "2024-01-01T00:00Z",
        "2024-01-08T00:00Z",
        "2024-01-15T00:00Z",
        "2024-01-22T00:00Z",
        "2024-01-29T00:00Z",
        "2024-02-01T00:00Z",
      ],
    ],
    ["7 is Sunday as 0 is", "0 0 * * 7", ["2024-01-07T00:00Z", "2024-01-14T00:00Z"]],
    ["names stand for numbers", "0 0 1 JAN,jul *", ["2024-01-01T00:00Z", "2024-07-01T00:00Z"]],
    [
      "a range may end on Sunday",
      "0 0 * * FRI-SUN",
      ["2024-01-05T00:00Z", "2024-01-06T00:00Z", "2024-01-07T00:00Z", "2024-01-12T00:00Z"],
    ],
    [
      "lists may overlap",
      "0 0 1-3,2 1,1 0,7",
      ["2024-01-01T00:00Z", "2024-01-02T00:00Z", "2024-01-03T00:00Z", "2024-01-07T00:00Z"],
    ],
    [
      "L is the last day of a month",
      "0 0 L * *",
      ["2024-01-31T00:00Z", "2024-02-29T00:00Z", "2024-03-31T00:00Z"],
    ],
    [
      "5L is the last Friday of a month",
      "0 0 * * 5L",
      ["2024-01-26T00:00Z", "2024-02-23T00:00Z", "2024-03-29T00:00Z"],
    ],
    [
      "1#2 is the second Monday of a month",
      "0 0 * * 1#2,MON#3",
      ["2024-01-08T00:00Z", "2024-01-15T00:00Z", "2024-02-12T00:00Z"],
    ],
    [
      "six fields begin with seconds",
      "30 0 0 1 1 *",
      ["2024-01-01T00:00:30Z", "2025-01-01T00:00:30Z"],
    ],
    [
      "a fifth Sunday in February comes every 28 years",
      "0 0 * 2 SUN#5",
      ["2032-02-29T00:00Z", "2060-02-29T00:00Z", "2088-02-29T00:00Z", "2128-02-29T00:00Z"],
    ],
  ] as const)("%s", (_, cron, expected) => {
    expect(starts(askInTurn(over(cron), { start: "2024-01-01T00:00Z" }, expected.length))).toEqual(
      expected,
    );
  });
});

describe("a manual run", () => {
  it.each([
    [
      "covers the last complete interval",
      daily,
      "2024-03-25T01:00Z",
      "2024-03-24T00:00Z/2024-03-25T00:00Z",
    ],
    [
      "on a tick, covers the interval that ends there",
      daily,
      "2024-03-25T00:00Z",
      "2024-03-24T00:00Z/2024-03-25T00:00Z",
    ],
    [
      "in a skipped hour has an interval with a length",
      over("0 2 * * *", "America/New_York"),
      "2024-03-10T07:00Z",
      "2024-03-09T07:00Z/2024-03-10T07:00Z",
    ],
    [
      "in the first pass of a repeated hour never covers the future",
      over("0 1 * * *", "America/New_York"),
      "2024-11-03T05:30Z",
      "2024-11-01T05:00Z/2024-11-02T05:00Z",
    ],
  ] as const)("%s", (_, schedule, runAfter, expected) => {
    const { start, end } = manualInterval(schedule, new Date(runAfter));
    expect(`${short(start)}/${short(end)}`).toBe(expected);
  });
});
