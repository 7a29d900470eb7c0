/** The schedule decisions of a DAG on its page and in the API. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dagDecisions as answer } from "../../../runtime/web/api/schemas/dags.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  const schedule = { type: "cron_data_interval", cron: "0 0 * * *", timezone: "UTC" } as const;
  const schedules = ["", "b"].map((name) => ({ name, schedule, params: {} }));
  const version = await web.rows.dag(
    dagSpec("decided_dag", { schedules, startDate: "2026-01-01T00:00:00.000Z" }),
  );
  await web.rows.run("decided_dag", version, { runId: "scheduled__2026-01-09T00:00:00+00:00" });
  await web.rows.sql(
    "update dagsmith.dag_run set schedule = '', run_type = 'scheduled' where dag_id = 'decided_dag'",
  );
  await entry("run", null, 1, 9, 9, "scheduled__2026-01-09T00:00:00+00:00");
  await entry("skipped", "catchup", 8, 1, 8, null);
  await entry("skipped", "paused", null, 20, 30, null, "b");
  await web.rows.sql(
    "insert into dagsmith.dag_schedule (dag_id, name, error) values ('decided_dag', 'b', 's3cret is no day')",
  );
});
afterAll(() => web.close());

const day = (date: number): string => new Date(Date.UTC(2026, 0, date)).toISOString();

async function entry(
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
       run_after, last_run_after, run_id) values ('decided_dag', $1, $2, $3, $4, $5, $6, $5, $7, $8, $7, $9)`,
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

async function ask(
  query = "",
): Promise<{ decisions: Record<string, unknown>[]; next: string | null }> {
  const response = await fetch(`${web.url}/api/v1/dags/decided_dag/decisions${query}`);
  expect(response.status).toBe(200);
  const body = (await response.json()) as never;
  expect(() => answer.parse(body)).not.toThrow();
  return body;
}

const short = (found: readonly Record<string, unknown>[]) =>
  found.map(({ schedule, decision, reason, count }) => [schedule, decision, reason, count]);

describe("GET /dags/{dagId}/decisions", () => {
  test("gives what waits, then decisions, newest first, with their runs", async () => {
    const { decisions, next } = await ask();
    expect(short(decisions)).toEqual([
      ["", "waiting", "due", 1],
      ["b", "waiting", "error", null],
      ["b", "skipped", "paused", null],
      ["", "run", null, 1],
      ["", "skipped", "catchup", 8],
    ]);
    expect(decisions[1]!.detail).toBe("*** is no day");
    expect(decisions[3]).toMatchObject({
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
    expect(short(second.decisions)).toEqual([["", "run", null, 1]]);
    const within = await ask(`?from=${day(3)}&to=${day(9)}`);
    expect(short(within.decisions).filter(([, decision]) => decision !== "waiting")).toEqual([
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
    expect((await fetch(`${web.url}/api/v1/dags/decided_dag/decisions${query}`)).status).toBe(400);
  });

  test("of a DAG that there is not is not found", async () => {
    expect((await fetch(`${web.url}/api/v1/dags/nobody/decisions`)).status).toBe(404);
  });

  test("of a run that a backfill made first shows that run", async () => {
    await web.rows.sql(
      "update dagsmith.dag_run set run_id = 'backfill__2026-01-09T00:00:00+00:00' where dag_id = 'decided_dag'",
    );
    const { decisions } = await ask(`?from=${day(9)}&to=${day(9)}`);
    expect(decisions.at(-1)).toMatchObject({
      runId: "backfill__2026-01-09T00:00:00+00:00",
      run: expect.any(Number),
    });
  });
});

describe("a DAG's page", () => {
  test("lists its decisions, with words for the reasons", async () => {
    const html = await (await fetch(`${web.url}/dags/decided_dag/decisions?limit=2`)).text();
    expect(html).toContain("the DAG is or was paused");
    expect(html).toContain("the schedule stopped: *** is no day");
    expect(html).toContain(`/dags/decided_dag/decisions?after=${encodeURIComponent(`${day(9)}~`)}`);
  });

  test("names when each schedule is due, and that a full DAG waits", async () => {
    await web.rows.sql(
      "insert into dagsmith.dag_schedule (dag_id, name, next_run_after) values ('decided_dag', '', $1)",
      [day(31)],
    );
    await web.rows.sql("update dagsmith.dag set at_capacity = true where dag_id = 'decided_dag'");
    const html = await (await fetch(`${web.url}/dags/decided_dag`)).text();
    expect(html).toContain("2026-01-31 00:00");
    expect(html).toContain("as many active runs as maxActiveRuns allows");
  });

  test("of a DAG without a schedule says so", async () => {
    await web.rows.dag(dagSpec("idle"));
    expect(await (await fetch(`${web.url}/dags/idle/decisions`)).text()).toContain(
      "No decisions: this DAG has no schedule.",
    );
  });
});
