/** A run at each end of a fixed length. */
import { describe, expect, it } from "vitest";
import { manualInterval } from "../../../runtime/timetable/index.ts";
import { ask, askInTurn, atEach, ends, HOUR, MINUTE, short, told } from "./ask.ts";

describe("a tick at each end of a fixed length", () => {
  it.each([
    ["is first at the start date", { start: "2024-01-01T00:20Z" }, "2024-01-01T00:20Z"],
    ["is first now without a start date", {}, "2024-03-20T12:00Z"],
    [
      "follows the last one",
      { last: ["2024-01-01T00:20Z", "2024-01-01T00:20Z"] },
      "2024-01-01T01:20Z",
    ],
    [
      "is never before the start date",
      { start: "2024-02-01T00:00Z", last: ["2024-01-01T00:20Z", "2024-01-01T00:20Z"] },
      "2024-02-01T00:00Z",
    ],
    [
      "begins anew now when more than one was missed",
      { catchup: "last", last: ["2024-03-20T09:30Z", "2024-03-20T09:30Z"] },
      "2024-03-20T12:00Z",
    ],
    [
      "keeps its place when it is merely late",
      { catchup: "last", last: ["2024-03-20T10:30Z", "2024-03-20T10:30Z"] },
      "2024-03-20T11:30Z",
    ],
    [
      "is never early",
      { catchup: "last", last: ["2024-03-20T11:30Z", "2024-03-20T11:30Z"] },
      "2024-03-20T12:30Z",
    ],
    [
      "is now when the start date has passed",
      { catchup: "last", start: "2024-01-01T00:20Z" },
      "2024-03-20T12:00Z",
    ],
    [
      "keeps the grid when nothing missed is wanted",
      { catchup: "none", last: ["2024-03-20T09:30Z", "2024-03-20T09:30Z"] },
      "2024-03-20T12:30Z",
    ],
    [
      "lies on the start date's grid when nothing missed is wanted",
      { catchup: "none", start: "2024-01-01T00:20Z" },
      "2024-03-20T12:20Z",
    ],
    [
      "may lie on the end date",
      { start: "2024-01-01T00:00Z", end: "2024-01-01T00:00Z" },
      "2024-01-01T00:00Z",
    ],
    ["is never after the end date", { start: "2024-01-02T00:00Z", end: "2024-01-01T00:00Z" }, null],
  ] as const)("%s", (_, question, expected) => {
    expect(told(ask(atEach(HOUR), question))).toBe(expected && `${expected}/${expected}`);
  });

  it("keeps its distance whatever the interval it works on", () => {
    const runs = askInTurn(atEach(HOUR, 90 * MINUTE), { start: "2024-01-01T00:00Z" }, 3);
    expect(ends(runs)).toEqual(["2024-01-01T00:00Z", "2024-01-01T01:00Z", "2024-01-01T02:00Z"]);
    expect(short(runs[0]!.logicalDate)).toBe("2023-12-31T22:30Z");
  });

  it("gives a manual run the interval before it", () => {
    const { start, end } = manualInterval(atEach(HOUR, MINUTE), new Date("2024-03-07T10:20Z"));
    expect([short(start), short(end)]).toEqual(["2024-03-07T10:19Z", "2024-03-07T10:20Z"]);
  });
});
