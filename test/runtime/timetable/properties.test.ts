/**
 * Laws of every timetable, over ten years in zones whose clocks change in all the ways
 * there are; and ticks against plain enumeration.
 */

import { DateTime, IANAZone } from "luxon";
import { describe, expect, it } from "vitest";
import {
  manualInterval,
  nextRun,
  type RunInfo,
  runIdOf,
} from "../../../runtime/timetable/index.ts";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import fc from "../../support/fast_check.ts";
import {
  coversIntervals,
  cronText,
  FROM,
  instant,
  schedule,
  TO,
  ZONES,
  zone,
} from "./any_schedule.ts";
import { askInTurn, at, DAY, HOUR, MINUTE, over } from "./ask.ts";

const continued = (
  spec: ScheduleSpec,
  last: RunInfo,
  catchup: "all" | "last" | "none",
  now: Date,
  earliest: Date | null,
): RunInfo | null => nextRun(spec, last.dataInterval, { earliest, latest: null, catchup }, now);

describe("in every zone, over ten years", () => {
  it.each(ZONES)(
    "daily intervals in %s follow each other without gap or overlap, and no interval comes twice",
    (name) => {
      const runs = askInTurn(
        over("30 2 * * *", name),
        { start: new Date(FROM).toISOString(), end: new Date(TO).toISOString() },
        5_000,
      );
      expect(runs.length).toBeGreaterThanOrEqual(3_651);
      const gaps = runs
        .slice(1)
        .filter(
          (run, index) =>
            run.dataInterval.start.getTime() !== runs[index]!.dataInterval.end.getTime(),
        );
      expect(gaps).toEqual([]);
      expect(
        new Set(runs.map((run) => runIdOf("scheduled", { schedule: over("30 2 * * *"), ...run })))
          .size,
      ).toBe(runs.length);
      // A local day: at most a day and a shift, but for the day that Samoa left out.
      const lengths = runs.map(
        ({ dataInterval }) => dataInterval.end.getTime() - dataInterval.start.getTime(),
      );
      expect(
        lengths.filter((length) => length < DAY - 2 * HOUR || length > DAY + 2 * HOUR),
      ).toEqual([]);
    },
  );

  it.each(ZONES.filter((name) => name !== "Australia/Lord_Howe"))(
    "an hourly cron in %s ticks each hour of elapsed time",
    (name) => {
      const runs = askInTurn(
        at("0 * * * *", name),
        { start: "2016-01-01T00:00Z", end: "2018-01-01T00:00Z" },
        20_000,
      );
      const steps = new Set(
        runs.slice(1).map((run, index) => run.runAfter.getTime() - runs[index]!.runAfter.getTime()),
      );
      // Casablanca alone has moved by other than whole hours in no year here, so that
      // every step is one hour.
      expect([...steps]).toEqual([HOUR]);
    },
  );
});

