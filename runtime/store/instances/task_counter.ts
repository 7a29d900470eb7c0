/**
 * The counters of tasks: a row for each task of a run that waits for others, has many
 * instances, or is a group or in one; inside a mapped group a row for each map index.
 * Rows are read and written whole, by transactions that hold the row of the run.
 */
import type { Scope } from "../../engine/counts/scope.ts";
import type { TaskCounter } from "../../engine/counts/task_counter.ts";
import type { UpstreamCounts } from "../../state/trigger_rule.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { INSTANCES, mapIndexIs } from "./instance_rows.ts";

const LOAD: Statement = {
  name: "task_counter_load",
  text: `
select c.* from ${INSTANCES.as("v")}
join dagsmith.task_counter c
  on c.run_id = v.run_id and c.task_id = v.task_id and c.map_index = v.map_index`,
};

const COUNTERS = rowsOf<TaskCounter>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
  map_index: ["int", ({ mapIndex }) => mapIndex],
  upstream_total: ["int", ({ upstreamTotal }) => upstreamTotal],
  upstream_success: ["int", ({ upstream }) => upstream.success],
  upstream_failed: ["int", ({ upstream }) => upstream.failed],
  upstream_skipped: ["int", ({ upstream }) => upstream.skipped],
  upstream_upstream_failed: ["int", ({ upstream }) => upstream.upstreamFailed],
  upstream_removed: ["int", ({ upstream }) => upstream.removed],
  setups: ["json", ({ setups }) => setups && JSON.stringify(setups)],
  in_scope: ["json", ({ inScope }) => inScope && JSON.stringify(inScope)],
  decided: ["boolean", ({ decided }) => decided],
  instances: ["int", ({ instances }) => instances],
  released: ["int", ({ released }) => released],
  own_success: ["int", ({ own }) => own.success],
  own_failed: ["int", ({ own }) => own.failed],
  own_skipped: ["int", ({ own }) => own.skipped],
  own_upstream_failed: ["int", ({ own }) => own.upstreamFailed],
  own_removed: ["int", ({ own }) => own.removed],
});
const CHANGEABLE = COUNTERS.names.split(", ").filter((name) => !INSTANCES.names.includes(name));

const SAVE: Statement = {
  name: "task_counter_save",
  text: `
insert into dagsmith.task_counter (${COUNTERS.names})
select * from ${COUNTERS.unnest}
on conflict (${INSTANCES.names}) do update
set ${CHANGEABLE.map((name) => `${name} = excluded.${name}`).join(", ")}`,
};

const DELETE: Statement = {
  name: "task_counter_delete",
  text: `
delete from dagsmith.task_counter
where run_id = $1 and task_id = any($2) and ${mapIndexIs("$3")}`,
};

/** The counts of the upstream instances of a task, as their columns have them. */
export interface UpstreamRow {
  upstream_total: number;
  upstream_success: number;
  upstream_failed: number;
  upstream_skipped: number;
  upstream_upstream_failed: number;
  upstream_removed: number;
}

/** How many upstream instances ended in each final state. */
export function upstreamEndsOf(row: UpstreamRow): Omit<UpstreamCounts, "total"> {
  return {
    success: row.upstream_success,
    failed: row.upstream_failed,
    skipped: row.upstream_skipped,
    upstreamFailed: row.upstream_upstream_failed,
    removed: row.upstream_removed,
  };
}

interface CounterRow extends UpstreamRow {
  run_id: number;
  task_id: string;
  map_index: number;
  setups: UpstreamCounts | null;
  in_scope: UpstreamCounts | null;
  decided: boolean;
  instances: number | null;
  released: number;
  own_success: number;
  own_failed: number;
  own_skipped: number;
  own_upstream_failed: number;
  own_removed: number;
}

/** The counters of these scopes that exist. */
export async function loadCounters(
  db: Queryable,
  scopes: readonly Scope[],
): Promise<readonly TaskCounter[]> {
  if (scopes.length === 0) return [];
  const rows = await db.query<CounterRow & Record<string, unknown>>(LOAD, INSTANCES.values(scopes));
  return rows.map(counterOf);
}

function counterOf(row: CounterRow): TaskCounter {
  return {
    runId: row.run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    upstreamTotal: row.upstream_total,
    upstream: upstreamEndsOf(row),
    setups: row.setups,
    inScope: row.in_scope,
    decided: row.decided,
    instances: row.instances,
    released: row.released,
    own: {
      success: row.own_success,
      failed: row.own_failed,
      skipped: row.own_skipped,
      upstreamFailed: row.own_upstream_failed,
      removed: row.own_removed,
    },
  };
}

/** Writes counters as they are now. Only for runs whose rows the transaction holds. */
export async function saveCounters(db: Queryable, counters: readonly TaskCounter[]): Promise<void> {
  if (counters.length === 0) return;
  await db.query(SAVE, COUNTERS.values(counters));
}

/**
 * Deletes the counters of tasks that start again.
 * @param mapIndex of their mapped group; null for all
 */
export async function deleteCounters(
  db: Queryable,
  runId: number,
  taskIds: readonly string[],
  mapIndex: number | null,
): Promise<void> {
  await db.query(DELETE, [runId, taskIds, mapIndex]);
}
