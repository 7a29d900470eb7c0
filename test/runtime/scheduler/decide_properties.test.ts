/**
 * Whatever happens to a host, every interval of every kind of schedule is decided, once.
 */

import { expect, test } from "vitest";
import { nextRun, type RunInfo, restrictionOf } from "../../../runtime/timetable/index.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import {
  atInstants,
  cron,
  cronTrigger,
  deltaTrigger,
  every,
  partitioned,
  type Schedule,
} from "../../../sdk/index.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import fc from "../../support/fast_check.ts";
import { VirtualHost } from "../../support/virtual_host.ts";

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 2, 27);

const SCHEDULES: readonly NonNullable<Schedule>[] = [
  "@hourly",
  "30 2 * * *",
  "0 */5 * * *",
  cron("@hourly", { jitter: "10m" }),
  cronTrigger("15 * * * *"),
  cronTrigger("0 6 * * *", { interval: "2d" }),
  cronTrigger(["0 */7 * * *", "0 */3 * * *"]),
  every("90m"),
  partitioned("0 */4 * * *", { offset: -1 }),
  atInstants([
    "2026-03-27T05:00:00Z",
    "2026-03-27T09:00:00Z",
    "2026-03-28T01:30:00Z",
    "2026-03-29T01:30:00Z",
    "2026-03-30T00:00:00Z",
  ]),
];

/** Schedules whose grid starts again where an interval was missed and is not wanted. */
const REGRIDDED: readonly NonNullable<Schedule>[] = [
  deltaTrigger("2h"),
  deltaTrigger("1 month"),
  deltaTrigger("1 day"),
  every("1 day"),
];

type Step = { readonly do: "look" | "end" | "pause" | "unpause"; readonly afterMinutes: number };

const steps = fc.array(
  fc.record({
    do: fc.constantFrom(
      "look" as const,
      "look" as const,
      "end" as const,
      "pause" as const,
      "unpause" as const,
    ),
    afterMinutes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 60, max: 1_500 })),
  }),
  { minLength: 1, maxLength: 25 },
);

/**
 * Every interval that is due by an instant, as a host that is always awake would run
 * them.
 */
function intervalsUntil(spec: DagSpec, until: number): readonly RunInfo[] {
  const { schedule } = spec.schedules[0]!;
  const bounds = { ...restrictionOf(spec), catchup: "all" } as const;
  const found: RunInfo[] = [];
  let interval = nextRun(schedule, null, bounds, new Date(START));
  while (interval && interval.runAfter.getTime() <= until) {
    found.push(interval);
    interval = nextRun(schedule, interval.dataInterval, bounds, new Date(START));
  }
  return found;
}

/**
 * Lives through the steps, then wakes with room for everything. @returns the last instant
 */
function live(host: VirtualHost, life: readonly Step[]): number {
  let clock = START;
  for (const step of life) {
    clock += step.afterMinutes * 60_000;
    const time = new Date(clock).toISOString();
    if (step.do === "pause") host.pause(time);
    else if (step.do === "unpause") host.unpause(time);
    else if (step.do === "end") host.end();
    host.at(time);
  }
  host.end();
  host.unpause(new Date(clock).toISOString());
  for (let looks = 0; looks < 500; looks++) {
    host.at(new Date(clock).toISOString());
    if (host.active === 0) break;
    host.end();
  }
  return clock;
}

const optionsOf = (schedules: readonly NonNullable<Schedule>[]) =>
  fc.record({
    schedule: fc.constantFrom(...schedules),
    timezone: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"),
    maxActiveRuns: fc.integer({ min: 1, max: 3 }),
  });

function declared(more: object): DagSpec {
  const d = dag("decided", {
    startDate: new Date(START).toISOString(),
    ...more,
  }) as unknown as Dag<unknown>;
  d.empty("a");
  return describeDag(d);
}

test("with catchup all every interval runs once, in either order, through pauses, sleep and full hours", () => {
  fc.assert(
    fc.property(
      optionsOf([...SCHEDULES, ...REGRIDDED]),
      fc.constantFrom("oldest" as const, "newest" as const),
      steps,
      (more, catchupOrder, life) => {
        const spec = declared({ ...more, catchup: true, catchupOrder });
        const host = new VirtualHost(spec, { mostRuns: 5 });
        const end = live(host, life);
        const expected = intervalsUntil(spec, end).map(({ logicalDate }) => logicalDate.getTime());
        const made = [...host.rows.values()]
          .filter(({ decision }) => decision === "run")
          .map(({ first }) => first.logicalDate.getTime());
        expect(made.toSorted((a, b) => a - b)).toEqual(expected);
        expect(host.made).toHaveLength(expected.length);
        if (catchupOrder === "oldest") expect(made).toEqual(expected);
      },
    ),
    { numRuns: 300 },
  );
});

test("with catchup last or none every interval that is due is a run or was skipped, never both, never neither", () => {
  fc.assert(
    fc.property(
      optionsOf(SCHEDULES),
      fc.constantFrom("last" as const, "none" as const),
      steps,
      (more, catchup, life) => {
        const spec = declared({ ...more, catchup });
        const host = new VirtualHost(spec, { mostCounted: 10_000 });
        const end = live(host, life);
        const covered = [...host.rows.values()].toSorted(
          (a, b) => a.first.logicalDate.getTime() - b.first.logicalDate.getTime(),
        );
        for (const [index, { first, last }] of covered.entries()) {
          expect(first.logicalDate <= last.logicalDate).toBe(true);
          const next = covered[index + 1];
          if (next) expect(last.logicalDate < next.first.logicalDate).toBe(true);
        }
        const count = covered.reduce((sum, interval) => sum + interval.count!, 0);
        expect(count).toBe(intervalsUntil(spec, end).length);
      },
    ),
    { numRuns: 300 },
  );
});

test("a run is never made before it is due, nor beyond maxActiveRuns", () => {
  fc.assert(
    fc.property(
      optionsOf([...SCHEDULES, ...REGRIDDED]),
      fc.constantFrom("all" as const, "last" as const, "none" as const),
      steps,
      (more, catchup, life) => {
        const host = new VirtualHost(declared({ ...more, catchup }));
        let clock = START;
        for (const { afterMinutes, do: what } of life) {
          clock += afterMinutes * 60_000;
          if (what === "end") host.end(Math.min(1, host.active));
          const decision = host.look(new Date(clock));
          expect(host.active).toBeLessThanOrEqual(more.maxActiveRuns);
          for (const run of decision.runs)
            expect(run.runAfter.getTime()).toBeLessThanOrEqual(clock);
          expect(decision.dag.nextRunAfter?.getTime() ?? clock).toBeGreaterThanOrEqual(
            Math.min(clock, START + HOUR_MS),
          );
        }
      },
    ),
    { numRuns: 200 },
  );
});