describe("any schedule", () => {
  it("goes on forward, never repeating a logical date", () => {
    fc.assert(
      fc.property(schedule, instant, (spec, from) => {
        const runs = askInTurn(spec, { start: from.toISOString() }, 6);
        for (const [index, run] of runs.entries()) {
          const before = runs[index - 1];
          if (before)
            expect(run.logicalDate.getTime()).toBeGreaterThan(before.logicalDate.getTime());
          if (before && coversIntervals(spec))
            expect(run.dataInterval.start).toEqual(before.dataInterval.end);
          expect(run.runAfter.getTime()).toBeGreaterThanOrEqual(from.getTime());
        }
      }),
      { numRuns: 400 },
    );
  });

  it("gives the same runs to a scheduler that begins anywhere among them", () => {
    fc.assert(
      fc.property(schedule, instant, fc.nat({ max: 4 }), (spec, from, position) => {
        const runs = askInTurn(spec, { start: from.toISOString() }, 6);
        const run = runs[position];
        if (!run) return;
        const next = runs[position + 1] ?? null;
        // From the last run, caught up or just in time, and with no memory but the start
        // date.
        expect(continued(spec, run, "all", from, from)).toEqual(next);
        if (next === null) return;
        expect(continued(spec, run, "last", next.runAfter, from)).toEqual(next);
        expect(continued(spec, run, "none", next.runAfter, from)).toEqual(next);
        // Where missed ones are skipped, these have a grid of their own.
        if (
          spec.type === "delta_data_interval" ||
          (spec.type === "calendar_data_interval" && spec.length.days > 0)
        )
          return;
        expect(
          nextRun(spec, null, { earliest: from, latest: null, catchup: "last" }, next.runAfter),
        ).toEqual(next);
        expect(
          nextRun(spec, null, { earliest: from, latest: null, catchup: "none" }, next.runAfter),
        ).toEqual(next);
      }),
      { numRuns: 400 },
    );
  });

  it("skipping what was missed, never gives a run older than the latest one", () => {
    fc.assert(
      fc.property(schedule, instant, instant, (spec, from, now) => {
        const run = nextRun(spec, null, { earliest: from, latest: null, catchup: "last" }, now);
        const later = run && spec.type !== "instants" && continued(spec, run, "all", now, from);
        if (later) expect(later.runAfter.getTime()).toBeGreaterThan(now.getTime());
        const none = nextRun(spec, null, { earliest: from, latest: null, catchup: "none" }, now);
        if (none) expect(none.runAfter.getTime()).toBeGreaterThanOrEqual(now.getTime());
      }),
      { numRuns: 400 },
    );
  });

  it("keeps both bounds", () => {
    fc.assert(
      fc.property(
        schedule,
        instant,
        instant,
        fc.constantFrom("all", "last", "none"),
        (spec, earliest, latest, catchup) => {
          const run = nextRun(spec, null, { earliest, latest, catchup }, new Date((FROM + TO) / 2));
          if (run === null) return;
          const bounded = coversIntervals(spec) ? run.logicalDate : run.runAfter;
          expect(bounded.getTime()).toBeGreaterThanOrEqual(earliest.getTime());
          expect(bounded.getTime()).toBeLessThanOrEqual(latest.getTime());
        },
      ),
      { numRuns: 400 },
    );
  });

  it("gives a manual run no time that has not passed", () => {
    fc.assert(
      fc.property(schedule, instant, (spec, runAfter) => {
        const { start, end } = manualInterval(spec, runAfter);
        expect(start.getTime()).toBeLessThanOrEqual(end.getTime());
        expect(end.getTime()).toBeLessThanOrEqual(runAfter.getTime());
      }),
      { numRuns: 200 },
    );
  });

  it("caught up, is the same whenever it is asked", () => {
    fc.assert(
      fc.property(
        schedule,
        instant,
        instant,
        instant,
        fc.boolean(),
        (spec, earliest, early, late, first) => {
          const bounds = { earliest, latest: null, catchup: "all" } as const;
          const last = first ? null : (nextRun(spec, null, bounds, early)?.dataInterval ?? null);
          expect(nextRun(spec, last, bounds, early)).toEqual(nextRun(spec, last, bounds, late));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("asked again before its run is due, gives that run again", () => {
    fc.assert(
      fc.property(
        schedule,
        instant,
        instant,
        fc.constantFrom("all", "last", "none"),
        (spec, earliest, now, catchup) => {
          const bounds = { earliest, latest: null, catchup };
          const run = nextRun(spec, null, bounds, now);
          if (run && run.runAfter > now)
            expect(
              nextRun(spec, null, bounds, new Date((now.getTime() + run.runAfter.getTime()) / 2)),
            ).toEqual(run);
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** Instants at which a zone's clocks change, found day by day. */
function changesOf(name: string): number[] {
  const offset = (ms: number): number => IANAZone.create(name).offset(ms);
  const changes: number[] = [];
  for (let day = FROM; day < TO; day += DAY)
    if (offset(day) !== offset(day + DAY)) changes.push(day);
  return changes;
}

/** The ticks in a window by the written rule, minute by minute of the wall clock. */
function enumerate(text: string, name: string, from: number, to: number): number[] {
  const [minute, hour, day, , weekday] = text.split(" ") as [
    string,
    string,
    string,
    string,
    string,
  ];
  const everyHour = matching(hour, 0, 23).size === 24;
  const ticks = new Set<number>();
  const wallFrom = DateTime.fromMillis(from - DAY, { zone: name }).startOf("day");
  for (
    let wall = Date.UTC(wallFrom.year, wallFrom.month - 1, wallFrom.day);
    wall < to + 2 * DAY;
    wall += MINUTE
  ) {
    const date = new Date(wall);
    const inMonth = matching(day, 1, 31).has(date.getUTCDate());
    const inWeek =
      matching(weekday, 0, 7).has(date.getUTCDay()) ||
      (date.getUTCDay() === 0 && matching(weekday, 0, 7).has(7));
    const dayMatches = day === "*" ? inWeek : weekday === "*" ? inMonth : inMonth || inWeek;
    if (
      !dayMatches ||
      !matching(hour, 0, 23).has(date.getUTCHours()) ||
      !matching(minute, 0, 59).has(date.getUTCMinutes())
    )
      continue;
    const instants = instantsOf(wall, name);
    if (everyHour) for (const tick of instants.real) ticks.add(tick);
    else ticks.add(instants.real.at(-1) ?? instants.moved);
  }
  return [...ticks].filter((tick) => tick > from && tick < to).sort((a, b) => a - b);
}

function instantsOf(wall: number, name: string): { real: number[]; moved: number } {
  const offsetAt = (ms: number): number => IANAZone.create(name).offset(ms) * MINUTE;
  const offsets = [...new Set([offsetAt(wall - 26 * HOUR), offsetAt(wall + 26 * HOUR)])];
  const real = offsets.map((offset) => wall - offset).filter((ms) => ms + offsetAt(ms) === wall);
  return { real: real.sort((a, b) => a - b), moved: wall - offsetAt(wall - 26 * HOUR) };
}

const sets = new Map<string, Set<number>>();
function matching(field: string, min: number, max: number): Set<number> {
  const key = `${field} ${min} ${max}`;
  const known = sets.get(key);
  if (known) return known;
  const set = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "", step = "1"] = part.split("/");
    const [low, high] =
      range === "*"
        ? [min, max]
        : range.includes("-")
          ? range.split("-").map(Number)
          : [Number(range), Number(range)];
    for (let value = low!; value <= high!; value += Number(step)) set.add(value);
  }
  sets.set(key, set);
  return set;
}

it("the ticks around every change of clocks are those that the written rule names", () => {
  const changes = ZONES.flatMap((name) => changesOf(name).map((ms) => ({ name, ms })));
  fc.assert(
    fc.property(fc.constantFrom(...changes), cronText, ({ name, ms }, text) => {
      // There an hourly cron keeps its old clock for one tick more: shown in
      // clock_changes.test.ts.
      fc.pre(name !== "Australia/Lord_Howe" || matching(text.split(" ")[1] ?? "", 0, 23).size < 24);
      const [from, to] = [ms - DAY / 2, ms + 2 * DAY];
      const spec = at(text, name);
      const ticks = askInTurn(
        spec,
        { start: new Date(from + 1).toISOString(), end: new Date(to - 1).toISOString() },
        500,
      );
      expect(ticks.map((run) => run.runAfter.getTime())).toEqual(enumerate(text, name, from, to));
    }),
    { numRuns: 150 },
  );
});

it("a step back returns from every step forward", () => {
  fc.assert(
    fc.property(cronText, zone, instant, (text, name, from) => {
      const [first, second] = askInTurn(over(text, name), { start: from.toISOString() }, 2);
      if (first && second)
        expect(manualInterval(over(text, name), first.dataInterval.end)).toEqual(
          first.dataInterval,
        );
    }),
    { numRuns: 500 },
  );
});
