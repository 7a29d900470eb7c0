/**
 * Runs started by events: finds and locks the DAGs with new events, and describes the
 * run. Such a run has no interval, so its run id ends with a random suffix. Its logical
 * date is its creation time.
 */
import { randomInt } from "node:crypto";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { triggeredRunId } from "../../timetable/index.ts";
import type { Plans } from "../dags/plans.ts";
import type { Queryable, Statement } from "../database/database.ts";
import type { NewRun } from "../runs/dag_run.ts";

/** The DAG of the run; `now` is the time of its creation. */
export interface TriggeredDag {
  readonly dagId: string;
  readonly versionId: number;
  readonly now: Date;
}

export interface WaitingDag extends TriggeredDag {
  readonly spec: DagSpec;
}

const IS_OPEN = "not is_paused and removed_at is null and version_id is not null";

/**
 * The query for DAGs with rows marked `is_new`: one step of the index for each DAG,
 * however many rows there are.
 * @param table with columns dag_id and is_new, indexed by dag_id where is_new
 */
export function dagsWithNews(table: string): string {
  return `
with recursive new_events as (
  (select w.dag_id from ${table} w where w.is_new order by w.dag_id limit 1)
  union all
  select (
    select w.dag_id from ${table} w where w.is_new and w.dag_id > n.dag_id order by w.dag_id limit 1)
  from new_events n where n.dag_id is not null
)
select dag_id from new_events join dagsmith.dag using (dag_id) where ${IS_OPEN}`;
}

// A DAG that a frozen transaction holds must not hold up the runs of other DAGs.
const LOCK: Statement = {
  name: "event_run_lock_dags",
  text: `
select dag_id, version_id, clock_timestamp() as now from dagsmith.dag
where dag_id = any($1) and ${IS_OPEN} order by dag_id for no key update skip locked`,
};

/**
 * Locks the DAGs that may get runs and that no other transaction holds, so that any number
 * of schedulers create one run of an event.
 */
export async function lockWaitingDags(
  tx: Queryable,
  plans: Plans,
  dagIds: readonly string[],
): Promise<readonly WaitingDag[]> {
  const rows = await tx.query<{ dag_id: string; version_id: number; now: Date }>(LOCK, [dagIds]);
  const versions = await plans.get(
    tx,
    rows.map((row) => row.version_id),
  );
  return rows.flatMap(({ dag_id: dagId, version_id: versionId, now }) => {
    const spec = versions.get(versionId)?.spec;
    return spec ? [{ dagId, versionId, spec, now }] : [];
  });
}

/** The run of an event, with an empty data interval. */
export function eventRun({ dagId, versionId, now }: TriggeredDag, trigger: RunTrigger): NewRun {
  const runType = trigger.type === "assets" ? "asset_triggered" : "event_triggered";
  return {
    ...{ dagId, versionId, runType, runId: triggeredRunId(runType, now, randomSuffix()) },
    ...{
      logicalDate: now,
      dataIntervalStart: now,
      dataIntervalEnd: now,
      runAfter: now,
      params: {},
      schedule: null,
    },
    trigger: trigger as unknown as NewRun["trigger"],
  };
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A DAG may get two runs in the same millisecond. */
function randomSuffix(): string {
  return Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}
