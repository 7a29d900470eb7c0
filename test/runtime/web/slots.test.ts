/** The slots of a DAG on its page and in the API. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dagSlots as answer } from "../../../runtime/web/api/schemas/dags.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  const schedule = { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" } as const;
  const schedules = ["", "b"].map((name) => ({ name, schedule, params: {} }));
  const version = await web.rows.dag(
    dagSpec("slotted", { schedules, startDate: "2026-01-01T00:00:00.000Z" }),
  );
  await web.rows.run("slotted", version, { runId: "scheduled__2026-01-09T00:00:00+00:00" });
  await web.rows.sql(
    "update dagsmith.dag_run set schedule = '', run_type = 'scheduled' where dag_id = 'slotted'",
  );
  await slot("run", null, 1, 9, 9, "scheduled__2026-01-09T00:00:00+00:00");
  await slot("skipped", "catchup", 8, 1, 8, null);
  await slot("skipped", "paused", null, 20, 30, null, "b");
  await web.rows.sql(
    "insert into dagsmith.dag_schedule (dag_id, name, error) values ('slotted', 'b', 's3cret is no day')",
  );
});
afterAll(() => web.close());

const day = (date: number): string => new Date(Date.UTC(2026, 0, date)).toISOString();

async function slot(
  decision: string,
  reason: string | null,
  count: number | null,
  first: number,
  last: number,
  runId: string | null,
  schedule = "",
) {
  await web.rows.sql(
    `insert into dagsmith.schedule_decision (dag_id, schedule, decision, reason, count, logical_date, last_logical_date, data_interval_start, data_interval_end,
       run_after, last_run_after, run_id) values ('slotted', $1, $2, $3, $4, $5, $6, $5, $7, $8, $7, $9)`,
    [
      schedule,
      decision,
      reason,
      count,
      day(first),
      day(last),
      day(last + 1),
      day(first + 1),
      runId,
    ],
  );
}

async function ask(query = ""): Promise<{ slots: Record<string, unknown>[]; next: string | null }> {
  const response = await fetch(`${web.url}/api/v1/dags/slotted/slots${query}`);
  expect(response.status).toBe(200);
  const body = (await response.json()) as never;
  expect(() => answer.parse(body)).not.toThrow();
  return body;
}

const short = (found: readonly Record<string, unknown>[]) =>
  found.map(({ schedule, decision, reason, count }) => [schedule, decision, reason, count]);

describe("GET /dags/{dagId}/slots", () => {
  test("gives what waits, then decisions, newest first, with their runs", async () => {
    const { slots, next } = await ask();
    expect(short(slots)).toEqual([
      ["", "waiting", "due", 1],
      ["b", "waiting", "error", null],
      ["b", "skipped", "paused", null],
      ["", "run", null, 1],
      ["", "skipped", "catchup", 8],
    ]);
    expect(slots[1]!.detail).toBe("*** is no day");
    expect(slots[3]).toMatchObject({
      runId: "scheduled__2026-01-09T00:00:00+00:00",
      runState: "success",
      run: expect.any(Number),
    });
    expect(next).toBeNull();
  });

  test("goes on from page to page, and keeps to a range", async () => {
    const first = await ask("?limit=1");
    expect(first.next).toBe(`${day(30)}~b`);
    const second = await ask(`?limit=1&after=${encodeURIComponent(first.next!)}`);
    expect(short(second.slots)).toEqual([["", "run", null, 1]]);
    const within = await ask(`?from=${day(3)}&to=${day(9)}`);
    expect(short(within.slots).filter(([, decision]) => decision !== "waiting")).toEqual([
      ["", "run", null, 1],
      ["", "skipped", "catchup", 8],
    ]);
  });

  test.each([
    "?after=x",
    "?after=2026-13-45T99:99:99.000Z~",
    "?from=yesterday",
    "?limit=0",
    "?limit=501",
  ])("refuses %s", async (query) => {
    expect((await fetch(`${web.url}/api/v1/dags/slotted/slots${query}`)).status).toBe(400);
  });

  test("of a DAG that there is not is not found", async () => {
    expect((await fetch(`${web.url}/api/v1/dags/nobody/slots`)).status).toBe(404);
  });

  test("of a run that a backfill made first shows that run", async () => {
    await web.rows.sql(
      "update dagsmith.dag_run set run_id = 'backfill__2026-01-09T00:00:00+00:00' where dag_id = 'slotted'",
    );
    const { slots } = await ask(`?from=${day(9)}&to=${day(9)}`);
    expect(slots.at(-1)).toMatchObject({
      runId: "backfill__2026-01-09T00:00:00+00:00",
      run: expect.any(Number),
    });
  });
});

describe("a DAG's page", () => {
  test("lists its slots, with words for the reasons", async () => {
    const html = await (await fetch(`${web.url}/dags/slotted/slots?limit=2`)).text();
    expect(html).toContain("the DAG is or was paused");
    expect(html).toContain("the schedule stands still: *** is no day");
    expect(html).toContain(`/dags/slotted/slots?after=${encodeURIComponent(`${day(9)}~`)}`);
  });

  test("names when each schedule is due, and that a full DAG waits", async () => {
    await web.rows.sql(
      "insert into dagsmith.dag_schedule (dag_id, name, next_run_after) values ('slotted', '', $1)",
      [day(31)],
    );
    await web.rows.sql("update dagsmith.dag set at_capacity = true where dag_id = 'slotted'");
    const html = await (await fetch(`${web.url}/dags/slotted`)).text();
    expect(html).toContain("2026-01-31 00:00");
    expect(html).toContain("as many runs as it may");
  });

  test("of a DAG without a schedule says so", async () => {
    await web.rows.dag(dagSpec("idle"));
    expect(await (await fetch(`${web.url}/dags/idle/slots`)).text()).toContain(
      "No slots: this DAG has no schedule.",
    );
  });
});
