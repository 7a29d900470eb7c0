/** What retention needs: the oldest rows of each kind, and what still names a row. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.dag_run
  -- Since when retention deletes the run, which takes several transactions. No action and
  -- no later decision sees such a run. Null: the run stays.
  add column deleting_since timestamptz,
  add check (deleting_since is null or finished_at is not null);

-- The runs that retention deletes next, and those that it has begun to delete.
create index dag_run_finished on dagsmith.dag_run (finished_at, id)
  where finished_at is not null;
create index dag_run_deleting on dagsmith.dag_run (id) where deleting_since is not null;
-- The oldest decisions.
create index schedule_decision_oldest on dagsmith.schedule_decision (decided_at);

-- Which versions, bundles, backfills and updates are still needed. Without these indexes,
-- deleting one row would read a table.
create index dag_run_version on dagsmith.dag_run (version_id);
create index dag_run_of_backfill on dagsmith.dag_run (backfill_id)
  where backfill_id is not null;
create index dag_version_bundle on dagsmith.dag_version (bundle_hash);
create index asset_queue_event on dagsmith.asset_queue (event_id);

-- How far retention has come with a kind of history whose runs stay: everything of runs
-- that finished before this time is deleted.
create table dagsmith.retention_progress (
  kind text primary key check (kind in ('logs')),
  done_until timestamptz not null
)`);
}
