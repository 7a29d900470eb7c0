/** What a look at a DAG decides about its intervals, on a clock that the test sets. */
import { describe, expect, test } from "vitest";
import type { Ask } from "../../../runtime/scheduler/decisions/interval_walk.ts";
import { nextRun } from "../../../runtime/timetable/index.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { cronTrigger, every } from "../../../sdk/schedule/schedule_rules.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { VirtualHost } from "../../support/virtual_host.ts";

function spec(options: DagOptions): DagSpec {
  const d = dag("decisions", options) as unknown as Dag<unknown>;
  d.empty("a");
  return describeDag(d);
}

const daily = (more: DagOptions = {}): DagSpec =>
  spec({ schedule: "@daily", startDate: "2026-01-01", ...more });
const hourly = (more: DagOptions = {}): DagSpec =>
  spec({ schedule: "@hourly", startDate: "2026-01-01", ...more });

describe("a DAG that is first looked at", () => {
  test("with catchup all runs every interval since its start date", () => {
    const host = new VirtualHost(daily({ catchup: true }));
    expect(host.at("2026-01-04T12:00:00Z")).toEqual(["2026-01-01", "2026-01-02", "2026-01-03"]);
    expect(host.decisions.every((interval) => interval.startsWith("run"))).toBe(true);
  });

  test("with catchup last runs the latest, and says once what it leaves out", () => {
    const host = new VirtualHost(daily());
    expect(host.at("2026-01-11T12:00:00Z")).toEqual(["2026-01-10"]);
    expect(host.decisions).toEqual(["catchup 2026-01-01..2026-01-09 x9", "run 2026-01-10"]);
    host.at("2026-01-11T12:00:01Z");
    expect(host.at("2026-01-12T00:00:00Z")).toEqual(["2026-01-11"]);
    expect(host.decisions).toHaveLength(3);
  });

  test("with catchup none runs nothing that ended before, and extends what it said when it is looked at again", () => {
    const host = new VirtualHost(daily({ catchup: "none" }));
    expect(host.at("2026-01-04T12:00:00Z")).toEqual([]);
    expect(host.decisions).toEqual(["catchup 2026-01-01..2026-01-03 x3"]);
    host.deploy(host.spec, "2026-01-04T13:00:00Z");
    host.at("2026-01-04T13:00:00Z");
    expect(host.decisions).toHaveLength(1);
    expect(host.at("2026-01-05T00:00:01Z")).toEqual(["2026-01-04"]);
  });

  test("writes down ten years of minutes as one, without counting them one by one", () => {
    let asked = 0;
    const ask: Ask = (...question) => {
      asked += 1;
      return nextRun(...question);
    };
    const host = new VirtualHost(spec({ schedule: "* * * * *", startDate: "2016-01-01" }), { ask });
    expect(host.at("2026-01-01T00:00:30Z")).toEqual(["2025-12-31T23:59"]);
    expect(host.decisions[0]).toBe("catchup 2016-01-01..2025-12-31T23:58 xmany");
    expect(asked).toBeLessThan(1_100);
  });

  test("over a fixed length counts by arithmetic, however many there are", () => {
    const host = new VirtualHost(spec({ schedule: every("1m"), startDate: "2016-01-01" }));
    host.at("2026-01-01T00:00:30Z");
    expect(host.decisions[0]).toBe("catchup 2016-01-01..2025-12-31T23:58 x5260319");
  });

  test("after its end date with catchup last says that nothing will come", () => {
    const host = new VirtualHost(daily({ endDate: "2026-01-05" }));
    expect(host.at("2026-03-01T12:00:00Z")).toEqual([]);
    expect(host.decisions).toEqual(["catchup 2026-01-01..2026-01-05 x5"]);
    expect(host.memories[0]?.nextRunAfter).toBeNull();
  });
});

