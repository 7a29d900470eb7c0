/**
 * The law of edits: a schedule that is changed in the middle neither repeats nor skips an
 * interval.
 */

import { describe, expect, it } from "vitest";
import { type Interval, nextRun, type RunInfo } from "../../../runtime/timetable/index.ts";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import fc from "../../support/fast_check.ts";
import {
  atLengths,
  atTicks,
  coversIntervals,
  cronText,
  FROM,
  instant,
  overIntervals,
  schedule,
  TO,
  zone,
} from "./any_schedule.ts";
import { ask, at, DAY, each, HOUR, interval, over, short, told } from "./ask.ts";

const soon = fc.integer({ min: 1, max: 40 * DAY });
const worked = fc
  .tuple(instant, soon)
  .map(([start, length]) => ({ start, end: new Date(start.getTime() + length) }));
const continued = (
  spec: ScheduleSpec,
  last: Interval | null,
  earliest: Date | null = null,
): RunInfo | null =>
  nextRun(spec, last, { earliest, latest: null, catchup: "all" }, new Date(FROM));

describe("after intervals", () => {
  it("intervals go on at the end of the last, or hold it: none of the time is left out, and none of the last repeated as a whole", () => {
    fc.assert(
      fc.property(overIntervals, worked, (spec, last) => {
        const run = continued(spec, last);
        if (run === null) return;
        expect(run.dataInterval.start.getTime()).toBeLessThanOrEqual(last.end.getTime());
        expect(run.dataInterval.start.getTime()).toBeGreaterThan(last.start.getTime());
        expect(run.dataInterval.end.getTime()).toBeGreaterThan(last.end.getTime());
      }),
      { numRuns: 400 },
    );
  });

  it("ticks go on with the first behind its end", () => {
    fc.assert(
      fc.property(atTicks, worked, (spec, last) => {
        expect(continued(spec, last)).toEqual(
          continued(spec, null, new Date(last.end.getTime() + 1)),
        );
      }),
      { numRuns: 400 },
    );
  });
});

describe("after ticks", () => {
  it("cron intervals go on with the one that holds the last tick, or the next where the tick's logical date would come again", () => {
    fc.assert(
      fc.property(cronText, zone, instant, (text, name, tick) => {
        const run = continued(over(text, name), { start: tick, end: tick });
        const grid = (instant: Date): RunInfo | null => continued(at(text, name), null, instant);
        if (run === null) return;
        const onGrid = grid(tick)?.runAfter.getTime() === tick.getTime();
        const behind = new Date(tick.getTime() + 1);
        expect(run.dataInterval.end).toEqual(
          onGrid
            ? grid(new Date(grid(behind)!.runAfter.getTime() + 1))?.runAfter
            : grid(behind)?.runAfter,
        );
        expect(run.logicalDate).not.toEqual(tick);
      }),
      { numRuns: 400 },
    );
  });

  it("intervals of a length never give the tick's logical date again", () => {
    fc.assert(
      fc.property(overIntervals, instant, (spec, tick) => {
        expect(continued(spec, { start: tick, end: tick })?.logicalDate).not.toEqual(tick);
      }),
      { numRuns: 200 },
    );
  });
});

it("whatever it is changed to, and however often, each run is due later than the one before", () => {
  const lives = fc.array(fc.tuple(schedule, fc.integer({ min: 1, max: 3 })), {
    minLength: 2,
    maxLength: 5,
  });
  fc.assert(
    fc.property(lives, instant, (edits, earliest) => {
      let last: RunInfo | null = null;
      for (const [spec, count] of edits) {
        for (let made = 0; made < count; made++) {
          const run: RunInfo | null = continued(spec, last?.dataInterval ?? null, earliest);
          if (run === null) break;
          if (last) expect(run.runAfter.getTime()).toBeGreaterThan(last.runAfter.getTime());
          last = run;
        }
      }
    }),
    // At ticks with an interval, the interval before the tick may reach back over the
    // last run's.
    { numRuns: 300 },
  );
});

describe("a start date", () => {
  it("moved back runs nothing before the last run", () => {
    fc.assert(
      fc.property(fc.oneof(overIntervals, atTicks), worked, soon, (spec, last, back) => {
        const run = continued(spec, last, new Date(last.start.getTime() - back));
        if (run) expect(run.runAfter.getTime()).toBeGreaterThan(last.end.getTime());
        if (run && coversIntervals(spec))
          expect(run.dataInterval.start.getTime()).toBeLessThanOrEqual(last.end.getTime());
      }),
      { numRuns: 300 },
    );
  });

  it("moved ahead lets nothing run before it", () => {
    fc.assert(
      fc.property(schedule, worked, soon, (spec, last, ahead) => {
        const earliest = new Date(last.end.getTime() + ahead);
        const run = continued(spec, last, earliest);
        if (run)
          expect(
            (coversIntervals(spec) ? run.logicalDate : run.runAfter).getTime(),
          ).toBeGreaterThanOrEqual(earliest.getTime());
      }),
      { numRuns: 300 },
    );
  });
});

it("a start date is where lengths begin, and the same with the last run's memory or without", () => {
  fc.assert(
    fc.property(fc.oneof(overIntervals, atLengths), instant, (spec, earliest) => {
      const first = continued(spec, null, earliest);
      if (first === null || first.runAfter.getTime() > TO) return;
      const before = new Date(earliest.getTime() - 1);
      expect(
        continued(spec, { start: before, end: before }, earliest)?.runAfter.getTime(),
      ).toBeGreaterThanOrEqual(earliest.getTime());
    }),
    { numRuns: 100 },
  );
});

describe("a change in the middle", () => {
  const last = interval("2024-03-06T00:00Z", "2024-03-07T00:00Z");

  it.each([
    [
      "from daily intervals to daily ticks, at nine",
      at("0 9 * * *"),
      "2024-03-07T09:00Z/2024-03-07T09:00Z",
    ],
    [
      "from daily intervals to daily ticks, at midnight",
      at("0 0 * * *"),
      "2024-03-08T00:00Z/2024-03-08T00:00Z",
    ],
    [
      "from daily intervals to monthly ones",
      over("0 0 1 * *"),
      "2024-03-07T00:00Z/2024-04-01T00:00Z",
    ],
    [
      "from daily intervals to hourly ones",
      over("0 * * * *"),
      "2024-03-07T00:00Z/2024-03-07T01:00Z",
    ],
    [
      "from daily intervals to lengths of six hours",
      each(6 * HOUR),
      "2024-03-07T00:00Z/2024-03-07T06:00Z",
    ],
  ] as const)("%s", (_, schedule, expected) => {
    expect(told(ask(schedule, { last: [short(last.start), short(last.end)] }))).toBe(expected);
  });

  it("from daily intervals to ticks and back works on each day once", () => {
    const tick = continued(at("0 9 * * *"), last);
    const back = continued(over("0 0 * * *"), tick?.dataInterval ?? null);
    expect(told(back)).toBe("2024-03-07T00:00Z/2024-03-08T00:00Z");
  });
});
