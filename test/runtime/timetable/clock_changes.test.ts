/**
 * Cron where clocks change: what is skipped moves forward, what repeats ticks once,
 * hourly goes by elapsed time.
 */
import { describe, expect, it } from "vitest";
import { askInTurn, at, ends, over, told } from "./ask.ts";

describe("a skipped time", () => {
  it.each([
    [
      "moves forward by the hour that is skipped",
      "30 2 * * *",
      "America/New_York",
      "2024-03-09T00:00Z",
      ["2024-03-09T07:30Z", "2024-03-10T07:30Z", "2024-03-11T06:30Z"],
    ],
    [
      "moves forward by half an hour on Lord Howe",
      "15 2 * * *",
      "Australia/Lord_Howe",
      "2024-10-05T00:00Z",
      ["2024-10-05T15:45Z", "2024-10-06T15:15Z"],
    ],
    [
      "at midnight moves into the day",
      "0 0 * * *",
      "Asia/Beirut",
      "2024-03-30T12:00Z",
      ["2024-03-30T22:00Z", "2024-03-31T21:00Z"],
    ],
    [
      "of a whole day moves to the next day",
      "0 0 30 12 *",
      "Pacific/Apia",
      "2011-01-01T00:00Z",
      ["2011-12-30T10:00Z", "2012-12-29T10:00Z"],
    ],
    [
      "moved onto another tick is one with it",
      "0 2,3 * * *",
      "Europe/Berlin",
      "2024-03-30T12:00Z",
      ["2024-03-31T01:00Z", "2024-04-01T00:00Z", "2024-04-01T01:00Z"],
    ],
    [
      "moved behind a later tick keeps the order of time",
      "15,40 2 * * *",
      "Australia/Lord_Howe",
      "2024-10-05T12:00Z",
      ["2024-10-05T15:40Z", "2024-10-05T15:45Z", "2024-10-06T15:15Z"],
    ],
  ] as const)("%s", (_, cron, zone, start, expected) => {
    expect(ends(askInTurn(at(cron, zone), { start }, expected.length))).toEqual(expected);
  });
});

describe("a repeated time", () => {
  it.each([
    [
      "ticks once, at its second coming",
      "30 1 * * *",
      "America/New_York",
      "2024-11-02T12:00Z",
      ["2024-11-03T06:30Z", "2024-11-04T06:30Z"],
    ],
    [
      "of half an hour ticks once",
      "45 1 * * *",
      "Australia/Lord_Howe",
      "2024-04-05T00:00Z",
      ["2024-04-05T14:45Z", "2024-04-06T15:15Z"],
    ],
    [
      "around midnight ticks once",
      "30 0 * * *",
      "America/Havana",
      "2024-11-02T12:00Z",
      ["2024-11-03T05:30Z", "2024-11-04T05:30Z"],
    ],
    [
      "of a two-hourly cron makes one long step",
      "0 */2 * * *",
      "America/New_York",
      "2024-11-03T02:00Z",
      ["2024-11-03T02:00Z", "2024-11-03T04:00Z", "2024-11-03T07:00Z", "2024-11-03T09:00Z"],
    ],
    [
      "still lies ahead in its first pass",
      "30 1 * * *",
      "America/New_York",
      "2024-11-03T05:45Z",
      ["2024-11-03T06:30Z"],
    ],
  ] as const)("%s", (_, cron, zone, start, expected) => {
    expect(ends(askInTurn(at(cron, zone), { start }, expected.length))).toEqual(expected);
  });
});

describe("a cron of every hour", () => {
  it.each([
    [
      "ticks in both passes of a repeated hour",
      "0 * * * *",
      "Europe/Zurich",
      "2023-10-28T23:00Z",
      ["2023-10-28T23:00Z", "2023-10-29T00:00Z", "2023-10-29T01:00Z", "2023-10-29T02:00Z"],
    ],
    [
      "ticks each quarter of both passes",
      "*/15 * * * *",
      "America/New_York",
      "2024-11-03T05:45Z",
      ["2024-11-03T05:45Z", "2024-11-03T06:00Z", "2024-11-03T06:15Z", "2024-11-03T06:30Z"],
    ],
    [
      "loses no hour when one is skipped",
      "0 * * * *",
      "America/New_York",
      "2024-03-10T06:00Z",
      ["2024-03-10T06:00Z", "2024-03-10T07:00Z", "2024-03-10T08:00Z"],
    ],
    [
      "written as 0-23 is the same",
      "0 0-23 * * *",
      "Europe/Zurich",
      "2023-10-29T00:00Z",
      ["2023-10-29T00:00Z", "2023-10-29T01:00Z"],
    ],
    [
      "first follows the old clock where half an hour is repeated",
      "0 * * * *",
      "Australia/Lord_Howe",
      "2024-04-06T14:00Z",
      ["2024-04-06T14:00Z", "2024-04-06T15:00Z", "2024-04-06T15:30Z", "2024-04-06T16:30Z"],
    ],
    [
      "first follows the old clock where half an hour is skipped",
      "0 * * * *",
      "Australia/Lord_Howe",
      "2024-10-05T14:30Z",
      ["2024-10-05T14:30Z", "2024-10-05T15:30Z", "2024-10-05T16:00Z", "2024-10-05T17:00Z"],
    ],
    [
      "keeps to its day of the month when midnight is repeated",
      "0 * 18 * *",
      "America/Sao_Paulo",
      "2018-02-17T20:00Z",
      ["2018-02-18T03:00Z", "2018-02-18T04:00Z"],
    ],
  ] as const)("%s", (_, cron, zone, start, expected) => {
    expect(ends(askInTurn(at(cron, zone), { start }, expected.length))).toEqual(expected);
  });
});

it("a daily interval is 23 hours long where an hour is skipped and 25 where one is repeated", () => {
  const daily = over("0 0 * * *", "Europe/Berlin");
  expect(askInTurn(daily, { start: "2024-03-30T23:00Z" }, 1).map(told)).toEqual([
    "2024-03-30T23:00Z/2024-03-31T22:00Z",
  ]);
  expect(askInTurn(daily, { start: "2024-10-26T22:00Z" }, 1).map(told)).toEqual([
    "2024-10-26T22:00Z/2024-10-27T23:00Z",
  ]);
});

it("an interval that ends on a moved tick is complete at that tick", () => {
  const run = askInTurn(
    over("0 2 * * *", "Europe/Zurich"),
    { catchup: "last", now: "2023-03-26T01:30Z" },
    1,
  );
  expect(run.map(told)).toEqual(["2023-03-25T01:00Z/2023-03-26T01:00Z"]);
});
