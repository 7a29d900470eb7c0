/** Which runs a collector of traces or lineage has got, so that it gets each of them. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- A collector. One scheduler at a time sends to it.
create table dagsmith.report_sink (
  name text primary key check (name in ('traces', 'lineage')),
  -- The scheduler that sends, until the lease ends.
  holder text not null,
  leased_until timestamptz not null,
  -- Of the runs that ended before, all were sent.
  position timestamptz not null default now()
);

-- A run that was sent, until the position has passed it for good. Without a reference to
-- dag_run: a deleted run must not cost a search here.
create table dagsmith.run_report (
  sink text not null references dagsmith.report_sink on delete cascade,
  run_id bigint not null,
  generation integer not null,
  sent_at timestamptz not null default now(),
  primary key (sink, run_id, generation)
);
create index run_report_sent on dagsmith.run_report (sink, sent_at);
`);
}
