/**
 * Counts of the setups that a task needs, and of the tasks in the scope of a teardown.
 */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table dagsmith.task_counter
  -- Instances of the setups that the task needs, at any distance, and of a teardown those of
  -- the other tasks in its scope: {"total": 2, "success": 1, …}. Null for a task without any.
  add column setups json,
  add column in_scope json`);
}
