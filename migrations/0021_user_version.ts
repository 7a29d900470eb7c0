/**
 * How often the roles of a user were changed: an editor sends the version that was read,
 * as for connections, variables and pools.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    "alter table dagsmith.web_user add column version int not null default 1 check (version > 0)",
  );
}
