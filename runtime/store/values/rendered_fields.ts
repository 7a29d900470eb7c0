/** What tries really ran, for people: the rendered fields of each try. */
import type { Queryable, Statement } from "../database/database.ts";
import type { StepHolder } from "./step.ts";

export interface RenderedField {
  readonly name: string;
  /**
   * Masked, and cut at 20,000 characters. Values that are no text are indented JSON; above
   * 200,000 characters, a sentence that says their length.
   */
  readonly value: string;
  /** Length of the whole masked value. */
  readonly characters: number;
}

// Guarded by the try: a worker that was declared lost must not replace what the next try
// reports.
const PUT_HELD: Statement = {
  name: "rendered_fields_put_held",
  text: `
insert into dagsmith.rendered_fields (task_instance_id, try_number, fields)
select t.id, t.try_number, $4::json
from dagsmith.task_instance t
where t.id = $1 and t.try_number = $2 and t.worker_id = $3 and t.state = 'running'
for share of t
on conflict (task_instance_id, try_number) do update set fields = excluded.fields
returning 1 as written`,
};

/** Replaces the fields of a running try. @returns false when the worker has lost the try */
export async function putHeldRendered(
  db: Queryable,
  fields: readonly RenderedField[],
  { instanceId, tryNumber, workerId }: StepHolder,
): Promise<boolean> {
  const values = [instanceId, tryNumber, workerId, JSON.stringify(fields)];
  return (await db.query(PUT_HELD, values)).length > 0;
}
