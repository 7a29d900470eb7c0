/** Runs at the ticks of a cron expression. */
import { describe, expect, it } from "vitest";
import { manualInterval } from "../../../runtime/timetable/index.ts";
import { ask, askInTurn, at, ends, HOUR, short, told } from "./ask.ts";

const threeOClock = at("0 3 * * *");
const tick = (question: Parameters<typeof ask>[1]): string | null => {
  const run = ask(threeOClock, question);
  return run && short(run.runAfter);
};

describe("the tick to run at", () => {
  const last = ["2024-03-01T03:00Z", "2024-03-01T03:00Z"] as const;

  it.each([
    [
      "is the first at or after the start date",
      { start: "2024-03-01T03:00Z" },
      "2024-03-01T03:00Z",
    ],
    [
      "moves up from a start date off the grid",
      { start: "2024-03-01T03:00:00.001Z" },
      "2024-03-02T03:00Z",
    ],
    [
      "is the latest past one when only that is wanted",
      { start: "2024-03-01T00:00Z", catchup: "last" },
      "2024-03-20T03:00Z",
    ],
    [
      "is the first ahead when nothing missed is wanted",
      { start: "2024-03-01T00:00Z", catchup: "none" },
      "2024-03-21T03:00Z",
    ],
    [
      "is now when now is a tick and nothing missed is wanted",
      { catchup: "none", now: "2024-03-20T03:00Z" },
      "2024-03-20T03:00Z",
    ],
    ["follows the last one", { last }, "2024-03-02T03:00Z"],
    ["skips what was missed in a pause", { last, catchup: "last" }, "2024-03-20T03:00Z"],
    [
      "never repeats the last one",
      { last: ["2024-03-20T03:00Z", "2024-03-20T03:00Z"], catchup: "last" },
      "2024-03-21T03:00Z",
    ],
    [
      "moves up to a start date that was moved ahead",
      { last, start: "2024-03-10T00:00Z" },
      "2024-03-10T03:00Z",
    ],
    ["may be the end date", { last, end: "2024-03-02T03:00Z" }, "2024-03-02T03:00Z"],
    ["is never after the end date", { last, end: "2024-03-02T02:59Z" }, null],
    ["without a start date, is the next one", { catchup: "last" }, "2024-03-21T03:00Z"],
    [
      "without a start date, is the one just past within a tenth of the way",
      { now: "2024-03-20T05:24Z" },
      "2024-03-20T03:00Z",
    ],
    [
      "without a start date, is no longer the past one after a tenth of the way",
      { now: "2024-03-20T05:25Z" },
      "2024-03-21T03:00Z",
    ],
  ] as const)("%s", (_, question, expected) => {
    expect(tick(question)).toBe(expected);
  });

  it("of a frequent schedule without a start date may lie 5 minutes back", () => {
    expect(ends(askInTurn(at("*/10 * * * *"), { now: "2024-03-20T12:05Z" }, 1))).toEqual([
      "2024-03-20T12:00Z",
    ]);
    expect(ends(askInTurn(at("*/10 * * * *"), { now: "2024-03-20T12:06Z" }, 1))).toEqual([
      "2024-03-20T12:10Z",
    ]);
  });
});

describe("the data interval", () => {
  it("has no length by default", () => {
    expect(told(ask(threeOClock, { start: "2024-03-01T00:00Z" }))).toBe(
      "2024-03-01T03:00Z/2024-03-01T03:00Z",
    );
  });

  it("is the given length before the tick, and the bounds still mean the tick", () => {
    const schedule = at("0 9 * * MON", "UTC", 9 * HOUR);
    const runs = askInTurn(schedule, { start: "2024-03-04T09:00Z", end: "2024-03-11T09:00Z" }, 5);
    expect(runs.map(told)).toEqual([
      "2024-03-04T00:00Z/2024-03-04T09:00Z",
      "2024-03-11T00:00Z/2024-03-11T09:00Z",
    ]);
  });

  it("of a manual run ends when it runs, on the grid or not", () => {
    const { start, end } = manualInterval(
      at("0 9 * * *", "UTC", HOUR),
      new Date("2024-03-07T10:20Z"),
    );
    expect([short(start), short(end)]).toEqual(["2024-03-07T09:20Z", "2024-03-07T10:20Z"]);
  });
});
