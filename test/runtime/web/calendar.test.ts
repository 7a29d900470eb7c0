/** The calendar: months as weeks, planned runs within bounds, and the pages of both. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { monthOf } from "../../../runtime/web/calendar/month.ts";
import { type PlannedDag, plannedRuns } from "../../../runtime/web/calendar/planned_runs.ts";
import { agenda, tally } from "../../../runtime/web/calendar/tally.ts";
import type { ScheduleSpec } from "../../../sdk/spec/index.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

describe("a month", () => {
  test("has weeks from Monday to Sunday, with places of other months empty", () => {
    const { weeks, previous, next } = monthOf("2026-11-30");
    expect(weeks).toHaveLength(6);
    expect(weeks[0]).toEqual([null, null, null, null, null, null, "2026-11-01"]);
    expect(weeks[5]).toEqual(["2026-11-30", null, null, null, null, null, null]);
    expect([previous, next]).toEqual(["2026-10-01", "2026-12-01"]);
  });

  test("of 28 days that begins on a Monday has four weeks", () => {
    expect(monthOf("2027-02-10").weeks.map((week) => week.length)).toEqual([7, 7, 7, 7]);
  });

  test("goes over the end of a year, and knows leap days", () => {
    expect(monthOf("2026-12-31").next).toBe("2027-01-01");
    expect(monthOf("2027-01-01").previous).toBe("2026-12-01");
    expect(monthOf("2028-02-01").weeks.flat()).toContain("2028-02-29");
  });
});

const cron = (text: string): ScheduleSpec =>
  ({ type: "cron_trigger", cron: text, timezone: "UTC" }) as ScheduleSpec;

const planned = (dagId: string, schedule: ScheduleSpec, nextRunAfter: string): PlannedDag => ({
  ...{ dagId, schedules: [{ name: "", schedule, params: {} }], tasks: [] },
  ...{ startDate: null, endDate: null, catchup: "none", nextRunAfter: new Date(nextRunAfter) },
});

const window = { from: new Date("2026-01-01T00:30Z"), to: new Date("2026-02-01T00:00Z") };

describe("the plan", () => {
  test("begins with the next run of each DAG, and ends before the end of the window", async () => {
    const dags = [
      planned("daily", cron("0 4 * * *"), "2026-01-30T04:00Z"),
      planned("later", cron("0 4 * * *"), "2026-03-01T04:00Z"),
    ];
    const { runs, wholeUntil } = await plannedRuns(dags, { ...window, most: 10 });
    expect(runs.map(({ dagId, at }) => `${dagId} ${at.toISOString()}`)).toEqual([
      "daily 2026-01-30T04:00:00.000Z",
      "daily 2026-01-31T04:00:00.000Z",
    ]);
    expect(wholeUntil).toBeNull();
  });

  test("has at most so many runs of one DAG, and says until when it is whole", async () => {
    const dags = [
      planned("often", cron("* * * * *"), "2026-01-01T00:00Z"),
      planned("daily", cron("0 0 * * *"), "2026-01-31T00:00Z"),
    ];
    const { runs, wholeUntil } = await plannedRuns(dags, { ...window, most: 30 });
    expect(runs).toHaveLength(31);
    expect(wholeUntil?.toISOString()).toBe("2026-01-01T00:59:00.000Z");
  });

  test("leaves out a schedule that fails", async () => {
    const broken = planned("broken", cron("not a cron"), "2026-01-01T00:00Z");
    expect((await plannedRuns([broken], { ...window, most: 5 })).runs).toEqual([]);
  });

  test("of 500 DAGs by the minute asks each schedule once", async () => {
    const dags = Array.from({ length: 500 }, (_, n) =>
      planned(`d${n}`, cron("* * * * *"), "2026-01-01T00:00Z"),
    );
    const { runs } = await plannedRuns(dags, { ...window, most: 100 });
    expect(runs).toHaveLength(50_000);
    expect(new Set(runs.map(({ at }) => at)).size).toBe(100);
  });
});

test("planned runs are counted with those of the same day that ran", () => {
  const at = new Date("2026-01-31T10:00Z");
  const days = tally([{ day: "2026-01-31", state: "failed", runs: 2 }], [{ dagId: "a", at }]);
  expect(days.get("2026-01-31")).toEqual({ failed: 2, planned: 1 });
});

test("the agenda is in the order of time, with one line for a DAG and an hour", () => {
  const time = (clock: string): Date => new Date(`2026-01-31T${clock}Z`);
  const lines = agenda(
    [{ dagId: "b", state: "success", at: time("09:00"), runs: 3, run: 7 }],
    [
      { dagId: "a", at: time("10:00") },
      { dagId: "a", at: time("10:30") },
      { dagId: "c", at: time("08:00") },
    ],
  );
  expect(lines.map(({ dagId, state, runs, run }) => [dagId, state, runs, run])).toEqual([
    ["c", "planned", 1, null],
    ["b", "success", 3, 7],
    ["a", "planned", 2, null],
  ]);
});

describe("the pages", () => {
  let web: TestWeb;
  beforeAll(async () => {
    web = await testWeb();
    const schedules = [{ name: "", schedule: cron("0 4 * * *"), params: {} }];
    const nextRunAfter = new Date("2099-01-30T04:00Z");
    const spec = dagSpec("nightly", { schedules, tags: ["mine"], catchup: "none" });
    const version = await web.rows.dag(spec, { nextRunAfter });
    await web.rows.dag(dagSpec("paused", { schedules }), { nextRunAfter, isPaused: true });
    const often = [{ name: "", schedule: cron("* * * * *"), params: {} }];
    await web.rows.dag(dagSpec("often", { schedules: often, catchup: "none" }), {
      nextRunAfter: new Date("2099-06-01T00:00Z"),
    });
    const other = await web.rows.dag(dagSpec("other"));
    const startedAt = new Date("2026-03-05T04:00Z");
    await web.rows.run("nightly", version, { startedAt, state: "failed" });
    await web.rows.run("other", other, { startedAt: new Date("2026-03-05T23:59:59.999Z") });
    await web.rows.run("other", other, { startedAt: new Date("2026-03-06T00:00Z") });
  });
  afterAll(() => web.close());

  const get = async (path: string): Promise<string> => (await fetch(web.url + path)).text();
  /** The counts of a day as a reader hears them. */
  const dayIn = (html: string, day: string): string | undefined =>
    new RegExp(`<a href="[^"]*\\?day=${day}"[^>]*>(.*?)</a>`)
      .exec(html.slice(html.indexOf("<table")))?.[1]
      ?.replaceAll(/<[^>]+>/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim();

  test("a month shows past runs by state, each on the day when it was due", async () => {
    const html = await get("/calendar?day=2026-03-05");
    expect(dayIn(html, "2026-03-05")).toBe("5 1 failed 1 success");
    expect(dayIn(html, "2026-03-06")).toBe("6 1 success");
    expect(dayIn(html, "2026-03-07")).toBe("7");
    expect(html).toContain('<h2 id="agenda-title">Thursday, March 5</h2>');
    const lines = html.slice(html.indexOf('id="agenda"'));
    expect(lines.indexOf("/dags/nightly")).toBeLessThan(lines.indexOf("/dags/other"));
  });

  test("a month to come shows what is planned, without DAGs that are paused", async () => {
    const html = await get("/calendar?day=2099-01-31");
    expect(dayIn(html, "2099-01-29")).toBe("29");
    expect(dayIn(html, "2099-01-30")).toBe("30 1 planned");
    const lines = html.slice(html.indexOf('id="agenda"'));
    expect(lines).toContain("/dags/nightly");
    expect(lines).not.toContain("/dags/paused");
  });

  test.each(["/calendar", "/dags/often/calendar"])(
    "%s says when a day has more planned runs than it shows",
    async (path) => {
      expect(await get(`${path}?day=2099-06-01`)).toContain("more runs than are shown here");
      expect(await get(`${path}?day=2099-01-30`)).not.toContain("more runs than are shown here");
    },
  );

  test("a DAG has a calendar of its own runs", async () => {
    const html = await get("/dags/nightly/calendar?day=2026-03-05");
    expect(dayIn(html, "2026-03-05")).toBe("5 1 failed");
    expect(html).toContain("/dags/nightly/calendar?day=2026-04-01");
  });

  test("a day without runs says so", async () => {
    expect(await get("/calendar?day=2026-03-07")).toContain("none is planned");
  });

  test.each(["2026-02-30", "1999-12-31", "2100-01-01", "tomorrow"])(
    "%s is refused",
    async (day) => {
      expect((await fetch(`${web.url}/calendar?day=${day}`)).status).toBe(400);
    },
  );
});
