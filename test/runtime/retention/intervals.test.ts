/**
 * An interval whose run and decision were deleted never runs again, whatever happens to
 * its schedule.
 */
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { createBackfill, pauseDag, unpauseDag } from "../../../runtime/actions/index.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { cleanOld } from "../../support/history.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { tick } from "../../support/tick.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };
const daysAgo = (days: number): string =>
  DateTime.utc().startOf("day").minus({ days }).toISO() as string;

/** Runs of a day that end at once. */
function daily(id: string, options: DagOptions = {}, task = "a") {
  const d = dag(id, { schedule: "@daily", startDate: daysAgo(6), catchup: "all", ...options });
  d.empty(task);
  return describeDag(d as never);
}

const runIds = async (dagId: string): Promise<readonly string[]> =>
  (
    await rows<{ run_id: string }>(
      postgres.db,
      "select run_id from dagsmith.dag_run where dag_id = $1 order by id",
      [dagId],
    )
  ).map(({ run_id: runId }) => runId);

/** Makes all that there is a hundred days older, and cleans. */
async function cleanAll(dagId: string): Promise<void> {
  await rows(
    postgres.db,
    "update dagsmith.dag_run set finished_at = finished_at - interval '100 days' where dag_id = $1",
    [dagId],
  );
  await rows(
    postgres.db,
    "update dagsmith.schedule_decision set decided_at = decided_at - interval '100 days' where dag_id = $1",
    [dagId],
  );
  await cleanOld(postgres.db, ["runs", "decisions"]);
}

async function ticks(count = 4): Promise<void> {
  for (let turn = 0; turn < count; turn++) await tick(postgres.db, new Plans());
}

describe("of six daily runs, all of them old, the last stays, and none of the others comes back", () => {
  test.each<readonly [string, string, (id: string) => Promise<unknown>]>([
    ["at the next ticks", "tick", async () => undefined],
    [
      "after a new version of the DAG",
      "version",
      (id) => known(postgres.db, daily(id, {}, "other")),
    ],
    [
      "after an edit of the schedule",
      "edit",
      (id) => known(postgres.db, daily(id, { schedule: "0 0 */1 * *" })),
    ],
    [
      "after an earlier start date",
      "start",
      (id) => known(postgres.db, daily(id, { startDate: daysAgo(60) })),
    ],
    [
      "after a pause",
      "pause",
      async (id) => {
        await pauseDag(postgres.db, { dagId: id, ...me });
        await unpauseDag(postgres.db, { dagId: id, ...me });
      },
    ],
  ])("%s", async (_, id, change) => {
    await known(postgres.db, daily(id));
    await ticks();
    const before = await runIds(id);
    expect(before).toHaveLength(6);
    await cleanAll(id);
    const left = await runIds(id);
    expect(left).toEqual(before.slice(-1));
    await change(id);
    await ticks();
    expect(await runIds(id)).toEqual(left);
  });
});

test("runs that a backfill made ahead of a paused schedule stay until the schedule has passed them", async () => {
  const id = "ahead";
  await known(postgres.db, daily(id, { pausedAtCreation: true, catchup: "all" }));
  await rows(postgres.db, "update dagsmith.dag set is_paused = false where dag_id = $1", [id]);
  await rows(postgres.db, "update dagsmith.dag set next_run_after = null where dag_id = $1", [id]);
  await createBackfill(postgres.db, { dagId: id, from: daysAgo(6), to: daysAgo(3), ...me });
  for (let turn = 0; turn < 12; turn++) await tick(postgres.db, new Plans());
  const made = await runIds(id);
  expect(made).toHaveLength(4);
  await cleanAll(id);
  expect(await runIds(id)).toEqual(made);
  await rows(postgres.db, "update dagsmith.dag set next_run_after = now() where dag_id = $1", [id]);
  await ticks();
  expect(await runIds(id)).toHaveLength(6);
  await cleanAll(id);
  await ticks();
  expect(await runIds(id)).toHaveLength(1);
});
