/**
 * The last version of a setting that was deleted. A setting of the same name that is made
 * later counts on from there: an editor who has read the old one must not change it.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table dagsmith.deleted_setting (
  kind text not null check (kind in ('connection', 'pool', 'variable')),
  id text not null,
  version int not null check (version > 0),
  primary key (kind, id)
)`);
}
