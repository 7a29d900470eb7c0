/**
 * Several cron expressions in one schedule, partitions, and what runs at once without a
 * start date.
 */
import { describe, expect, it } from "vitest";
import { nextRuns } from "../../../runtime/timetable/index.ts";
import { partitioned } from "../../../sdk/index.ts";
import { ask, askInTurn, at, atAny, ends, partition, short, told } from "./ask.ts";
import { specOf } from "./spec_of.ts";

describe("several expressions", () => {
  const both = atAny(["0 * * * *", "30 * * * *", "0 */2 * * *"]);

  it("run once at each instant at which any ticks", () => {
    const runs = askInTurn(both, { start: "2024-03-20T00:00Z" }, 4);
    expect(ends(runs)).toEqual([
      "2024-03-20T00:00Z",
      "2024-03-20T00:30Z",
      "2024-03-20T01:00Z",
      "2024-03-20T01:30Z",
    ]);
  });

  it.each([
    [
      "the latest tick that passed, whichever ticked",
      { catchup: "last", now: "2024-03-20T12:40Z", start: "2024-01-01T00:00Z" },
      "2024-03-20T12:30Z",
    ],
    [
      "the soonest when none has passed since",
      {
        catchup: "last",
        now: "2024-03-20T12:40Z",
        last: ["2024-03-20T12:30Z", "2024-03-20T12:30Z"],
      },
      "2024-03-20T13:00Z",
    ],
    [
      "the soonest to come when nothing missed is wanted",
      { catchup: "none", now: "2024-03-20T12:40Z", start: "2024-01-01T00:00Z" },
      "2024-03-20T13:00Z",
    ],
    ["nothing after the end date", { start: "2024-03-20T00:10Z", end: "2024-03-20T00:20Z" }, null],
  ] as const)("give %s", (_, question, expected) => {
    expect(told(ask(both, question))).toBe(expected && `${expected}/${expected}`);
  });

  it("judge each by its own gap what has just passed", () => {
    expect(ends([ask(atAny(["0 0 * * *", "0 12 * * *"]), { now: "2024-03-20T01:30Z" })!])).toEqual([
      "2024-03-20T00:00Z",
    ]);
  });
});

describe("without a start date", () => {
  const daily = { ...at("0 3 * * *"), type: "cron_trigger" } as Extract<
    ReturnType<typeof at>,
    { type: "cron_trigger" }
  >;

  it.each([
    [true, "2024-03-20T12:05Z", "2024-03-20T03:00Z"],
    [false, "2024-03-20T12:05Z", "2024-03-21T03:00Z"],
    [false, "2024-03-20T05:00Z", "2024-03-20T03:00Z"],
    [600_000, "2024-03-20T03:10Z", "2024-03-20T03:00Z"],
    [600_000, "2024-03-20T03:11Z", "2024-03-21T03:00Z"],
    [0, "2024-03-20T03:00Z", "2024-03-20T03:00Z"],
  ] as const)(
    "runImmediately %s, asked at %s, first runs at %s",
    (runImmediately, now, expected) => {
      expect(ends([ask({ ...daily, runImmediately }, { now })!])).toEqual([expected]);
    },
  );

  it("nothing that passed runs when nothing missed is wanted", () => {
    const run = ask(
      { ...daily, runImmediately: true },
      { now: "2024-03-20T12:05Z", catchup: "none" },
    );
    expect(ends([run!])).toEqual(["2024-03-21T03:00Z"]);
  });

  it("it has no effect when there is one", () => {
    const run = ask(
      { ...daily, runImmediately: true },
      { now: "2024-03-20T12:05Z", start: "2024-03-20T04:00Z", catchup: "last" },
    );
    expect(ends([run!])).toEqual(["2024-03-21T03:00Z"]);
  });
});

describe("a partition", () => {
  it.each([
    ["is named after its own tick", partition("0 0 * * *"), "2024-03-02", "2024-03-02T00:00Z"],
    ["may be the one before", partition("0 0 * * *", -1), "2024-03-01", "2024-03-01T00:00Z"],
    ["may lie some ticks ahead", partition("0 0 * * *", 2), "2024-03-04", "2024-03-04T00:00Z"],
    ["counts ticks, not days", partition("0 0 * * MON-FRI", -2), "2024-02-29", "2024-02-29T00:00Z"],
    [
      "reads the wall clock of the DAG",
      partition("0 0 * * *", 0, "Europe/Berlin"),
      "2024-03-03",
      "2024-03-02T23:00Z",
    ],
    [
      "is written as it is told",
      partition("0 0 * * *", 0, "UTC", "%Y/%m/%d %H%M%S %% W%V %a %b %j %y %f%z"),
      "2024/03/02 000000 % W09 Sat Mar 062 24 000000+0000",
      "2024-03-02T00:00Z",
    ],
  ] as const)("%s", (_, schedule, key, date) => {
    const run = ask(schedule, { start: "2024-03-02T00:00Z" });
    expect(run?.partition?.key).toBe(key);
    expect(short(run!.partition!.date)).toBe(date);
  });

  it("comes with runs at the ticks, each once", () => {
    const runs = askInTurn(partition("0 0 * * *", -1), { start: "2024-03-30T00:00Z" }, 3);
    expect(runs.map((run) => `${run.partition?.key} at ${short(run.runAfter)}`)).toEqual([
      "2024-03-29 at 2024-03-30T00:00Z",
      "2024-03-30 at 2024-03-31T00:00Z",
      "2024-03-31 at 2024-04-01T00:00Z",
    ]);
  });

  it("is no part of other schedules", () => {
    expect(ask(at("0 0 * * *"), { start: "2024-03-30T00:00Z" })?.partition).toBeNull();
  });

  it("is written by default as Airflow does, in the DAG's timezone", () => {
    const spec = specOf({
      schedule: partitioned("@daily", { offset: -1 }),
      timezone: "America/New_York",
      startDate: "2024-01-01",
    });
    const [run] = nextRuns(spec, { from: new Date("2024-03-20T12:00Z"), count: 1 });
    expect(run?.partition).toEqual({
      key: "2024-03-20T00:00:00",
      date: new Date("2024-03-20T04:00Z"),
    });
  });
});