describe("a pause", () => {
  test("is the reason of what fell into it, and only of that", () => {
    const host = new VirtualHost(daily());
    host.at("2026-01-02T00:00:00Z");
    host.pause("2026-01-02T12:00:00Z");
    expect(host.at("2026-01-05T00:00:00Z")).toEqual([]);
    host.unpause("2026-01-06T12:00:00Z");
    // The scheduler itself was away for two days more.
    expect(host.at("2026-01-08T12:00:00Z")).toEqual(["2026-01-07"]);
    expect(host.decisions.slice(1)).toEqual([
      "paused 2026-01-02..2026-01-05 x4",
      "catchup 2026-01-06..2026-01-06 x1",
      "run 2026-01-07",
    ]);
  });

  test("after a pause without a run between is the same row, longer", () => {
    const host = new VirtualHost(daily({ catchup: "none" }));
    host.at("2026-01-01T12:00:00Z");
    host.pause("2026-01-01T13:00:00Z");
    host.unpause("2026-01-03T12:00:00Z");
    host.at("2026-01-03T12:00:00Z");
    host.pause("2026-01-03T13:00:00Z");
    host.unpause("2026-01-05T12:00:00Z");
    host.at("2026-01-05T12:00:00Z");
    expect(host.decisions).toEqual([
      "paused 2026-01-01..2026-01-02 x2",
      "paused 2026-01-01..2026-01-04 x4",
    ]);
  });

  test("skips nothing of a DAG that catches up", () => {
    const host = new VirtualHost(daily({ catchup: true }));
    host.at("2026-01-02T00:00:00Z");
    host.pause("2026-01-02T12:00:00Z");
    host.unpause("2026-01-05T12:00:00Z");
    expect(host.at("2026-01-05T12:00:00Z")).toEqual(["2026-01-02", "2026-01-03", "2026-01-04"]);
  });
});

describe("a DAG at its maxActiveRuns", () => {
  test("whose catchup passes over what waited says that there was no place", () => {
    const host = new VirtualHost(hourly({ maxActiveRuns: 1 }));
    host.at("2026-01-01T01:00:00Z");
    expect(host.at("2026-01-01T02:00:00Z")).toEqual([]);
    expect(host.at("2026-01-01T05:00:00Z")).toEqual([]);
    host.end(1);
    expect(host.at("2026-01-01T05:30:00Z")).toEqual(["2026-01-01T04:00"]);
    expect(host.decisions.slice(1)).toEqual([
      "max_active_runs 2026-01-01T01:00..2026-01-01T03:00 x3",
      "run 2026-01-01T04:00",
    ]);
  });

  test("does not burst after eight hours of sleep: runs come as places do, in order, none twice and none left out", () => {
    const host = new VirtualHost(hourly({ catchup: true, maxActiveRuns: 2 }));
    host.at("2026-01-01T01:00:00Z");
    host.end();
    expect(host.at("2026-01-01T09:30:00Z")).toHaveLength(2);
    expect(host.at("2026-01-01T09:40:00Z")).toHaveLength(0);
    for (let ended = 0; ended < 20; ended++) {
      if (host.active > 0) host.end(1);
      host.at("2026-01-01T09:50:00Z");
      expect(host.active).toBeLessThanOrEqual(2);
    }
    expect(host.made).toEqual(
      Array.from({ length: 9 }, (_, hour) => `scheduled__2026-01-01T0${hour}:00:00+00:00`),
    );
  });
});

