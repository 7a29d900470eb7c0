/**
 * Limits: pools, who holds or waits for a place under them, starts counted against a rate; and which queues a worker serves. A place is
 * never a number that is counted up and down: it is a row beside its instance, and counts only while the instance is queued or running.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.pool (
  name text primary key check (name ~ '^[A-Za-z0-9_.-]{1,100}$'),
  -- -1: no limit; 0: closed.
  slots integer not null check (slots between -1 and 1000000),
  description text not null default '' check (length(description) <= 1000),
  updated_at timestamptz not null default now()
);

-- One row for an instance with limits, while it waits for its places (admitted_at null) and from then on until somebody looks again.
create table dagsmith.task_place (
  instance_id bigint primary key references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  -- What it needs, as JSON: [name, slots, limit, per ms] for each limit. Instances with the same text wait in one line.
  claims text collate "C" not null check (octet_length(claims) between 3 and 2500),
  weight integer not null,
  logical_date timestamptz,
  map_index integer not null,
  queue text,
  not_before timestamptz not null default now(),
  admitted_at timestamptz
) with (fillfactor = 70);
create index task_place_waiting on dagsmith.task_place (claims, weight desc, logical_date, map_index, instance_id) where admitted_at is null;
create index task_place_held on dagsmith.task_place (claims) where admitted_at is not null;

-- A start, or what will be one: counted while its instance is queued at this try, and from its start on until its window has passed.
create table dagsmith.rate_start (
  id bigint generated always as identity primary key,
  name text collate "C" not null,
  instance_id bigint not null references dagsmith.task_instance on delete cascade,
  try_number integer not null,
  per_ms bigint not null check (per_ms > 0)
);
create index rate_start_name on dagsmith.rate_start (name);
create index rate_start_instance on dagsmith.rate_start (instance_id);

alter table dagsmith.worker add column queues text[] not null default '{default}' check (cardinality(queues) > 0);
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.worker drop column queues;
drop table dagsmith.rate_start, dagsmith.task_place, dagsmith.pool;
`);
}
