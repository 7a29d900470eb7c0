/**
 * The counts by which tasks are let run: one row for each task of a run that waits for others, is mapped or is part of a group as one; of what is
 * within a mapped group, one for each element.
 */
import type { Decisions, NewProgress, Progress, ProgressDelta } from "../../engine/store.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";

const CREATE: Statement = {
  name: "task_counter_create",
  text: `
insert into dagsmith.task_counter (run_id, task_id, map_index, upstream_total, instances, decided)
select *, instances is not null
from unnest($1::bigint[], $2::text[], $3::int[], $4::int[], $5::int[]) as v (run_id, task_id, map_index, upstream_total, instances)
on conflict (run_id, task_id, map_index) do update set run_id = excluded.run_id
returning *`,
};

const ADD: Statement = {
  name: "task_counter_add",
  text: `
update dagsmith.task_counter p
set upstream_total = p.upstream_total + d.upstream_total,
    upstream_success = p.upstream_success + d.upstream_success,
    upstream_failed = p.upstream_failed + d.upstream_failed,
    upstream_skipped = p.upstream_skipped + d.upstream_skipped,
    upstream_upstream_failed = p.upstream_upstream_failed + d.upstream_upstream_failed,
    upstream_removed = p.upstream_removed + d.upstream_removed,
    own_success = p.own_success + d.own_success,
    own_failed = p.own_failed + d.own_failed,
    own_skipped = p.own_skipped + d.own_skipped,
    own_upstream_failed = p.own_upstream_failed + d.own_upstream_failed,
    own_removed = p.own_removed + d.own_removed
from unnest($1::bigint[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[], $11::int[], $12::int[], $13::int[], $14::int[])
  as d (run_id, task_id, map_index, upstream_total, upstream_success, upstream_failed, upstream_skipped, upstream_upstream_failed, upstream_removed,
    own_success, own_failed, own_skipped, own_upstream_failed, own_removed)
where p.run_id = d.run_id and p.task_id = d.task_id and p.map_index = d.map_index
returning p.*`,
};

const DECIDE: Statement = {
  name: "task_counter_decide",
  text: `
update dagsmith.task_counter p
set decided = true, instances = coalesce(d.instances, p.instances), released = d.released
from unnest($1::bigint[], $2::text[], $3::int[], $4::int[], $5::int[]) as d (run_id, task_id, map_index, instances, released)
where p.run_id = d.run_id and p.task_id = d.task_id and p.map_index = d.map_index`,
};

/** Makes rows; those that are there already stay as they are. @returns all of them */
export async function createProgress(
  db: Queryable,
  rows: readonly NewProgress[],
): Promise<readonly Progress[]> {
  const made = await db.query<ProgressRow>(
    CREATE,
    columns(rows, (row) => [
      row.runId,
      row.taskId,
      row.mapIndex,
      row.upstreamTotal,
      row.instances ?? null,
    ]),
  );
  return made.map(progressOf);
}

interface ProgressRow {
  run_id: number;
  task_id: string;
  map_index: number;
  upstream_total: number;
  upstream_success: number;
  upstream_failed: number;
  upstream_skipped: number;
  upstream_upstream_failed: number;
  upstream_removed: number;
  decided: boolean;
  instances: number | null;
  released: number;
  own_success: number;
  own_failed: number;
  own_skipped: number;
  own_upstream_failed: number;
  own_removed: number;
}

/** Adds to the counts. @returns the rows as they are now */
export async function addProgress(
  db: Queryable,
  deltas: readonly ProgressDelta[],
): Promise<readonly Progress[]> {
  const rows = await db.query<ProgressRow>(
    ADD,
    columns(deltas, ({ runId, taskId, mapIndex, upstreamTotal, upstream, own }) => [
      ...[runId, taskId, mapIndex, upstreamTotal],
      ...[
        upstream.success,
        upstream.failed,
        upstream.skipped,
        upstream.upstreamFailed,
        upstream.removed,
      ],
      ...[own.success, own.failed, own.skipped, own.upstreamFailed, own.removed],
    ]),
  );
  return rows.map(progressOf);
}

function progressOf(row: ProgressRow): Progress {
  return {
    runId: row.run_id,
    taskId: row.task_id,
    mapIndex: row.map_index,
    upstreamTotal: row.upstream_total,
    upstream: {
      success: row.upstream_success,
      failed: row.upstream_failed,
      skipped: row.upstream_skipped,
      upstreamFailed: row.upstream_upstream_failed,
      removed: row.upstream_removed,
    },
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

export async function markDecided(db: Queryable, decided: Decisions["decided"]): Promise<void> {
  if (decided.length === 0) return;
  await db.query(
    DECIDE,
    columns(decided, (row) => [row.runId, row.taskId, row.mapIndex, row.instances, row.released]),
  );
}

const REPLACE: Statement = {
  name: "task_counter_replace",
  text: `
insert into dagsmith.task_counter (run_id, task_id, map_index, upstream_total, upstream_success, upstream_failed, upstream_skipped,
  upstream_upstream_failed, upstream_removed, decided, instances, released, own_success, own_failed, own_skipped, own_upstream_failed, own_removed)
select * from unnest($1::bigint[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::boolean[],
  $11::int[], $12::int[], $13::int[], $14::int[], $15::int[], $16::int[], $17::int[])
on conflict (run_id, task_id, map_index) do update set upstream_total = excluded.upstream_total, upstream_success = excluded.upstream_success,
  upstream_failed = excluded.upstream_failed, upstream_skipped = excluded.upstream_skipped,
  upstream_upstream_failed = excluded.upstream_upstream_failed, upstream_removed = excluded.upstream_removed, decided = excluded.decided, instances = excluded.instances,
  released = excluded.released, own_success = excluded.own_success, own_failed = excluded.own_failed, own_skipped = excluded.own_skipped,
  own_upstream_failed = excluded.own_upstream_failed, own_removed = excluded.own_removed`,
};

/** Writes counts that were made anew. */
export async function replaceProgress(db: Queryable, rows: readonly Progress[]): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    REPLACE,
    columns(
      rows,
      ({ runId, taskId, mapIndex, upstreamTotal, upstream, decided, instances, released, own }) => [
        ...[
          runId,
          taskId,
          mapIndex,
          upstreamTotal,
          upstream.success,
          upstream.failed,
          upstream.skipped,
          upstream.upstreamFailed,
        ],
        ...[
          upstream.removed,
          decided,
          instances,
          released,
          own.success,
          own.failed,
          own.skipped,
          own.upstreamFailed,
          own.removed,
        ],
      ],
    ),
  );
}

const FORGET: Statement = {
  name: "task_counter_forget",
  text: "delete from dagsmith.task_counter where run_id = $1 and task_id = any($2) and ($3::int is null or map_index = $3)",
};

/** Forgets the counts of tasks that begin again. @param mapIndex the element of their mapped group; null for all */
export async function forgetProgress(
  db: Queryable,
  runId: number,
  taskIds: readonly string[],
  mapIndex: number | null,
): Promise<void> {
  await db.query(FORGET, [runId, taskIds, mapIndex]);
}
