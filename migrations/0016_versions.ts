/**
 * How often a connection, a variable or a pool was changed: an editor sends the version
 * that was read, so that a change of another editor in between is not overwritten.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  for (const table of ["connection", "variable", "pool"])
    await knex.raw(
      `alter table dagsmith.${table} add column version int not null default 1 check (version > 0)`,
    );
}
