/** The runs of a DAG by the time when they were due, for its calendar. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw("create index dag_run_due on dagsmith.dag_run (dag_id, run_after)");
}
