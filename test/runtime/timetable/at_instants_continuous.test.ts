/** Schedules without a rhythm: listed instants, and runs one after the other. */
import { describe, expect, it } from "vitest";
import { manualInterval, nextRuns } from "../../../runtime/timetable/index.ts";
import { atInstants } from "../../../sdk/index.ts";
import { ask, askInTurn, ends, on, short, starts, told } from "./ask.ts";
import { specOf } from "./spec_of.ts";

const matches = on(["2024-03-10T20:00Z", "2024-03-20T18:00Z", "2024-04-01T20:00Z"]);

describe("listed instants", () => {
  it("each run once, in the order of time, also when they are listed otherwise", () => {
    const schedule = on(["2024-04-01T20:00Z", "2024-03-10T20:00Z", "2024-04-01T20:00Z"]);
    expect(ends(askInTurn(schedule, {}, 5))).toEqual(["2024-03-10T20:00Z", "2024-04-01T20:00Z"]);
  });

  it.each([
    ["begin at the start date", { start: "2024-03-15T00:00Z" }, "2024-03-20T18:00Z"],
    ["that passed run only when all is caught up", { catchup: "last" }, "2024-03-20T18:00Z"],
    [
      "that passed do not run when nothing missed is wanted",
      { catchup: "none" },
      "2024-03-20T18:00Z",
    ],
    ["of this instant run", { catchup: "last", now: "2024-04-01T20:00Z" }, "2024-04-01T20:00Z"],
    [
      "never run twice",
      {
        catchup: "last",
        now: "2024-03-20T18:00Z",
        last: ["2024-03-20T18:00Z", "2024-03-20T18:00Z"],
      },
      "2024-04-01T20:00Z",
    ],
    ["may lie on the end date", { end: "2024-03-10T20:00Z" }, "2024-03-10T20:00Z"],
    [
      "after the end date never run",
      { start: "2024-03-15T00:00Z", end: "2024-03-20T17:59Z" },
      null,
    ],
    ["end", { catchup: "last", now: "2024-04-02T00:00Z" }, null],
  ] as const)("%s", (_, question, expected) => {
    expect(told(ask(matches, question))).toBe(expected && `${expected}/${expected}`);
  });

  it("are none when none is listed", () => {
    expect(ask(on([]), {})).toBeNull();
  });

  it.each([
    ["works on its own moment", false, "2024-03-25T00:00Z", "2024-03-25T00:00Z"],
    [
      "works on the latest listed instant if asked to",
      true,
      "2024-03-25T00:00Z",
      "2024-03-20T18:00Z",
    ],
    [
      "works on the first listed instant when none has passed",
      true,
      "2024-01-01T00:00Z",
      "2024-03-10T20:00Z",
    ],
  ] as const)("a manual run %s", (_, restrict, runAfter, expected) => {
    const schedule = { ...matches, restrictToInstants: restrict } as typeof matches;
    expect(short(manualInterval(schedule, new Date(runAfter)).start)).toBe(expected);
  });

  it("are read in the DAG's timezone, each once", () => {
    const spec = specOf({
      schedule: atInstants(["2024-07-19T16:00", "2024-07-15T20:00Z", "2024-07-15T16:00"]),
      timezone: "America/New_York",
    });
    expect(ends(nextRuns(spec, { from: new Date("2024-01-01Z"), count: 5 }))).toEqual([
      "2024-07-15T20:00Z",
      "2024-07-19T20:00Z",
    ]);
  });

  it("are refused when one is no date", () => {
    expect(() => specOf({ schedule: atInstants(["2024-07-19", "soon"]) })).toThrow(
      expect.objectContaining({ code: "INVALID_DATE" }),
    );
  });
});

describe("a continuous schedule", () => {
  const continuous = { type: "continuous" } as const;

  it.each([
    [
      "first works on all since the start date",
      { start: "2024-03-01T00:00Z" },
      "2024-03-01T00:00Z/2024-03-20T12:00Z",
    ],
    [
      "waits for a start date ahead",
      { start: "2024-04-01T00:00Z" },
      "2024-04-01T00:00Z/2024-04-01T00:00Z",
    ],
    ["begins now without a start date", {}, "2024-03-20T12:00Z/2024-03-20T12:00Z"],
    [
      "goes on where the last run ended",
      { last: ["2024-03-01T00:00Z", "2024-03-02T00:00Z"] },
      "2024-03-02T00:00Z/2024-03-20T12:00Z",
    ],
    [
      "begins anew at a start date moved ahead",
      { start: "2024-04-01T00:00Z", last: ["2024-03-21T00:00Z", "2024-03-21T01:00Z"] },
      "2024-04-01T00:00Z/2024-04-01T01:00Z",
    ],
    [
      "never works on a time without length again",
      { last: ["2024-03-20T11:00Z", "2024-03-20T12:00Z"] },
      "2024-03-20T12:00Z/2024-03-20T12:00:00.001Z",
    ],
    [
      "ends with the end date",
      { end: "2024-03-20T11:00Z", last: ["2024-03-01T00:00Z", "2024-03-02T00:00Z"] },
      null,
    ],
  ] as const)("%s", (_, question, expected) => {
    for (const catchup of ["all", "last", "none"] as const)
      expect(told(ask(continuous, { ...question, catchup }))).toBe(expected);
  });

  it("allows one run at a time, and no other number", () => {
    expect(specOf({ schedule: "@continuous" }).maxActiveRuns).toBe(1);
    expect(() => specOf({ schedule: "@continuous", maxActiveRuns: 2 })).toThrow(
      /1, as it runs @continuous/,
    );
  });

  it("must be a DAG's only one", () => {
    const schedule = { a: { schedule: "@continuous" }, b: { schedule: "@daily" } };
    expect(() => specOf({ schedule })).toThrow(/must be a DAG's only schedule/);
  });

  it("has one run to come; when the next begins is not known", () => {
    const spec = specOf({ schedule: "@continuous", startDate: "2024-01-01" });
    expect(starts(nextRuns(spec, { from: new Date("2024-03-01Z"), count: 5 }))).toEqual([
      "2024-01-01T00:00Z",
    ]);
  });
});
