/** Sources that listen to the ends of runs of any DAG, by state and tag. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.run_listener
  -- Of a listener to any DAG, whose source_dag_id is '*'. No tags: all DAGs.
  add column tags text[] not null default '{}',
  add column exclude text[] not null default '{}';

create or replace function dagsmith.record_run_end() returns trigger language plpgsql as $$
begin
  insert into dagsmith.run_end (dag_id, source, run_id, state)
  select l.dag_id, l.source, new.id, new.state from dagsmith.run_listener l
  join dagsmith.dag d on d.dag_id = l.dag_id and d.version_id = l.version_id
    and (d.removed_at is null or d.removed_at > now() - interval '1 day')
  where l.source_dag_id in (new.dag_id, '*') and new.state = any(l.states)
    and (l.source_dag_id <> '*' or (
      l.dag_id <> new.dag_id and new.dag_id <> all(l.exclude)
      and (l.tags = '{}' or exists (
        select from dagsmith.dag_version v, json_array_elements_text(v.spec -> 'tags') as of (tag)
        where v.id = new.version_id and of.tag = any(l.tags)))));
  return null;
end $$`);
}
