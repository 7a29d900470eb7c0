/** Schedules without cron: fixed lengths, once, none. */
import { describe, expect, it } from "vitest";
import { manualInterval, nextRun } from "../../../runtime/timetable/index.ts";
import { ask, askInTurn, DAY, each, HOUR, MINUTE, short, told } from "./ask.ts";

describe("a fixed length", () => {
  it.each([
    [
      "begins exactly at the start date",
      each(DAY),
      { start: "2024-03-01T06:30Z" },
      "2024-03-01T06:30Z/2024-03-02T06:30Z",
    ],
    ["needs a start date when everything is caught up", each(DAY), {}, null],
    [
      "skipping what was missed, lies on the epoch's grid",
      each(7 * HOUR),
      { catchup: "last", start: "2022-01-01T06:00Z", now: "2022-07-27T10:44:10Z" },
      "2022-07-27T03:00Z/2022-07-27T10:00Z",
    ],
    [
      "ends now when now is on the grid",
      each(HOUR),
      { catchup: "last" },
      "2024-03-20T11:00Z/2024-03-20T12:00Z",
    ],
    [
      "never begins before the start date",
      each(DAY),
      { catchup: "last", start: "2024-03-20T06:00Z" },
      "2024-03-20T06:00Z/2024-03-21T06:00Z",
    ],
    [
      "is the running interval when nothing missed is wanted",
      each(DAY),
      { catchup: "none" },
      "2024-03-20T00:00Z/2024-03-21T00:00Z",
    ],
    [
      "is the interval that ends this instant when nothing missed is wanted",
      each(HOUR),
      { catchup: "none" },
      "2024-03-20T11:00Z/2024-03-20T12:00Z",
    ],
    [
      "follows the last one",
      each(HOUR),
      { last: ["2024-03-01T00:15Z", "2024-03-01T01:15Z"] },
      "2024-03-01T01:15Z/2024-03-01T02:15Z",
    ],
    [
      "keeps the last one's grid across a pause",
      each(DAY),
      { catchup: "last", last: ["2024-03-01T06:00Z", "2024-03-02T06:00Z"] },
      "2024-03-19T06:00Z/2024-03-20T06:00Z",
    ],
    [
      "keeps the last one's grid when nothing missed is wanted",
      each(DAY),
      { catchup: "none", last: ["2024-03-01T06:00Z", "2024-03-02T06:00Z"] },
      "2024-03-20T06:00Z/2024-03-21T06:00Z",
    ],
    [
      "never repeats the last one",
      each(DAY),
      { catchup: "last", last: ["2024-03-20T06:00Z", "2024-03-21T06:00Z"] },
      "2024-03-21T06:00Z/2024-03-22T06:00Z",
    ],
    [
      "begins anew at a start date moved beyond the last run",
      each(DAY),
      {
        start: "2024-03-25T08:00Z",
        catchup: "last",
        last: ["2024-03-01T06:00Z", "2024-03-02T06:00Z"],
      },
      "2024-03-25T08:00Z/2024-03-26T08:00Z",
    ],
    [
      "does not give the logical date of a run without length again",
      each(HOUR),
      { last: ["2024-03-01T00:00Z", "2024-03-01T00:00Z"] },
      "2024-03-01T01:00Z/2024-03-01T02:00Z",
    ],
    [
      "may begin on the end date",
      each(DAY),
      { start: "2024-03-01T00:00Z", end: "2024-03-01T00:00Z" },
      "2024-03-01T00:00Z/2024-03-02T00:00Z",
    ],
    [
      "never begins after the end date",
      each(DAY),
      { start: "2024-03-01T00:00Z", end: "2024-02-29T23:59Z" },
      null,
    ],
  ] as const)("%s", (_, schedule, question, expected) => {
    expect(told(ask(schedule, question))).toBe(expected);
  });

  it("is the same length across a change of clocks", () => {
    const runs = askInTurn(each(DAY), { start: "2024-03-30T00:00Z" }, 4);
    expect(
      runs.map((run) => run.dataInterval.end.getTime() - run.dataInterval.start.getTime()),
    ).toEqual([DAY, DAY, DAY, DAY]);
  });

  it("gives a manual run the length before it", () => {
    const { start, end } = manualInterval(each(90 * MINUTE), new Date("2024-03-07T10:20Z"));
    expect([short(start), short(end)]).toEqual(["2024-03-07T08:50Z", "2024-03-07T10:20Z"]);
  });
});

describe("once", () => {
  const once = { type: "once" } as const;

  it.each([
    [
      "runs at a start date in the past, whatever the catchup",
      { start: "2020-01-01T00:00Z", catchup: "none" },
      "2020-01-01T00:00Z/2020-01-01T00:00Z",
    ],
    [
      "runs at a start date ahead",
      { start: "2030-01-01T00:00Z", catchup: "last" },
      "2030-01-01T00:00Z/2030-01-01T00:00Z",
    ],
    ["runs now without a start date", {}, "2024-03-20T12:00Z/2024-03-20T12:00Z"],
    [
      "may run on the end date",
      { start: "2024-01-01T00:00Z", end: "2024-01-01T00:00Z" },
      "2024-01-01T00:00Z/2024-01-01T00:00Z",
    ],
    ["never runs after the end date", { end: "2024-03-20T11:59Z" }, null],
    [
      "never runs again",
      { start: "2030-01-01T00:00Z", last: ["2024-01-01T00:00Z", "2024-01-01T00:00Z"] },
      null,
    ],
  ] as const)("%s", (_, question, expected) => {
    expect(told(ask(once, question))).toBe(expected);
  });
});

describe("no schedule", () => {
  it("never runs by itself, and gives a manual run an interval without length", () => {
    const none = { type: "none" } as const;
    const now = new Date("2024-03-20T12:00Z");
    expect(
      nextRun(none, null, { earliest: new Date(0), latest: null, catchup: "all" }, now),
    ).toBeNull();
    expect(manualInterval(none, now)).toEqual({ start: now, end: now });
  });
});