describe("a catchup from the newest", () => {
  const newest = (more: DagOptions = {}): DagSpec =>
    daily({ catchup: true, catchupOrder: "newest", maxActiveRuns: 2, ...more });

  test("goes back to the oldest, as places come", () => {
    const host = new VirtualHost(newest());
    expect(host.at("2026-01-06T12:00:00Z")).toEqual(["2026-01-05", "2026-01-04"]);
    host.end();
    expect(host.at("2026-01-06T12:00:01Z")).toEqual(["2026-01-03", "2026-01-02"]);
    host.end();
    expect(host.at("2026-01-06T12:00:02Z")).toEqual(["2026-01-01"]);
    host.end();
    expect(host.at("2026-01-07T00:00:00Z")).toEqual(["2026-01-06"]);
    expect(host.memories[0]?.gaps).toEqual([]);
  });

  test("lets what falls due meanwhile go first, also after a sleep, and forgets nothing", () => {
    const host = new VirtualHost(newest({ maxActiveRuns: 1 }));
    expect(host.at("2026-01-06T12:00:00Z")).toEqual(["2026-01-05"]);
    const order: string[] = [];
    for (const time of [
      "2026-01-07T00:00:00Z",
      "2026-01-07T00:00:01Z",
      "2026-01-10T06:00:00Z",
      ...Array(9).fill("2026-01-10T06:00:01Z"),
    ]) {
      host.end();
      order.push(...host.at(time));
    }
    expect(order.map((date) => date.slice(8))).toEqual([
      "06",
      "04",
      "09",
      "08",
      "07",
      "03",
      "02",
      "01",
    ]);
    expect(new Set(host.made).size).toBe(9);
  });

  test("that was full while more fell due leaves one gap, not two", () => {
    const host = new VirtualHost(newest({ maxActiveRuns: 1 }));
    host.active = 1;
    expect(host.at("2026-01-06T12:00:00Z")).toEqual([]);
    host.end();
    expect(host.at("2026-01-08T12:00:00Z")).toEqual(["2026-01-07"]);
    expect(host.memories[0]?.gaps).toEqual([{ after: null, before: new Date("2026-01-08") }]);
  });

  test("that is turned around goes on from the oldest", () => {
    const host = new VirtualHost(newest({ maxActiveRuns: 1 }));
    host.at("2026-01-06T12:00:00Z");
    host.end();
    host.deploy(daily({ catchup: true }), "2026-01-06T13:00:00Z");
    expect(host.at("2026-01-06T13:00:00Z")).toEqual([
      "2026-01-01",
      "2026-01-02",
      "2026-01-03",
      "2026-01-04",
    ]);
  });

  test("that is given up says so of what it left behind", () => {
    const host = new VirtualHost(newest({ maxActiveRuns: 1 }));
    host.at("2026-01-06T12:00:00Z");
    host.end();
    host.deploy(daily(), "2026-01-06T13:00:00Z");
    expect(host.at("2026-01-06T13:00:00Z")).toEqual([]);
    expect(host.decisions.at(-1)).toBe("catchup 2026-01-01..2026-01-04 x4");
    expect(host.memories[0]?.gaps).toEqual([]);
  });

  test("keeps at most 50 gaps, and still runs every interval once", () => {
    const host = new VirtualHost(
      hourly({ catchup: true, catchupOrder: "newest", maxActiveRuns: 1 }),
    );
    for (let step = 1; step <= 70; step++) {
      host.at(new Date(Date.UTC(2026, 0, 1, step * 3)).toISOString());
      host.end();
    }
    expect(host.memories[0]?.gaps.length).toBeLessThanOrEqual(50);
    for (let left = 0; left < 400; left++) {
      host.at("2026-01-09T18:00:00Z");
      host.end();
    }
    expect(new Set(host.made).size).toBe(9 * 24 - 6);
  });

  test("of several schedules takes the newest of all", () => {
    const two = spec({
      schedule: {
        green: { schedule: cronTrigger("0 9 * * *") },
        yellow: { schedule: cronTrigger("0 10 * * *") },
      },
      ...{ startDate: "2026-01-01", catchup: true, catchupOrder: "newest", maxActiveRuns: 1 },
    });
    const host = new VirtualHost(two);
    const order: string[] = [];
    for (let left = 0; left < 6; left++) {
      order.push(...host.at("2026-01-03T12:00:00Z"));
      host.end();
    }
    expect(order).toEqual(
      ["03T10:00", "03T09:00", "02T10:00", "02T09:00", "01T10:00", "01T09:00"].map(
        (time) => `2026-01-${time}`,
      ),
    );
  });
});

describe("a continuous DAG", () => {
  test("begins at most one run a second, each where the last one's interval ended", () => {
    const host = new VirtualHost(spec({ schedule: "@continuous", startDate: "2026-01-01" }));
    host.at("2026-01-01T00:10:00.000Z");
    host.end();
    host.at("2026-01-01T00:10:00.500Z");
    expect(host.made).toHaveLength(1);
    host.at("2026-01-01T00:10:01.000Z");
    expect(host.made).toHaveLength(2);
    expect(host.at("2026-01-01T00:20:00.000Z")).toEqual([]);
    host.end();
    host.at("2026-01-01T00:20:30.000Z");
    const intervals = [...host.rows.values()].map(({ first: { dataInterval } }) => dataInterval);
    expect(intervals.map(({ start }) => start).slice(1)).toEqual(
      intervals.map(({ end }) => end).slice(0, -1),
    );
    expect(intervals.at(-1)?.end).toEqual(new Date("2026-01-01T00:20:30.000Z"));
  });
});

describe("one look", () => {
  test("makes so many runs and no more, and the next goes on from there", () => {
    const host = new VirtualHost(hourly({ catchup: true, maxActiveRuns: 1_000 }), { mostRuns: 10 });
    host.look(new Date("2026-01-03T00:00:00Z"));
    expect(host.made).toHaveLength(10);
    host.at("2026-01-03T00:00:01Z");
    expect(host.made).toHaveLength(48);
    expect(new Set(host.made).size).toBe(48);
  });

  test("that leaves work makes the DAG due behind those that came due before", () => {
    const now = new Date("2026-01-03T00:00:00Z");
    const { dag: left } = new VirtualHost(hourly({ catchup: true, maxActiveRuns: 1_000 }), {
      mostRuns: 10,
    }).look(now);
    expect(left.nextRunAfter).toEqual(now);
  });
});

