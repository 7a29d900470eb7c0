/** When steps begin: a step that runs, or that did not end, has a row, too. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.step
  -- Null for a step that an earlier version of dagsmith stored.
  add column started_at timestamptz,
  -- Null: the step runs, or its try ended before it. Later than now: the step sleeps.
  alter column finished_at drop not null,
  add constraint step_result_check check (finished_at is not null or result is null) not valid`);
}
