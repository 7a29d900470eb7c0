/** How far a collector has all runs, also those of transactions that took long. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.report_sink
  alter column position set default now() - interval '1 minute',
  -- Every transaction that began before is over, or in open_then.
  add column looked_at timestamptz not null default now() - interval '1 minute',
  -- The virtual ids of the transactions that were open at the last look.
  add column open_then text[] not null default '{}';

-- Until now a look went back by a minute from the position.
update dagsmith.report_sink
set position = position - interval '1 minute', looked_at = position - interval '1 minute'`);
}
