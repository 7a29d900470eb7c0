/** The audit of one user, and of one kind of action; users who are disabled. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- The first word of an actor is the user.
create index audit_by_user on dagsmith.audit (split_part(actor, ' ', 1), id desc);
create index audit_by_action on dagsmith.audit (action, id desc);

-- Set: the user can neither log in nor use a token, and keeps roles and tokens.
alter table dagsmith.web_user add column disabled_at timestamptz;`);
}
