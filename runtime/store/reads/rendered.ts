/** The rendered fields of tries, for the page and the API. */
import type { Queryable, Statement } from "../database/database.ts";
import type { RenderedField } from "../values/rendered_fields.ts";

/** One instance at one of its tries. */
export interface RenderedQuery {
  readonly id: number;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  /** Null: the current try. */
  readonly tryNumber: number | null;
}

const READ: Statement = {
  name: "rendered_fields_read",
  text: `
select r.fields
from dagsmith.task_instance t
join dagsmith.rendered_fields r
  on r.task_instance_id = t.id and r.try_number = coalesce($4, t.try_number)
where t.run_id = $1 and t.task_id = $2 and t.map_index = $3`,
};

/** The fields in the order in which the task reported them; empty for none. */
export async function renderedFields(
  db: Queryable,
  { id, taskId, mapIndex, tryNumber }: RenderedQuery,
): Promise<readonly RenderedField[]> {
  const values = [id, taskId, mapIndex, tryNumber];
  const [row] = await db.query<{ fields: readonly RenderedField[] }>(READ, values);
  return row?.fields ?? [];
}
