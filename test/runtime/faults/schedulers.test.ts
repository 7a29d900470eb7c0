/**
 * Several schedulers on one database, as processes that are really killed: each interval
 * of a catchup runs once, and its decision is written.
 */
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase();

/** Minutes, all of them past, whose runs end as they begin: `places` at a time. */
async function catchingUp(dagId: string, intervals: number, places: number): Promise<void> {
  const start = DateTime.utc().startOf("hour").minus({ days: 3 });
  const d = dag(dagId, {
    ...{
      schedule: "* * * * *",
      startDate: start.toISO(),
      endDate: start.plus({ minutes: intervals - 1 }).toISO(),
    },
    ...{ catchup: true, maxActiveRuns: places },
  }) as unknown as Dag<unknown>;
  d.empty("a");
  await known(postgres.db, describeDag(d));
}

const runs = (dagId: string) =>
  rows<{ run_id: string; state: string }>(
    postgres.db,
    "select run_id, state from dagsmith.dag_run where dag_id = $1 order by id",
    [dagId],
  );

async function expectEachOnce(dagId: string, intervals: number): Promise<void> {
  const made = await runs(dagId);
  expect(made).toHaveLength(intervals);
  expect(new Set(made.map(({ run_id }) => run_id)).size).toBe(intervals);
  const decided = await rows<{ run_id: string }>(
    postgres.db,
    "select run_id from dagsmith.schedule_decision where dag_id = $1 and decision = 'run'",
    [dagId],
  );
  expect(decided.map(({ run_id }) => run_id).toSorted()).toEqual(
    made.map(({ run_id }) => run_id).toSorted(),
  );
}

const allEnded = (dagId: string, intervals: number) => async (): Promise<boolean> => {
  const made = await runs(dagId);
  return made.length >= intervals && made.every(({ state }) => state === "success");
};

const start = () => startService("scheduler", { DATABASE_URL: postgres.db.url });

test("four schedulers make each of 1,000 runs once", { timeout: 120_000 }, async () => {
  await catchingUp("shared", 1_000, 40);
  await Promise.all([start(), start(), start(), start()]);
  await until("all runs to end", allEnded("shared", 1_000), 60);
  await expectEachOnce("shared", 1_000);
});

test("schedulers that are killed in the middle of a catchup, one after the other, leave nothing out and nothing twice", {
  timeout: 120_000,
}, async () => {
  await catchingUp("killed", 1_000, 5);
  for (const mark of [50, 200, 400]) {
    const [one, other] = await Promise.all([start(), start()]);
    await until(`${mark} runs`, async () => (await runs("killed")).length >= mark, 60);
    await Promise.all([one.end("SIGKILL"), other.end("SIGKILL")]);
  }
  await start();
  await until("all runs to end", allEnded("killed", 1_000), 60);
  await expectEachOnce("killed", 1_000);
});
