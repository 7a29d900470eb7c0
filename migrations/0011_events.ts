/**
 * Events: decisions about calls of webhooks that made no run, and ends of runs that are
 * kept for a DAG whose file is away.
 */
import type { Knex } from "knex";

const REFUSED_CALLS = `
alter table dagsmith.schedule_decision
  drop constraint schedule_decision_reason_check,
  add constraint schedule_decision_reason_check
    check (reason in ('catchup', 'paused', 'max_active_runs', 'when'));`;

// A file that is replaced can be away for seconds, and its DAG must miss no end
// meanwhile. After a day the DAG counts as gone for good. The same day is in the store,
// for assets.
const KEPT_ENDS = `
create or replace function dagsmith.record_run_end() returns trigger language plpgsql as $$
begin
  insert into dagsmith.run_end (dag_id, source, run_id, state)
  select l.dag_id, l.source, new.id, new.state from dagsmith.run_listener l
  join dagsmith.dag d on d.dag_id = l.dag_id and d.version_id = l.version_id
    and (d.removed_at is null or d.removed_at > now() - interval '1 day')
  where l.source_dag_id = new.dag_id and new.state = any(l.states);
  return null;
end $$;`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`${REFUSED_CALLS}${KEPT_ENDS}`);
}