describe("a catchup from 1970", () => {
  test("creates runs in bounded batches, within maxActiveRuns, and stops when the DAG is paused", () => {
    const options = { catchup: true, maxActiveRuns: 25, startDate: "1970-01-01" } as const;
    const host = new VirtualHost(daily(options), { mostRuns: 10 });
    const now = new Date("2026-01-01T12:00:00Z");
    const batches = [1, 2, 3, 4].map(() => host.look(now).runs.length);
    expect(batches).toEqual([10, 10, 5, 0]);
    host.pause("2026-01-01T13:00:00Z");
    host.end();
    expect(host.at("2026-01-01T14:00:00Z")).toEqual([]);
    host.unpause("2026-01-01T15:00:00Z");
    expect(host.at("2026-01-01T15:00:00Z")[0]).toBe("1970-01-26");
  });

  test("runs each day of a century once: leap days, 2038 and the end of centuries included", () => {
    const options = { catchup: true, maxActiveRuns: 100_000, startDate: "1970-01-01" } as const;
    const host = new VirtualHost(daily(options), { mostRuns: 1_000 });
    const runs = host.at("2101-01-01T00:00:00Z");
    const days = (Date.parse("2101-01-01") - Date.parse("1970-01-01")) / 86_400_000;
    expect([runs.length, new Set(runs).size]).toEqual([days, days]);
    expect(runs).toEqual(expect.arrayContaining(["2000-02-29", "2038-01-19", "2096-02-29"]));
    expect(runs).not.toContain("2100-02-29");
  });
});

describe("a clock", () => {
  test("that jumps back makes nothing again, and goes on when it has caught up", () => {
    const host = new VirtualHost(hourly({ catchup: true }));
    host.at("2026-01-01T03:00:00Z");
    expect(host.at("2026-01-01T01:30:00Z")).toEqual([]);
    host.unpause("2026-01-01T01:40:00Z");
    expect(host.at("2026-01-01T01:40:00Z")).toEqual([]);
    expect(host.at("2026-01-01T04:00:00Z")).toEqual(["2026-01-01T03:00"]);
  });

  test.each(["last", "none"] as const)(
    "that jumps a day ahead and back leaves catchup %s with each interval at most once",
    (catchup) => {
      const host = new VirtualHost(hourly({ catchup, maxActiveRuns: 100 }));
      for (const time of [
        "01T01:00",
        "01T02:00",
        "02T02:00",
        "01T02:30",
        "01T03:00",
        "02T03:00",
        "02T04:00",
      ])
        host.at(`2026-01-${time}:00Z`);
      expect(new Set(host.made).size).toBe(host.made.length);
      expect(host.made.toSorted()).toEqual(host.made);
    },
  );
});

describe("a timetable", () => {
  test("that throws stops its schedule with the reason, and what was made before stays", () => {
    let asked = 0;
    const host = new VirtualHost(daily({ catchup: true }), {
      ask: (...question) => {
        asked += 1;
        if (asked > 2) throw new Error("no such day");
        return nextRun(...question);
      },
    });
    expect(host.at("2026-01-04T12:00:00Z")).toEqual(["2026-01-01", "2026-01-02"]);
    expect(host.error).toBe("no such day");
    expect(host.memories[0]).toMatchObject({ error: "no such day", nextRunAfter: null });
  });

  test("that gives the same interval again and again is stopped", () => {
    const first = nextRun(
      { type: "delta_data_interval", deltaMs: 60_000 },
      null,
      { earliest: new Date(0), latest: null, catchup: "all" },
      new Date(0),
    );
    const host = new VirtualHost(daily({ catchup: true }), { ask: () => first });
    host.at("2026-01-04T12:00:00Z");
    expect(host.made).toHaveLength(1);
    expect(host.error).toMatch(/repeats itself/);
  });

  test("that takes too long is stopped", () => {
    const host = new VirtualHost(daily({ catchup: true }), { spentMs: () => 6_000 });
    host.at("2026-01-04T12:00:00Z");
    expect(host.made).toEqual([]);
    expect(host.error).toMatch(/6 s of processor time/);
  });
});

describe("a schedule that is changed in the middle", () => {
  test("neither repeats nor skips, from daily to hourly and back", () => {
    const host = new VirtualHost(daily({ catchup: true, maxActiveRuns: 1_000 }));
    host.at("2026-01-03T00:00:00Z");
    host.deploy(hourly({ catchup: true, maxActiveRuns: 1_000 }), "2026-01-03T02:30:00Z");
    expect(host.at("2026-01-03T02:30:00Z")).toEqual(["2026-01-03", "2026-01-03T01:00"]);
    host.deploy(daily({ catchup: true }), "2026-01-03T02:40:00Z");
    host.at("2026-01-05T00:00:00Z");
    expect(new Set(host.made).size).toBe(host.made.length);
    expect(host.decisions.at(-1)).toBe("run 2026-01-04");
  });
});
