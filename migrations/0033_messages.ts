/** Messages of queues that start runs: the sources, and the messages that have a run. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- A source of messages that a version of the DAG declares, or declared.
create table dagsmith.message_source (
  dag_id text not null references dagsmith.dag on delete cascade,
  name text not null,
  -- Why its queue cannot be read now.
  error text,
  -- When its last message came.
  received_at timestamptz,
  -- How many messages made no run because they could not be read, and the last of them.
  unreadable bigint not null default 0,
  last_unreadable text,
  primary key (dag_id, name)
);

-- Messages that made a run, so that a message that is delivered again makes none.
create table dagsmith.message_delivery (
  dag_id text not null,
  name text not null,
  message_id text not null,
  run_id bigint not null references dagsmith.dag_run on delete cascade,
  primary key (dag_id, name, message_id),
  foreign key (dag_id, name) references dagsmith.message_source on delete cascade
);
create index message_delivery_run on dagsmith.message_delivery (run_id)`);
}
